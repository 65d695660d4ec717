//! The forecasting side: the same cells, by the library alone.

use std::path::Path;

use anyhow::{Result, anyhow};
use predict::forecast::{self, Forecast, Sources};
use predict::queueing::simulation::Options;
use serde::Serialize;

use crate::cells::Cell;
use crate::ledger::Measured;

/// A measured cell with its forecast.
#[derive(Debug)]
pub struct Compared<'a> {
    pub measured: &'a Measured,
    pub forecast: Forecast,
}

impl Compared<'_> {
    /// Relative error of the forecast throughput.
    pub fn error(&self) -> f64 {
        self.forecast.tps.mean / self.measured.tps.best() - 1.0
    }

    /// Whether the forecast's interval holds what was measured.
    pub fn is_inside(&self) -> bool {
        let best = self.measured.tps.best();
        self.forecast.tps.low <= best && best <= self.forecast.tps.high
    }
}

/// Transactions that are simulated at most; throughput is then known within a per cent.
const SIMULATED: u64 = 100_000;

/// Forecasts every measured cell on a machine, by the formulas or by simulation.
pub fn compare<'a>(measured: &'a [Measured], machine: &Path, simulate: bool) -> Result<Vec<Compared<'a>>> {
    let one = |m: &'a Measured| {
        let sources = Sources {
            workload: m.cell.folder().join("workload.yaml"),
            schema: None,
            machine: Some(machine.to_path_buf()),
            set: settings(&m.cell),
            clients: Some(u64::from(m.cell.clients)),
        };
        let run = Options { most_transactions: SIMULATED, ..Options::default() };
        let forecast = forecast::load(&sources).and_then(|inputs| match simulate {
            true => forecast::simulated::simulate(&inputs, &run, &mut |_| {}),
            false => forecast::run(&inputs),
        });
        // The error's own place and suggestion are for people at the command line; its words do here.
        let forecast = forecast.map_err(|e| anyhow!("failed to forecast {:?}: {e}", m.cell))?;
        Ok(Compared { measured: m, forecast })
    };
    measured.iter().map(one).collect()
}

/// A line of the file of forecasts.
#[derive(Serialize)]
struct Line<'a> {
    workload: &'a str,
    scale: u32,
    protocol: &'a str,
    synchronous_commit: &'a str,
    clients: u32,
    tps: f64,
    tps_low: f64,
    tps_high: f64,
    latency_mean_ms: Option<f64>,
    p95_ms: Option<f64>,
    bottleneck: &'a str,
}

/// Writes the forecasts to a file, apart from the measurements.
pub fn write(path: &Path, compared: &[Compared]) -> Result<()> {
    let mut csv = csv::Writer::from_path(path)?;
    for c in compared {
        let (cell, f) = (&c.measured.cell, &c.forecast);
        csv.serialize(Line {
            workload: &cell.workload,
            scale: cell.scale,
            protocol: &cell.protocol,
            synchronous_commit: &cell.synchronous_commit,
            clients: cell.clients,
            tps: f.tps.mean,
            tps_low: f.tps.low,
            tps_high: f.tps.high,
            latency_mean_ms: f.latency_ms.map(|l| l.mean),
            p95_ms: f.latency_ms.map(|l| l.p95),
            bottleneck: &f.bottleneck.station,
        })?;
    }
    csv.flush()?;
    Ok(())
}

/// The `--set` arguments that turn the workload file, written for scale 50, into this cell.
fn settings(cell: &Cell) -> Vec<(String, String)> {
    let mut set = vec![
        ("workload.protocol".to_owned(), cell.protocol.clone()),
        ("machine.postgresql.synchronous_commit".to_owned(), cell.synchronous_commit.clone()),
    ];
    if cell.has_pgbench_tables() && cell.scale != 50 {
        set.extend(scaled(cell));
    }
    set
}

/// Rows and variables of pgbench's tables at this scale.
fn scaled(cell: &Cell) -> Vec<(String, String)> {
    let (accounts, tellers, branches) = (100_000 * cell.scale, 10 * cell.scale, cell.scale);
    let mut tables = vec![("pgbench_accounts", accounts)];
    let mut variables = vec![("aid", accounts)];
    if cell.workload == "tpcb-like" {
        tables.extend([("pgbench_tellers", tellers), ("pgbench_branches", branches)]);
    }
    if cell.workload == "tpcb-like" || cell.workload == "simple-update" {
        variables.extend([("bid", branches), ("tid", tellers)]);
    }
    let rows = tables.into_iter().map(|(t, n)| (format!("workload.tables.{t}.rows"), n.to_string()));
    let ranges = variables
        .into_iter()
        .map(|(v, n)| (format!("workload.transactions[0].variables.{v}.random"), format!("[1, {n}]")));
    rows.chain(ranges).collect()
}
