//! The forecast with the simulation's numbers in place of the formulas'.
//!
//! Throughput, latency, transactions and stations are what was simulated. The bottleneck, its relief and
//! the bounds stay those of the formulas: they are answers to what-ifs, not to this run.

use crate::diagnostic::{InputError, Warning, WarningCode};
use crate::forecast::result::{Forecast, Interval, Latency, SimulationSummary, StationForecast, TransactionForecast};
use crate::forecast::{Inputs, assemble, pipeline};
use crate::model::simulate::program;
use crate::model::system::ClientCpu;
use crate::model::{StationName as S, System, open};
use crate::queueing::simulation::{self, Histogram, Options, Outcome, Progress, Stopped};

/// Simulates.
///
/// # Errors
/// Those of a forecast, and a system that cannot be simulated.
pub fn simulate(
    inputs: &Inputs,
    options: &Options,
    progress: &mut dyn FnMut(Progress),
) -> Result<Forecast, InputError> {
    let mut forecast = pipeline::run(inputs)?;
    let planned = pipeline::plan(inputs)?;
    let unsolvable = |e: &dyn std::fmt::Display| InputError::new(format!("the workload cannot be simulated: {e}"));
    let steady = open::solve(&planned.system, None).map_err(|e| unsolvable(&e))?;
    let conflicts = pipeline::conflicts(inputs);
    let timeout = inputs.machine.settings.deadlock_timeout.get();
    let model = program(&planned.system, &steady, &planned.demands, &conflicts, timeout);
    let outcome = simulation::simulate(&model, options, progress).map_err(|e| unsolvable(&e))?;
    if outcome.transactions == 0 {
        return Err(unsolvable(&"no transaction committed within the limits"));
    }
    replace(&mut forecast, &planned.system, &outcome, options, steady.overloaded);
    adjust_warnings(&mut forecast, &outcome);
    Ok(forecast)
}

/// Puts the simulated numbers in place.
fn replace(f: &mut Forecast, system: &System, o: &Outcome, options: &Options, overloaded: bool) {
    let (mean, half) = (o.throughput.mean, o.throughput.half_width);
    f.tps = Interval { mean, low: (mean - half).max(0.0), high: mean + half, confidence: options.confidence };
    f.interval_parts.clear();
    let mut all = Histogram::default();
    o.tally.classes.iter().for_each(|c| all.merge(&c.latency));
    f.latency_ms = (!overloaded).then(|| latency(&all));
    f.transactions = f
        .transactions
        .iter()
        .zip(&o.tally.classes)
        .map(|(t, c)| TransactionForecast {
            name: t.name.clone(),
            tps: c.latency.count() as f64 / o.duration,
            latency_ms: (!overloaded && c.latency.count() > 0).then(|| latency(&c.latency)),
            aborts_per_s: c.aborts as f64 / o.duration,
        })
        .collect();
    f.stations = S::ALL.into_iter().filter_map(|s| station(f, system, o, s)).collect();
    let limit = &mut f.bottleneck;
    if let Some(s) = f.stations.iter().find(|s| s.name == limit.station) {
        limit.utilization = s.utilization;
    }
    f.simulation = Some(SimulationSummary {
        transactions: o.transactions,
        events: o.events,
        seed: options.seed,
        warmup_s: o.warmup,
        duration_s: o.duration,
        precision: o.throughput.relative().max(o.latency.relative()),
        stopped: match o.stopped {
            Stopped::Precise => "precise",
            Stopped::Transactions => "transactions",
            Stopped::Events => "events",
            Stopped::Idle => "idle",
        }
        .into(),
        deadlocks_per_s: o.tally.deadlocks as f64 / o.duration,
    });
}

fn latency(h: &Histogram) -> Latency {
    Latency {
        mean: 1e3 * h.mean(),
        p50: 1e3 * h.quantile(0.50),
        p95: 1e3 * h.quantile(0.95),
        p99: 1e3 * h.quantile(0.99),
    }
}

/// One station as simulated; `None` where nobody was.
fn station(f: &Forecast, system: &System, o: &Outcome, s: S) -> Option<StationForecast> {
    let (time, work) = o.tally.places[s.index()];
    let known = f.stations.iter().find(|k| k.name == s.as_str());
    let count = o.transactions as f64;
    if time <= 0.0 && work <= 0.0 {
        // What the simulation has no place for, such as writing dirty pages back, stays as it was.
        return known.cloned();
    }
    let think = match system.arrivals {
        crate::model::system::Arrivals::Closed { think, .. } if s == S::Think => think,
        _ => 0.0,
    };
    let total = o.latency.mean.max(f64::MIN_POSITIVE);
    Some(StationForecast {
        name: s.as_str().into(),
        servers: known.and_then(|k| k.servers),
        utilization: utilization(system, o, s),
        demand_ms: if work > 0.0 { 1e3 * work / count } else { known.map_or(0.0, |k| k.demand_ms) },
        residence_ms: 1e3 * time / count,
        queue_length: time / o.duration,
        share_of_latency: ((time / count - think) / total).clamp(0.0, 1.0),
    })
}

/// Share of a station's servers in use, where it has any.
fn utilization(system: &System, o: &Outcome, s: S) -> Option<f64> {
    let busy = o.tally.places[s.index()].1 / o.duration;
    let capacity = if system.cores < 1.0 { system.cores } else { system.effective_cores() };
    let used = match (s, system.client) {
        (S::ServerCpu, _) | (S::ClientCpu, ClientCpu::Shared) => busy / capacity,
        (S::ClientCpu, ClientCpu::Own(cores)) => busy / cores,
        (S::WalFlush, _) if o.tally.batches.0 > 0 => o.tally.batches.2 / o.duration,
        (S::WalWrite | S::DataWrite, _) => busy,
        (S::DataRead, _) => busy / system.storage.read_width.max(1.0),
        (S::ConnectionPool, _) => {
            let inside = o.throughput.mean * o.latency.mean - o.tally.places[s.index()].0 / o.duration;
            inside / system.admitted
        }
        _ => return None,
    };
    Some(used.clamp(0.0, 1.0))
}

/// What the run itself has to say.
fn adjust_warnings(f: &mut Forecast, o: &Outcome) {
    if !o.settled {
        let text = "the warm-up was not seen to end; simulate more with --transactions";
        f.warnings.extend(assemble::warnings([Warning::new(WarningCode::NotConverged, text)]));
    }
}
