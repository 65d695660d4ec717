//! Text for people: the answer first, then why, then what to do; the last lines are pgbench's own.

use crate::forecast::{Forecast, ForecastWarning, StationForecast};
use crate::render::number::{bytes, change, count, duration, percent, percent_or_dash, short, short_or_dash};
use crate::render::paint::{Paint, wrap};
use crate::render::{Exporter, RenderError, WIDTH, advice, curve, table};

/// The text format.
#[derive(Debug, Clone, Copy, Default)]
pub struct Text {
    /// Colour.
    pub paint: Paint,
    /// Without notes: no advice, no warnings.
    pub quiet: bool,
}

impl Exporter for Text {
    fn export(&self, forecasts: &[Forecast]) -> Result<String, RenderError> {
        Ok(match forecasts {
            [one] => self.single(one),
            all => curve::text(all, self.paint, self.quiet),
        })
    }
}

impl Text {
    fn single(self, f: &Forecast) -> String {
        let mut out = answer(f, self.paint);
        out += "\n";
        out += &self.paint.bold("Where a transaction's time goes");
        out += "\n";
        out += &table::plain(&STATION_HEADER, &station_rows(f), 1);
        if f.transactions.len() > 1 {
            out += "\n";
            out += &self.paint.bold("By transaction");
            out += "\n";
            out += &table::plain(&TRANSACTION_HEADER, &transaction_rows(f), 1);
        }
        out += "\n";
        out += &wrap("", &per_transaction(f), WIDTH);
        if !self.quiet {
            out += "\n";
            out += &self.paint.bold("What to do next");
            out += "\n";
            for item in next_steps(f) {
                out += &wrap("  - ", &item, WIDTH);
            }
            out += &warnings(&f.warnings, self.paint);
        }
        out += "\n";
        out += &pgbench_lines(f);
        out
    }
}

/// Who, where, how much: the first lines.
fn answer(f: &Forecast, paint: Paint) -> String {
    let mut out = format!("{} on {}, {}\n\n", f.workload, f.machine.name, load(f));
    let interval =
        format!("({} to {} with {} confidence)", short(f.tps.low), short(f.tps.high), percent(f.tps.confidence));
    let tps = paint.bold(&format!("{} TPS", short(f.tps.mean)));
    out += &format!("  throughput  {tps}  {interval}\n");
    out += &match f.latency_ms {
        Some(l) => format!(
            "  latency     {}  (p50 {}, p95 {}, p99 {})\n",
            paint.bold(&format!("{} mean", duration(l.mean))),
            duration(l.p50),
            duration(l.p95),
            duration(l.p99)
        ),
        None => wrap("  latency     ", "grows without limit: more arrives than can be completed", WIDTH),
    };
    let b = &f.bottleneck;
    let busy = b.utilization.map(|u| format!(", {} busy", percent(u))).unwrap_or_default();
    let name = format!("{}{busy}", advice::in_words(&b.station));
    // The colour goes on after wrapping, which counts characters.
    let lines = wrap("  bottleneck  ", &format!("{name} ({}): {}", b.station, b.why), WIDTH);
    out += &lines.replacen(&name, &paint.bad(&name), 1);
    let ceiling = format!(
        "{} TPS with any number of clients; saturates at {}",
        short(f.bounds.max_tps),
        saturation(f.bounds.saturation_clients)
    );
    out += &wrap("  ceiling     ", &ceiling, WIDTH);
    out
}

fn saturation(clients: f64) -> String {
    let up = clients.ceil().max(1.0);
    if up.is_finite() { count(up as u64, "client") } else { "no number of them".into() }
}

/// `16 clients`, or `500 transactions per second arriving`.
pub(super) fn load(f: &Forecast) -> String {
    match (f.clients, f.rate) {
        (Some(clients), _) => count(clients, "client"),
        (None, Some(rate)) => format!("{} transactions per second arriving", short(rate)),
        (None, None) => "no load".into(),
    }
}

/// Header of the table of stations.
pub(super) const STATION_HEADER: [&str; 6] = ["station", "utilization", "demand ms", "time there ms", "share", ""];

/// Stations, largest share of the latency first.
pub(super) fn by_share(f: &Forecast) -> Vec<&StationForecast> {
    let mut stations: Vec<&StationForecast> = f.stations.iter().collect();
    stations.sort_by(|a, b| b.share_of_latency.total_cmp(&a.share_of_latency));
    stations
}

/// Rows of the table of stations, largest share of the latency first.
pub(super) fn station_rows(f: &Forecast) -> Vec<Vec<String>> {
    by_share(f)
        .into_iter()
        .map(|s| {
            let bar = "#".repeat((s.share_of_latency.clamp(0.0, 1.0) * 14.0).round() as usize);
            vec![
                s.name.clone(),
                percent_or_dash(s.utilization),
                short(s.demand_ms),
                short(s.residence_ms),
                percent(s.share_of_latency),
                format!("{bar:<14}"),
            ]
        })
        .collect()
}

