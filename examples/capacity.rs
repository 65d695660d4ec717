//! How many clients does a workload take before its latency passes a limit? The library, without the
//! command around it.
//!
//! ```text
//! cargo run --example capacity -- workloads/orders/workload.yaml 20
//! ```

use std::env;
use std::process::ExitCode;

use predict::diagnostic::InputError;
use predict::forecast::{self, Forecast, Sources};

fn main() -> ExitCode {
    let mut arguments = env::args().skip(1);
    let (Some(workload), Some(Ok(limit_ms))) = (arguments.next(), arguments.next().map(|a| a.parse::<f64>())) else {
        eprintln!("usage: capacity WORKLOAD.yaml LATENCY_MS");
        return ExitCode::from(2);
    };
    match capacity(&workload, limit_ms) {
        Ok(Some((clients, forecast))) => {
            println!("{clients} clients, {:.0} transactions per second", forecast.tps.mean);
            println!("then {} limits: {}", forecast.bottleneck.station, forecast.bottleneck.why);
            ExitCode::SUCCESS
        }
        Ok(None) => {
            println!("even one client waits longer than {limit_ms} ms");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}

/// The largest power of two of clients whose 95th percentile stays within the limit.
fn capacity(workload: &str, limit_ms: f64) -> Result<Option<(u64, Forecast)>, InputError> {
    let mut best = None;
    for clients in (0..14).map(|k| 1 << k) {
        let sources = Sources { workload: workload.into(), clients: Some(clients), ..Sources::default() };
        let forecast = forecast::run(&forecast::load(&sources)?)?;
        match forecast.latency_ms {
            Some(latency) if latency.p95 <= limit_ms => best = Some((clients, forecast)),
            _ => break,
        }
    }
    Ok(best)
}
