//! What a forecast says: one plain struct, every field with its unit. This is the JSON form.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// Version of the JSON form.
pub const SCHEMA_VERSION: u32 = 1;

/// A forecast.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Forecast {
    /// Always [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// The workload's name.
    pub workload: String,
    /// Clients of a closed load; null under open load.
    pub clients: Option<u64>,
    /// Arrivals per second of an open load; null under closed load.
    pub rate: Option<f64>,
    /// Version of the model that made it.
    pub model_version: String,
    /// What went in.
    pub inputs: InputHashes,
    /// On which machine.
    pub machine: MachineSummary,
    /// Committed transactions per second.
    pub tps: Interval,
    /// Latency of all transactions together, ms; null when overloaded.
    pub latency_ms: Option<Latency>,
    /// By transaction type.
    pub transactions: Vec<TransactionForecast>,
    /// By station.
    pub stations: Vec<StationForecast>,
    /// What limits.
    pub bottleneck: Bottleneck,
    /// What can never be passed.
    pub bounds: Bounds,
    /// Averages per transaction.
    pub per_transaction: PerTransaction,
    /// What made the interval as wide as it is, largest part first.
    pub interval_parts: Vec<IntervalPart>,
    /// What the user should know.
    pub warnings: Vec<ForecastWarning>,
    /// How it was simulated; only `predict simulate` has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub simulation: Option<SimulationSummary>,
}

/// How a forecast was simulated.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SimulationSummary {
    /// Committed transactions after the warm-up.
    pub transactions: u64,
    /// Events, warm-up included.
    pub events: u64,
    /// Seed of the random numbers.
    pub seed: u64,
    /// Simulated time before anything was counted, seconds.
    pub warmup_s: f64,
    /// Simulated time that was counted, seconds.
    pub duration_s: f64,
    /// Half width of the wider confidence interval of throughput and mean latency, relative.
    pub precision: f64,
    /// Why it stopped: `precise`, `transactions`, `events` or `idle`.
    pub stopped: String,
    /// Deadlocks per second.
    pub deadlocks_per_s: f64,
}

/// Hashes of the inputs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct InputHashes {
    /// `sha256:...` of the schema file.
    pub schema: String,
    /// `sha256:...` of the workload file.
    pub workload: String,
    /// `sha256:...` of the machine file; of the built-in machine's text when there is none.
    pub machine: String,
    /// What `--set` (and `-c`) changed, key to value.
    pub set: BTreeMap<String, String>,
}

/// The machine of a forecast.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MachineSummary {
    /// Its name.
    pub name: String,
    /// Whether its coefficients were fitted there.
    pub calibrated: bool,
}

/// A number with an interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// The forecast.
    pub mean: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Probability that a measured value falls inside.
    pub confidence: f64,
}

/// Latency, in ms.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Latency {
    /// Mean.
    pub mean: f64,
    /// Median.
    pub p50: f64,
    /// 95th percentile.
    pub p95: f64,
    /// 99th percentile.
    pub p99: f64,
}

/// One transaction type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TransactionForecast {
    /// Its name.
    pub name: String,
    /// Committed per second.
    pub tps: f64,
    /// Latency, ms; null when overloaded.
    pub latency_ms: Option<Latency>,
    /// Aborts per second (serialization failures and deadlocks).
    pub aborts_per_s: f64,
}

/// One station.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StationForecast {
    /// Its name: one of the contract's station names.
    pub name: String,
    /// Servers; null where the notion does not apply (delays).
    pub servers: Option<f64>,
    /// Utilization of each server, 0..1; null for delays.
    pub utilization: Option<f64>,
    /// Time a transaction needs there without waiting, ms.
    pub demand_ms: f64,
    /// Time a transaction spends there, waiting included, ms.
    pub residence_ms: f64,
    /// Transactions there, on average.
    pub queue_length: f64,
    /// Its share of the mean latency, 0..1; think time has none.
    pub share_of_latency: f64,
}

/// What limits throughput.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Bottleneck {
    /// The station whose relief raises TPS most.
    pub station: String,
    /// Its utilization; null for delays.
    pub utilization: Option<f64>,
    /// One sentence.
    pub why: String,
    /// The station that limits after it; null when nothing else does.
    pub next: Option<String>,
    /// TPS with the bottleneck relieved.
    pub tps_if_relieved: f64,
}

/// Bounds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bounds {
    /// TPS that no number of clients passes.
    pub max_tps: f64,
    /// Clients at which the asymptotes meet.
    pub saturation_clients: f64,
}

/// Averages per transaction.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PerTransaction {
    /// WAL, bytes, commit record and full-page images included.
    pub wal_bytes: f64,
    /// Buffer accesses found in shared_buffers.
    pub pages_hit: f64,
    /// Buffer accesses that were not.
    pub pages_read: f64,
    /// Round trips between client and server.
    pub round_trips: f64,
}

/// One reason for the width of the interval.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IntervalPart {
    /// What it is, in words.
    pub reason: String,
    /// Relative standard deviation of TPS that it adds.
    pub relative_sd: f64,
}

/// A warning, as JSON shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForecastWarning {
    /// Stable name.
    pub code: String,
    /// What happened and what to do.
    pub message: String,
    /// `file:line:column`, or null.
    pub location: Option<String>,
}

impl fmt::Display for ForecastWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(location) = &self.location {
            write!(f, "{location}: ")?;
        }
        write!(f, "{} [{}]", self.message, self.code)
    }
}
