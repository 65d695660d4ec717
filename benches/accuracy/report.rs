//! What is printed, and what is kept beside each workload.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use anyhow::{Context, Result};

use crate::cells::{Cell, workloads};
use crate::ledger::{About, Measured};

/// The measurements as a table, one line per cell.
pub fn table(measured: &[Measured]) -> String {
    let mut text = heading();
    for m in measured {
        let _ = writeln!(text, "{}", line(m));
    }
    text
}

fn heading() -> String {
    format!("{:<44} {:>8} {:>8} {:>7} {:>9}\n", "cell", "median", "upper", "spread", "p95 ms")
}

fn line(m: &Measured) -> String {
    let p95 = m.p95_ms.map_or_else(|| "-".to_owned(), |p| format!("{p:.2}"));
    let calm = if m.tps.calm { ' ' } else { '*' };
    format!(
        "{:<44} {:>8.0} {:>8.0} {:>6.1}%{calm}{:>9}",
        name(&m.cell),
        m.tps.median,
        m.tps.upper_quartile,
        100.0 * m.tps.spread,
        p95
    )
}

/// A cell in few words; what is as usual is left out.
fn name(cell: &Cell) -> String {
    let mut name = format!("{} scale {} clients {}", cell.workload, cell.scale, cell.clients);
    if cell.protocol != "prepared" {
        let _ = write!(name, " {}", cell.protocol);
    }
    if cell.synchronous_commit != "on" {
        let _ = write!(name, " commit {}", cell.synchronous_commit);
    }
    name
}

/// Writes `measured.csv` beside each workload: what the workload file describes, over clients.
pub fn record(about: &About, measured: &[Measured]) -> Result<()> {
    let mut files: BTreeMap<&str, String> = BTreeMap::new();
    for m in measured.iter().filter(|m| as_written(&m.cell)) {
        let text = files.entry(&m.cell.workload).or_insert_with(|| {
            let mut head = String::new();
            for (key, value) in about {
                let _ = writeln!(head, "# {key}: {value}");
            }
            head + "clients,tps,tps_upper_quartile,tps_spread,repetitions,latency_ms,p50_ms,p95_ms,p99_ms\n"
        });
        let optional = |x: Option<f64>| x.map_or_else(String::new, |x| format!("{x:.3}"));
        let _ = writeln!(
            text,
            "{},{:.1},{:.1},{:.3},{},{:.3},{},{},{}",
            m.cell.clients,
            m.tps.median,
            m.tps.upper_quartile,
            m.tps.spread,
            m.tps.repetitions,
            m.latency_ms,
            optional(m.p50_ms),
            optional(m.p95_ms),
            optional(m.p99_ms)
        );
    }
    for (workload, text) in files {
        let path = workloads().join(workload).join("measured.csv");
        fs::write(&path, text).with_context(|| format!("failed to write {}", path.display()))?;
    }
    Ok(())
}

/// Whether a cell is what its workload file describes, but for the number of clients.
fn as_written(cell: &Cell) -> bool {
    let scale = if cell.has_pgbench_tables() { 50 } else { 1 };
    *cell == Cell { scale, ..Cell::new(&cell.workload, scale, cell.clients) }
}
