//! A made-up forecast for tests of what is done with forecasts; its numbers are those of a closed
//! network that obeys Little's law, but no model made them.

use std::collections::BTreeMap;

use super::*;

/// 16 clients, 897 TPS, bound by WAL flushes.
pub fn forecast() -> Forecast {
    let station = |name: &str, servers, utilization, demand_ms, residence_ms: f64, share| StationForecast {
        name: name.into(),
        servers,
        utilization,
        demand_ms,
        residence_ms,
        queue_length: 0.897 * residence_ms,
        share_of_latency: share,
    };
    Forecast {
        schema_version: SCHEMA_VERSION,
        workload: "transfer".into(),
        clients: Some(16),
        rate: None,
        model_version: "0.1.0".into(),
        inputs: InputHashes {
            schema: "sha256:aa".into(),
            workload: "sha256:bb".into(),
            machine: "sha256:cc".into(),
            set: BTreeMap::new(),
        },
        machine: MachineSummary { name: "db-1".into(), calibrated: true },
        tps: Interval { mean: 897.012_345, low: 820.0, high: 960.0, confidence: 0.9 },
        latency_ms: Some(Latency { mean: 17.837, p50: 16.0, p95: 31.0, p99: 44.0 }),
        transactions: vec![
            TransactionForecast {
                name: "transfer".into(),
                tps: 807.311,
                latency_ms: Some(Latency { mean: 18.0, p50: 16.2, p95: 31.4, p99: 44.4 }),
                aborts_per_s: 0.0,
            },
            TransactionForecast {
                name: "report".into(),
                tps: 89.701,
                latency_ms: Some(Latency { mean: 16.37, p50: 15.0, p95: 29.0, p99: 41.0 }),
                aborts_per_s: 0.25,
            },
        ],
        stations: vec![
            station("wal_flush", Some(1.0), Some(0.98), 1.09, 11.9, 0.667),
            station("server_cpu", Some(16.0), Some(0.31), 5.4, 5.637, 0.316),
            station("network", None, None, 0.3, 0.3, 0.017),
        ],
        bottleneck: Bottleneck {
            station: "wal_flush".into(),
            utilization: Some(0.98),
            why: "the WAL device is flushing nearly all the time, and every commit waits for its flush".into(),
            next: Some("server_cpu".into()),
            tps_if_relieved: 2100.0,
        },
        bounds: Bounds { max_tps: 921.0, saturation_clients: 9.2 },
        per_transaction: PerTransaction { wal_bytes: 612.0, pages_hit: 9.1, pages_read: 0.2, round_trips: 7.0 },
        interval_parts: vec![
            IntervalPart { reason: "residual error of flush-bound forecasts".into(), relative_sd: 0.04 },
            IntervalPart { reason: "spread of the flush latency".into(), relative_sd: 0.02 },
        ],
        warnings: vec![ForecastWarning {
            code: "not_modelled".into(),
            message: "trigger `audit` on `accounts` is not priced; give the statement a measured `cpu`".into(),
            location: Some("schema.sql:12:1".into()),
        }],
        simulation: None,
    }
}
