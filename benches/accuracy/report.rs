//! What is printed, and what is kept beside each workload.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use anyhow::{Context, Result};
use predict::live::measure::quantile;

use crate::cells::{Cell, workloads};
use crate::forecasting::Compared;
use crate::ledger::{About, Measured};

/// Cells whose repetitions lie further apart than this say little about a forecast.
pub const NOISY: f64 = 0.2;

/// Forecast beside measured, one line per cell, and what they say together.
pub fn table(compared: &[Compared]) -> String {
    let mut text = format!(
        "{:<46} {:>8} {:>7}  {:>8} {:>7} {:>17}  {:>8} {:>8}  bottleneck\n",
        "cell", "measured", "spread", "forecast", "error", "90 % interval", "p95 ms", "forecast"
    );
    for c in compared {
        let _ = writeln!(text, "{}", line(c));
    }
    text.push_str("\n* other CPUs were busy; the upper quartile is taken instead of the median\n\n");
    text.push_str(&summary(compared));
    text
}

fn line(c: &Compared) -> String {
    let (m, f) = (c.measured, &c.forecast);
    let ms = |x: Option<f64>| x.map_or_else(|| "-".to_owned(), |x| format!("{x:.2}"));
    format!(
        "{:<46} {:>8.0} {:>6.1}%{} {:>8.0} {:>+6.1}% {:>8.0} {:>8.0}{} {:>8} {:>8}  {}",
        name(&m.cell),
        m.tps.best(),
        100.0 * m.tps.spread,
        if m.tps.calm { ' ' } else { '*' },
        f.tps.mean,
        100.0 * c.error(),
        f.tps.low,
        f.tps.high,
        if c.is_inside() { ' ' } else { '!' },
        ms(m.p95_ms),
        ms(f.latency_ms.map(|l| l.p95)),
        f.bottleneck.station
    )
}

/// Errors by workload and over all, noisy cells left out.
fn summary(compared: &[Compared]) -> String {
    let mut groups: BTreeMap<String, Vec<&Compared>> = BTreeMap::new();
    for c in compared.iter().filter(|c| c.measured.tps.spread < NOISY) {
        let cell = &c.measured.cell;
        groups.entry(format!("{} scale {}", cell.workload, cell.scale)).or_default().push(c);
        groups.entry("~ all".to_owned()).or_default().push(c);
    }
    let mut text = format!(
        "cells with a spread below {:.0} %:\n{:<30} {:>5} {:>13} {:>15} {:>14} {:>11}\n",
        100.0 * NOISY,
        "",
        "cells",
        "median error",
        "90th percentile",
        "median spread",
        "in interval"
    );
    for (name, cells) in &groups {
        let sorted = |value: &dyn Fn(&&Compared) -> f64| {
            let mut values: Vec<f64> = cells.iter().map(value).collect();
            values.sort_by(f64::total_cmp);
            values
        };
        let errors = sorted(&|c| c.error().abs());
        let spreads = sorted(&|c| c.measured.tps.spread);
        let percent = |values: &[f64], q| 100.0 * quantile(values, q).unwrap_or(0.0);
        let inside = cells.iter().filter(|c| c.is_inside()).count();
        let _ = writeln!(
            text,
            "{:<30} {:>5} {:>12.1}% {:>14.1}% {:>13.1}% {:>8}/{}",
            name.trim_start_matches("~ "),
            cells.len(),
            percent(&errors, 0.5),
            percent(&errors, 0.9),
            percent(&spreads, 0.5),
            inside,
            cells.len()
        );
    }
    text
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
