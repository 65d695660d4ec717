//! What a validation says: plain structs, which are also the JSON form.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::forecast::{Forecast, ForecastWarning, Latency};

/// A forecast beside what was measured.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Validation {
    /// The workload's name.
    pub workload: String,
    /// Major version of the server.
    pub server_version: u32,
    /// What the scratch database was filled with.
    pub fill: Fill,
    /// Seconds of one run.
    pub seconds: u32,
    /// Rounds over all cells.
    pub rounds: usize,
    /// One per number of clients.
    pub cells: Vec<Cell>,
    /// Median size of the error of TPS, relative.
    pub median_error: f64,
    /// What nine in ten errors of TPS do not pass, relative.
    pub p90_error: f64,
    /// Median over the cells of how much repetitions differ, relative.
    pub noise: f64,
    /// What the user should know.
    pub warnings: Vec<ForecastWarning>,
}

/// How the scratch database was filled.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Fill {
    /// Tables that got rows.
    pub tables: usize,
    /// Their rows.
    pub rows: u64,
    /// Seconds it took.
    pub seconds: f64,
}

/// One load.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Cell {
    /// Clients of a closed load; null under open load.
    pub clients: Option<u64>,
    /// Arrivals per second of an open load; null under closed load.
    pub rate: Option<f64>,
    /// What was measured.
    pub measured: Measured,
    /// What was forecast.
    pub forecast: Forecast,
    /// Forecast TPS over measured, less one.
    pub error: f64,
    /// Where the difference comes from.
    pub difference: Difference,
}

/// What was measured.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Measured {
    /// Committed transactions per second.
    pub tps: f64,
    /// Distance of the quartiles over the repetitions, relative to the median.
    pub tps_spread: f64,
    /// Every repetition.
    pub repetitions: Vec<f64>,
    /// Latency without think time, ms; null when nothing was logged.
    pub latency_ms: Option<Latency>,
    /// By transaction type.
    pub transactions: Vec<MeasuredTransaction>,
    /// Share of transactions that failed, 0..1.
    pub failed: f64,
    /// Share of transactions that were repeated, 0..1.
    pub retried: f64,
    /// Share of its cores that the server used, 0..1; null when it cannot be seen from here.
    pub server_cpu: Option<f64>,
    /// Share of one core that the load generator used, 0..1.
    pub client_cpu: Option<f64>,
    /// What limited, by the contract's names of stations; `unclear` when nothing stands out.
    pub bottleneck: String,
    /// Sessions by wait event, on average.
    pub waits: BTreeMap<String, f64>,
    /// Averages per transaction.
    pub per_transaction: PerTransaction,
}

/// One transaction type as measured.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MeasuredTransaction {
    /// Its name.
    pub name: String,
    /// Committed per second.
    pub tps: f64,
    /// Mean latency without think time, ms.
    pub latency_ms: f64,
}

/// Averages per transaction as measured; null where they cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct PerTransaction {
    /// Server CPU, background processes included, ms.
    pub server_cpu_ms: Option<f64>,
    /// Client CPU, ms.
    pub client_cpu_ms: Option<f64>,
    /// WAL of the whole server, bytes.
    pub wal_bytes: f64,
    /// Full-page images in it.
    pub full_page_images: Option<f64>,
    /// WAL flushes of the whole server.
    pub flushes: Option<f64>,
    /// Pages found in shared_buffers.
    pub pages_hit: f64,
    /// Pages that were not.
    pub pages_read: f64,
}

/// Where a difference comes from.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    /// One sentence.
    pub text: String,
    /// The place that adds most to it; null when there is none worth explaining.
    pub largest: Option<String>,
    /// Time of a transaction at each place, think time included: the sum is clients / TPS.
    pub times_ms: Vec<Compared>,
    /// Demands per transaction.
    pub demands: Vec<Compared>,
}

/// A number forecast and measured.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Compared {
    /// Of what, with its unit.
    pub what: String,
    /// As forecast; null when the model has no such number.
    pub forecast: Option<f64>,
    /// As measured; null when it could not be.
    pub measured: Option<f64>,
}
