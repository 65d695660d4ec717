//! The ledger as Markdown: a summary, and a table per regime.

use std::fmt::Write as _;
use std::fs;

use predict::forecast::Forecast;
use predict::live::measure::quantile;

use crate::cell::Row;
use crate::regimes;

/// A row with its forecast.
type Pair<'a> = (&'a Row, &'a Forecast);

/// The whole text.
pub fn ledger(rows: &[Row], forecasts: &[Forecast]) -> String {
    let pairs: Vec<Pair> = rows.iter().zip(forecasts).collect();
    let mut text = String::from(
        "# The accuracy ledger\n\nWritten by `cargo bench --bench ledger` (again from the same measurements: \
         `cargo bench --bench ledger -- --replay`).\nFor each regime a scratch PostgreSQL was calibrated by `predict \
         calibrate`, and workloads that calibration knows nothing\nof were run by `predict validate`. \"spread\" is \
         the distance of the quartiles of the measured repetitions, relative to\ntheir median; \"error\" is forecast \
         over measured, less one; \"in\" says whether the 90 % interval holds the measurement.\n\n",
    );
    let _ = writeln!(text, "{}\n", about(rows));
    text.push_str(&summary(&pairs));
    for regime in &regimes::ALL {
        let part: Vec<Pair> = pairs.iter().copied().filter(|(r, _)| r.regime == regime.name).collect();
        if part.is_empty() {
            continue;
        }
        let _ = writeln!(text, "\n## {}: {}\n", regime.name, regime.about);
        text.push_str(
            "| workload | clients | measured tps | spread | forecast tps | error | in | latency ms | forecast | p95 ms \
             | forecast | limited by | forecast |\n|---|--:|--:|--:|--:|--:|---|--:|--:|--:|--:|---|---|\n",
        );
        part.iter().for_each(|pair| text.push_str(&line(pair)));
    }
    text
}

/// Date, versions and machine.
fn about(rows: &[Row]) -> String {
    let first = |path: &str, key: &str| {
        let text = fs::read_to_string(path).unwrap_or_default();
        let line = text.lines().find(|l| l.starts_with(key)).unwrap_or_default().to_owned();
        line.split_once(':').map_or_else(String::new, |(_, v)| v.trim().to_owned())
    };
    let dates: Vec<&str> = rows.iter().map(|r| r.date.as_str()).collect();
    format!(
        "Measured {} to {} UTC; PostgreSQL {}; Linux {}; {}.",
        dates.iter().min().unwrap_or(&"-"),
        dates.iter().max().unwrap_or(&"-"),
        rows.first().map_or(0, |r| r.postgresql),
        fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default().trim(),
        first("/proc/cpuinfo", "model name"),
    )
}

fn line((row, f): &Pair) -> String {
    let ms = |x: Option<f64>| x.map_or_else(|| "-".to_owned(), |x| format!("{x:.2}"));
    format!(
        "| {}{} | {} | {:.0} | {:.0} % | {:.0} | {:+.0} % | {} | {} | {} | {} | {} | {} | {} |\n",
        row.workload,
        if row.set.is_empty() { "" } else { " (smaller)" },
        row.clients,
        row.tps,
        100.0 * row.tps_spread,
        f.tps.mean,
        100.0 * error(&(row, f)),
        if is_inside(&(row, f)) { "yes" } else { "no" },
        ms(row.latency_ms),
        ms(f.latency_ms.map(|l| l.mean)),
        ms(row.p95_ms),
        ms(f.latency_ms.map(|l| l.p95)),
        row.bottleneck,
        f.bottleneck.station,
    )
}

/// Relative error of the forecast throughput.
pub fn error((row, f): &Pair) -> f64 {
    f.tps.mean / row.tps - 1.0
}

fn is_inside((row, f): &Pair) -> bool {
    f.tps.low <= row.tps && row.tps <= f.tps.high
}

/// Median and 90th percentile of absolute values.
pub fn quantiles(errors: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    let mut sizes: Vec<f64> = errors.map(f64::abs).collect();
    sizes.sort_by(f64::total_cmp);
    Some((quantile(&sizes, 0.5)?, quantile(&sizes, 0.9)?))
}

/// Errors by regime and over all, the worst cell of each.
fn summary(pairs: &[Pair]) -> String {
    let mut text = String::from(
        "| regime | cells | tps error, median | 90 % | latency, median | 90 % | p95, median | 90 % | in the interval \
         | bottleneck right | own spread, median | worst |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|---|\n",
    );
    let names = regimes::ALL.iter().map(|r| Some(r.name)).chain([None]);
    for name in names {
        let part: Vec<Pair> = pairs.iter().copied().filter(|(r, _)| name.is_none_or(|n| r.regime == n)).collect();
        if part.is_empty() {
            continue;
        }
        let both = |q: Option<(f64, f64)>| {
            q.map_or_else(|| "- | -".to_owned(), |(m, t)| format!("{:.1} % | {:.1} %", 100.0 * m, 100.0 * t))
        };
        let latency = |measured: fn(&Row) -> Option<f64>, of: fn(&Forecast) -> Option<f64>| {
            both(quantiles(part.iter().filter_map(|(r, f)| Some(of(f)? / measured(r)? - 1.0))))
        };
        let clear: Vec<&Pair> = part.iter().filter(|(r, _)| r.bottleneck != "unclear").collect();
        let right = clear.iter().filter(|(r, f)| r.bottleneck == f.bottleneck.station).count();
        let mut spreads: Vec<f64> = part.iter().map(|(r, _)| r.tps_spread).collect();
        spreads.sort_by(f64::total_cmp);
        let worst = part.iter().max_by(|a, b| error(a).abs().total_cmp(&error(b).abs()));
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} of {} | {} of {} | {:.1} % | {} |",
            name.unwrap_or("all"),
            part.len(),
            both(quantiles(part.iter().map(error))),
            latency(|r| r.latency_ms, |f| f.latency_ms.map(|l| l.mean)),
            latency(|r| r.p95_ms, |f| f.latency_ms.map(|l| l.p95)),
            part.iter().filter(|p| is_inside(p)).count(),
            part.len(),
            right,
            clear.len(),
            100.0 * quantile(&spreads, 0.5).unwrap_or(0.0),
            worst.map_or_else(String::new, |p| format!(
                "{} at {}: {:+.0} %",
                p.0.workload,
                p.0.clients,
                100.0 * error(p)
            )),
        );
    }
    text
}
