//! Analytic forecast against simulation on random systems.

use std::time::Instant;

use predict::forecast::latency::{moments, percentiles};
use predict::model::StationName;
use predict::model::system::Arrivals;
use predict::queueing::simulation::{Histogram, Options as Run, simulate};

use crate::random_model::{Case, random};

pub struct Options {
    pub models: u64,
    pub first: u64,
    /// These instead, where there are any.
    pub only: Vec<u64>,
    pub precision: f64,
}

/// Relative differences, forecast over simulation: throughput, mean, p50, p95, p99, and how far the last three
/// lie beyond what the simulation leaves open ([`beyond`]).
struct Row {
    about: String,
    index: u64,
    difference: [f64; 8],
    /// What the latency is made of in the simulation and in the forecast.
    parts: String,
    precision: f64,
}

const COLUMNS: [&str; 8] = ["tps", "mean", "p50", "p95", "p99", "p50 *", "p95 *", "p99 *"];

pub fn print(options: &Options) {
    let begun = Instant::now();
    let all = (options.first..options.first + options.models).collect();
    let chosen: Vec<u64> = if options.only.is_empty() { all } else { options.only.clone() };
    let mut rows: Vec<Row> =
        chosen.into_iter().filter_map(|index| compare(random(index), index, options.precision)).collect();
    let seconds = begun.elapsed().as_secs_f64();
    println!("\nforecast / simulation - 1, {} models in {seconds:.0} s", rows.len());
    println!("  family      n   quantity   median |d|   90th |d|   median d");
    for family in ["", "none", "hot", "uniform", "zipf", "open", "pool", "mixed"] {
        let chosen: Vec<&Row> = rows.iter().filter(|r| family.is_empty() || r.about.contains(family)).collect();
        for (k, column) in COLUMNS.iter().enumerate() {
            let mut all: Vec<f64> = chosen.iter().map(|r| r.difference[k]).collect();
            let size = |all: &[f64], p: f64| {
                let mut sizes: Vec<f64> = all.iter().map(|d| d.abs()).collect();
                sizes.sort_by(f64::total_cmp);
                sizes.get((p * sizes.len() as f64) as usize).copied().unwrap_or(f64::NAN)
            };
            let (median, ninety) = (size(&all, 0.5), size(&all, 0.9));
            all.sort_by(f64::total_cmp);
            let signed = all.get(all.len() / 2).copied().unwrap_or(f64::NAN);
            let name = if k == 0 { if family.is_empty() { "all" } else { family } } else { "" };
            let n = if k == 0 { chosen.len().to_string() } else { String::new() };
            println!("  {name:<8} {n:>4}   {column:<8} {median:>12.3} {ninety:>10.3} {signed:>+10.3}");
        }
    }
    println!("  * beyond two standard errors of the simulated percentile");
    for k in [0, 5, 7] {
        println!("\n  worst by {}", COLUMNS[k]);
        rows.sort_by(|a, b| b.difference[k].abs().total_cmp(&a.difference[k].abs()));
        for r in rows.iter().take(if k == 0 { 40 } else { 12 }) {
            let all = r.difference.map(|d| format!("{d:+.2}")).join(" ");
            println!("  {:>4} [{all}] +-{:.3} {}\n         {}", r.index, r.precision, r.about, r.parts);
        }
    }
}

fn compare(case: Case, index: u64, precision: f64) -> Option<Row> {
    if case.steady.overloaded {
        return None;
    }
    let run = Run { precision, most_transactions: 300_000, least_transactions: 10_000, ..Run::default() };
    let outcome = match simulate(&case.program(), &run, &mut |_| {}) {
        Ok(outcome) => outcome,
        Err(e) => {
            println!("  {index} {}: {e}", case.about);
            return None;
        }
    };
    let think = match case.system.arrivals {
        Arrivals::Closed { think, .. } => think,
        Arrivals::Open { .. } => 0.0,
    };
    let forecast = percentiles(&moments(&case.system, &case.steady, think));
    let mut all = Histogram::default();
    outcome.tally.classes.iter().for_each(|c| all.merge(&c.latency));
    let ms = |p: f64| 1e3 * all.quantile(p);
    let difference = [
        case.steady.throughput / outcome.throughput.mean,
        forecast.mean / (1e3 * outcome.latency.mean),
        forecast.p50 / ms(0.5),
        forecast.p95 / ms(0.95),
        forecast.p99 / ms(0.99),
    ]
    .map(|ratio| ratio - 1.0);
    let n = outcome.transactions as f64;
    let open = [(forecast.p50, 0.5), (forecast.p95, 0.95), (forecast.p99, 0.99)].map(|(ms, p)| beyond(ms, &all, p, n));
    let difference = [difference.as_slice(), &open].concat().try_into().unwrap_or([f64::NAN; 8]);
    let per = 1e3 / outcome.transactions as f64;
    let mut parts = String::from("ms simulated/forecast:");
    for s in StationName::ALL {
        let (simulated, forecast) = (outcome.tally.places[s.index()].0 * per, case.steady.residence[s.index()] * 1e3);
        if simulated.max(forecast) > 0.02 * 1e3 * outcome.latency.mean {
            parts += &format!(" {} {simulated:.3}/{forecast:.3}", s.as_str());
        }
    }
    parts += &format!(
        "; batch {:.2}/{:.2}, phase {:.2}, lead {:.0} us, busiest row {:.2}",
        outcome.tally.batches.1 as f64 / outcome.tally.batches.0.max(1) as f64,
        case.steady.conditions.batch,
        case.steady.conditions.phase,
        case.steady.conditions.lead * 1e6,
        case.steady.waits.utilization
    );
    Some(Row { about: case.about, index, difference, parts, precision: outcome.throughput.relative() })
}

/// How far a forecast percentile lies outside the interval of the simulated one, two standard errors of its rank
/// to either side, relative. Where the percentile falls between two kinds of transactions, as a median does of which
/// each has half, any latency between them is one, and which of them a sample shows is chance.
fn beyond(ms: f64, seen: &Histogram, p: f64, n: f64) -> f64 {
    let error = 2.0 * (p * (1.0 - p) / n).sqrt();
    let (low, high) = (1e3 * seen.quantile((p - error).max(0.0)), 1e3 * seen.quantile((p + error).min(1.0)));
    ms / ms.clamp(low, high) - 1.0
}