/// Header of the table of transaction types.
pub(super) const TRANSACTION_HEADER: [&str; 7] =
    ["transaction", "TPS", "mean ms", "p50 ms", "p95 ms", "p99 ms", "aborts/s"];

/// Rows of the table of transaction types.
pub(super) fn transaction_rows(f: &Forecast) -> Vec<Vec<String>> {
    let rows = f.transactions.iter().map(|t| {
        let l = t.latency_ms;
        vec![
            t.name.clone(),
            short(t.tps),
            short_or_dash(l.map(|l| l.mean)),
            short_or_dash(l.map(|l| l.p50)),
            short_or_dash(l.map(|l| l.p95)),
            short_or_dash(l.map(|l| l.p99)),
            short(t.aborts_per_s),
        ]
    });
    rows.collect()
}

/// Averages per transaction, as a sentence.
pub(super) fn per_transaction(f: &Forecast) -> String {
    let p = f.per_transaction;
    format!(
        "Each transaction writes {} of WAL, finds {} pages in shared_buffers, reads {} more, and takes {} round trips.",
        bytes(p.wal_bytes),
        short(p.pages_hit),
        short(p.pages_read),
        short(p.round_trips)
    )
}

/// What to do, and what it would gain.
pub(super) fn next_steps(f: &Forecast) -> Vec<String> {
    let b = &f.bottleneck;
    let relief = advice::relief(&b.station);
    let gain = match f.rate {
        Some(_) if b.tps_if_relieved <= f.tps.mean * (1.0 + 1e-6) => {
            format!("{relief}, the same transactions would arrive and complete sooner.")
        }
        _ => {
            let gain = change(f.tps.mean, b.tps_if_relieved);
            format!("{relief}, throughput would be {} TPS ({gain}).", short(b.tps_if_relieved))
        }
    };
    let then = match &b.next {
        Some(next) => format!(" The next limit is {}.", advice::in_words(next)),
        None => String::new(),
    };
    let mut out = vec![format!("{gain}{then}"), format!("To get there: {}.", advice::for_station(&b.station))];
    if let Some(part) = f.interval_parts.first() {
        out.push(format!("The interval is mostly as wide as it is because of {}.", part.reason));
    }
    out
}

/// The section of warnings; empty without any.
#[must_use]
pub fn warnings(all: &[ForecastWarning], paint: Paint) -> String {
    if all.is_empty() {
        return String::new();
    }
    let mut out = format!("\n{}\n", paint.bold("Warnings"));
    for w in all {
        let lines = wrap("  - ", &w.to_string(), WIDTH);
        out += &lines.replacen("  - ", &paint.warn("  - "), 1);
    }
    out
}

/// The lines that pgbench ends in; without a finite latency only the second.
fn pgbench_lines(f: &Forecast) -> String {
    let latency = f.latency_ms.map(|l| format!("latency average = {:.3} ms\n", l.mean)).unwrap_or_default();
    format!("{latency}tps = {:.6} (without initial connection time)\n", f.tps.mean)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forecast::sample;

    #[test]
    fn reads_well_at_80_columns_and_ends_as_pgbench_does() {
        let out = Text::default().export(&[sample::forecast()]).unwrap();
        insta::assert_snapshot!(out);
        assert!(out.lines().all(|l| l.chars().count() <= WIDTH && l.trim_end() == l), "{out}");
        assert!(out.ends_with("latency average = 17.837 ms\ntps = 897.012345 (without initial connection time)\n"));
    }

    #[test]
    fn colour_changes_nothing_but_escapes() {
        let coloured = Text { paint: Paint { on: true }, quiet: false }.export(&[sample::forecast()]).unwrap();
        let plain = Text::default().export(&[sample::forecast()]).unwrap();
        assert_ne!(coloured, plain);
        assert_eq!(anstream::adapter::strip_str(&coloured).to_string(), plain);
    }

    #[test]
    fn an_overloaded_system_has_no_latency() {
        let mut f = sample::forecast();
        (f.latency_ms, f.clients, f.rate) = (None, None, Some(5000.0));
        let out = Text::default().export(&[f]).unwrap();
        assert!(out.contains("grows without limit") && !out.contains("latency average"), "{out}");
    }

    #[test]
    fn quiet_leaves_out_advice_and_warnings() {
        let out = Text { quiet: true, ..Text::default() }.export(&[sample::forecast()]).unwrap();
        assert!(!out.contains("What to do next") && !out.contains("Warnings"), "{out}");
    }
}
