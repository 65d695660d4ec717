//! The same cells with one of each workload given as `observed`: how true are the ratios to it?

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Result, anyhow};
use predict::forecast::{self, Sources};

use crate::cell::Row;
use crate::machine_file;
use crate::report::quantiles;

/// A table of the cells that are not the observed one. Workloads whose file was changed for the measurement are left
/// out: what is observed describes a file as written.
pub fn table(rows: &[Row]) -> Result<String> {
    let mut text = String::from(
        "\n## Anchored\n\nOne cell of each workload is given as `observed`; the others are forecast from it.\n\n\
         | regime | workload | observed at | clients | measured ratio | forecast ratio | error |\n\
         |---|---|--:|--:|--:|--:|--:|\n",
    );
    let mut errors = Vec::new();
    for (at, row) in rows.iter().enumerate() {
        let same = |r: &&Row| r.regime == row.regime && r.workload == row.workload && r.set == row.set;
        let Some(observed) = rows.iter().find(same) else { continue };
        if std::ptr::eq(observed, &rows[at]) || !row.set.is_empty() {
            continue;
        }
        let ratio = forecast_from(observed, row.clients)? / observed.tps;
        let measured = row.tps / observed.tps;
        errors.push(ratio / measured - 1.0);
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {measured:.2} | {ratio:.2} | {:+.0} % |",
            row.regime,
            row.workload,
            observed.clients,
            row.clients,
            100.0 * (ratio / measured - 1.0)
        );
    }
    if let Some((median, tail)) = quantiles(errors.iter().copied()) {
        let _ = writeln!(
            text,
            "\n{} ratios: median error {:.1} %, 90th percentile {:.1} %.",
            errors.len(),
            100.0 * median,
            100.0 * tail
        );
    }
    Ok(text)
}

/// TPS at so many clients of the workload of `observed`, anchored to it.
fn forecast_from(observed: &Row, clients: u64) -> Result<f64> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("workloads").join(&observed.workload);
    let copy = tempfile::tempdir()?;
    for entry in fs::read_dir(&folder)?.flatten().filter(|e| e.path().is_file()) {
        fs::copy(entry.path(), copy.path().join(entry.file_name()))?;
    }
    let file = copy.path().join("workload.yaml");
    let mut text = fs::read_to_string(&file)?;
    let _ = writeln!(text, "observed:\n  - {{clients: {}, tps: {}}}", observed.clients, observed.tps);
    fs::write(&file, text)?;
    let sources = Sources {
        workload: file,
        schema: None,
        machine: Some(machine_file(&observed.regime)),
        set: Vec::new(),
        clients: Some(clients),
    };
    let forecast = forecast::load(&sources).and_then(|inputs| forecast::run(&inputs));
    Ok(forecast.map_err(|e| anyhow!("failed to forecast {}: {e}", observed.workload))?.tps.mean)
}
