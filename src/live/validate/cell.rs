//! One load: run again and again, then summed up.

use crate::forecast::{Forecast, Latency};
use crate::live::measure::{Sample, summarize};
use crate::live::pgbench::{Outcome, percentile};
use crate::live::validate::counters::Counters;
use crate::live::validate::limit::{Load, limit};
use crate::live::validate::result::{Measured, MeasuredTransaction, PerTransaction};
use crate::live::validate::sampler::Waits;
use crate::units::Seconds;

/// One run.
#[derive(Debug, Clone, PartialEq)]
pub struct Repetition {
    /// What pgbench said and used.
    pub outcome: Outcome,
    /// What sessions waited for.
    pub waits: Waits,
    /// What the server counted.
    pub counted: Counters,
}

/// What a cell is, besides its repetitions.
#[derive(Debug, Clone, Copy)]
pub struct About<'a> {
    /// Transaction types, in the order of the scripts.
    pub names: &'a [String],
    /// Pause after each transaction.
    pub think: Seconds,
    /// Sleeps inside a transaction, on average.
    pub sleeps: Seconds,
    /// Cores of the server.
    pub cores: f64,
    /// Whether the load generator runs on the server's cores.
    pub shared: bool,
    /// Whether both are on one host.
    pub local: bool,
    /// Length of a run.
    pub seconds: f64,
    /// The forecast.
    pub forecast: &'a Forecast,
}

/// Sums up the repetitions of a cell; `None` without any.
#[must_use]
pub fn summary(repetitions: &[Repetition], about: &About) -> Option<Measured> {
    let samples: Vec<Sample> =
        repetitions.iter().map(|r| Sample { value: r.outcome.report.tps, elsewhere: r.outcome.elsewhere }).collect();
    let together = summarize(&samples)?;
    let tps = together.best();
    let mut waits = Waits::default();
    let mut counted: Option<Counters> = None;
    for repetition in repetitions {
        waits.add(&repetition.waits);
        counted = Some(counted.map_or(repetition.counted, |c| c.plus(&repetition.counted)));
    }
    let counted = counted?;
    let total = |of: &dyn Fn(&Outcome) -> Option<f64>| repetitions.iter().map(|r| of(&r.outcome)).sum::<Option<f64>>();
    #[expect(clippy::cast_precision_loss, reason = "counts of transactions")]
    let count = |of: &dyn Fn(&Outcome) -> u64| repetitions.iter().map(|r| of(&r.outcome)).sum::<u64>() as f64;
    let done = count(&|o| o.report.transactions).max(1.0);
    // The server's counters run through the warm-up.
    let executed = count(&|o| o.executed).max(1.0);
    let failed = count(&|o| o.report.failed);
    let server = total(&|o| o.server_cpu.map(Seconds::get));
    let client = total(&|o| o.client_cpu.map(Seconds::get));
    #[expect(clippy::cast_precision_loss, reason = "repetitions")]
    let time = about.seconds * repetitions.len() as f64;
    let server_cpu = server.map(|s| s / time / about.cores.max(1e-9));
    let client_cpu = client.map(|c| c / time);
    let per_transaction = PerTransaction {
        server_cpu_ms: server.map(|s| s / done * 1e3),
        client_cpu_ms: client.map(|c| c / done * 1e3),
        wal_bytes: counted.wal_bytes / executed,
        full_page_images: counted.images.map(|n| n / executed),
        flushes: counted.flushes.map(|n| n / executed),
        pages_hit: counted.hit / executed,
        pages_read: counted.read / executed,
    };
    let load = Load {
        waits: &waits,
        server_cpu,
        client_cpu,
        cores: about.cores,
        shared: about.shared,
        local: about.local,
        waiting_by_will: (about.think + about.sleeps) * tps,
    };
    Some(Measured {
        tps,
        tps_spread: together.spread,
        repetitions: samples.iter().map(|s| s.value).collect(),
        latency_ms: latency(repetitions, about, tps),
        transactions: by_type(repetitions, about),
        failed: failed / (done + failed),
        retried: count(&|o| o.report.retried) / (done + failed),
        server_cpu,
        client_cpu,
        bottleneck: limit(&load).to_owned(),
        waits: waits.averages(),
        per_transaction,
    })
}

/// Latency without think time, over all repetitions.
fn latency(repetitions: &[Repetition], about: &About, tps: f64) -> Option<Latency> {
    let mut logged: Vec<Seconds> = repetitions.iter().flat_map(|r| r.outcome.latencies.iter().copied()).collect();
    logged.sort_by(|a, b| a.get().total_cmp(&b.get()));
    let without = |s: Seconds| (s - about.think).ms().max(0.0);
    let at = |q| percentile(&logged, q).map(without);
    #[expect(clippy::cast_precision_loss, reason = "a number of clients")]
    let mean = match about.forecast.clients {
        // By Little's law, as the forecast has it.
        Some(clients) if tps > 0.0 => without(Seconds(clients as f64 / tps)),
        _ => {
            let reported: Seconds = repetitions.iter().map(|r| r.outcome.report.latency).sum();
            (reported / repetitions.len() as f64).ms()
        }
    };
    Some(Latency { mean, p50: at(0.5)?, p95: at(0.95)?, p99: at(0.99)? })
}

fn by_type(repetitions: &[Repetition], about: &About) -> Vec<MeasuredTransaction> {
    #[expect(clippy::cast_precision_loss, reason = "repetitions")]
    let times = repetitions.len() as f64;
    let one = about.names.len() == 1;
    let of = |n: usize| -> Option<MeasuredTransaction> {
        let (mut tps, mut latency) = (0.0, Seconds::ZERO);
        for r in repetitions {
            let report = &r.outcome.report;
            let (t, l) = match report.scripts.get(n) {
                Some(script) => (script.tps, script.latency),
                None if one => (report.tps, report.latency),
                None => return None,
            };
            tps += t / times;
            latency += l / times;
        }
        let latency_ms = (latency - about.think).ms().max(0.0);
        Some(MeasuredTransaction { name: about.names[n].clone(), tps, latency_ms })
    };
    (0..about.names.len()).filter_map(of).collect()
}
