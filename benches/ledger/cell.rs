//! What was measured, and its forecast.

use std::path::Path;

use anyhow::{Context, Result, anyhow};
use predict::forecast::{self, Forecast, Sources};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::machine_file;
use crate::regimes::{Regime, Workload};

/// One measured cell; a line of the CSV file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The regime's name.
    pub regime: String,
    /// When, by the clock of the machine.
    pub date: String,
    /// Major version of PostgreSQL.
    pub postgresql: u32,
    /// A folder of `workloads/`.
    pub workload: String,
    /// Changes to its file, `;` between them.
    pub set: String,
    /// Clients.
    pub clients: u64,
    /// Committed transactions per second.
    pub tps: f64,
    /// Distance of the quartiles over the repetitions, relative.
    pub tps_spread: f64,
    /// Mean latency, ms.
    pub latency_ms: Option<f64>,
    /// 95th percentile of latency, ms.
    pub p95_ms: Option<f64>,
    /// Share of the server's cores in use.
    pub server_cpu: Option<f64>,
    /// Share of one core that the load used.
    pub client_cpu: Option<f64>,
    /// What limited, by CPU use and wait events; `unclear` when nothing stands out.
    pub bottleneck: String,
}

impl Row {
    /// The keys changed, as `--set` takes them.
    pub fn set(&self) -> Vec<(String, String)> {
        let pair = |text: &str| text.split_once('=').map(|(k, v)| (k.to_owned(), v.to_owned()));
        self.set.split(';').filter_map(pair).collect()
    }
}

/// The cells of what `predict validate --format json` wrote.
pub fn of_validation(regime: &Regime, workload: &Workload, text: &str) -> Result<Vec<Row>> {
    let validation: Value = serde_json::from_str(text).context("validate wrote no JSON")?;
    let date = std::process::Command::new("date").args(["-u", "+%Y-%m-%d %H:%M"]).output()?;
    let date = String::from_utf8_lossy(&date.stdout).trim().to_owned();
    let cells = validation["cells"].as_array().context("validate wrote no cells")?;
    let row = |cell: &Value| {
        let measured = &cell["measured"];
        Ok(Row {
            regime: regime.name.to_owned(),
            date: date.clone(),
            postgresql: u32::try_from(validation["server_version"].as_u64().unwrap_or(0))?,
            workload: workload.folder.to_owned(),
            set: workload.set.join(";"),
            clients: cell["clients"].as_u64().context("a cell without clients")?,
            tps: measured["tps"].as_f64().context("a cell without tps")?,
            tps_spread: measured["tps_spread"].as_f64().unwrap_or(0.0),
            latency_ms: measured["latency_ms"]["mean"].as_f64(),
            p95_ms: measured["latency_ms"]["p95"].as_f64(),
            server_cpu: measured["server_cpu"].as_f64(),
            client_cpu: measured["client_cpu"].as_f64(),
            bottleneck: measured["bottleneck"].as_str().unwrap_or("unclear").to_owned(),
        })
    };
    cells.iter().map(row).collect()
}

/// Reads the CSV file.
pub fn read(file: &Path) -> Result<Vec<Row>> {
    let mut reader = csv::Reader::from_path(file).with_context(|| format!("failed to read {}", file.display()))?;
    reader.deserialize().map(|row| row.with_context(|| format!("failed to read {}", file.display()))).collect()
}

/// Writes the CSV file.
pub fn write(file: &Path, rows: &[Row]) -> Result<()> {
    let mut writer = csv::Writer::from_path(file).with_context(|| format!("failed to write {}", file.display()))?;
    for row in rows {
        writer.serialize(row)?;
    }
    Ok(writer.flush()?)
}

/// Forecasts of all rows on the machines of their regimes, with further keys changed.
pub fn forecast(rows: &[Row], set: &[(String, String)]) -> Result<Vec<Forecast>> {
    let one = |row: &Row| {
        let sources = Sources {
            workload: Path::new(env!("CARGO_MANIFEST_DIR")).join("workloads").join(&row.workload).join("workload.yaml"),
            schema: None,
            machine: Some(machine_file(&row.regime)),
            set: row.set().into_iter().chain(set.iter().cloned()).collect(),
            clients: Some(row.clients),
        };
        let forecast = forecast::load(&sources).and_then(|inputs| forecast::run(&inputs));
        forecast.map_err(|e| anyhow!("failed to forecast {} {}: {e}", row.regime, row.workload))
    };
    rows.iter().map(one).collect()
}
