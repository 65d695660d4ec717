//! Text of a curve over clients: one row each, and a small plot.

use crate::forecast::{Forecast, ForecastWarning};
use crate::render::number::{percent_or_dash, short, short_or_dash};
use crate::render::paint::Paint;
use crate::render::plot::{Point, plot};
use crate::render::{WIDTH, table, text};

/// Header of the table.
pub(super) const HEADER: [&str; 7] = ["clients", "TPS", "interval", "mean ms", "p95 ms", "p99 ms", "bottleneck"];

/// One row per forecast.
pub(super) fn rows(all: &[Forecast]) -> Vec<Vec<String>> {
    all.iter().map(|f| std::iter::once(clients(f)).chain(cells(f)).collect()).collect()
}

/// What people want to see of one forecast in a table: TPS, interval, latencies, bottleneck.
pub(super) fn cells(f: &Forecast) -> Vec<String> {
    let l = f.latency_ms;
    vec![
        short(f.tps.mean),
        format!("{} - {}", short(f.tps.low), short(f.tps.high)),
        short_or_dash(l.map(|l| l.mean)),
        short_or_dash(l.map(|l| l.p95)),
        short_or_dash(l.map(|l| l.p99)),
        format!("{} {:>4}", f.bottleneck.station, percent_or_dash(f.bottleneck.utilization)),
    ]
}

fn clients(f: &Forecast) -> String {
    f.clients.map_or_else(|| "-".into(), |c| c.to_string())
}

/// The whole text.
#[must_use]
pub fn text(all: &[Forecast], paint: Paint, quiet: bool) -> String {
    let Some(first) = all.first() else { return String::new() };
    let mut out = format!("{} on {}\n\n", first.workload, first.machine.name);
    out += &table::plain(&HEADER, &rows(all), 0);
    let points: Vec<Point> = all.iter().filter_map(Point::of).collect();
    let drawing = plot(&points, WIDTH, 11);
    if !drawing.is_empty() {
        out += &format!("\n{}\n{drawing}", paint.bold("TPS by clients"));
    }
    if !quiet {
        out += &text::warnings(&distinct_warnings(all), paint);
    }
    out
}

/// Every warning of several forecasts once, in order of appearance.
#[must_use]
pub fn distinct_warnings(all: &[Forecast]) -> Vec<ForecastWarning> {
    let mut out: Vec<ForecastWarning> = Vec::new();
    for w in all.iter().flat_map(|f| &f.warnings) {
        if !out.contains(w) {
            out.push(w.clone());
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forecast::sample;

    #[test]
    fn one_row_per_client_count_and_a_plot() {
        let all: Vec<Forecast> = [(1, 150.0), (4, 480.0), (16, 897.0), (64, 915.0)]
            .into_iter()
            .map(|(clients, tps)| {
                let mut f = sample::forecast();
                f.clients = Some(clients);
                (f.tps.mean, f.tps.low, f.tps.high) = (tps, tps * 0.9, tps * 1.1);
                f
            })
            .collect();
        let out = text(&all, Paint::default(), false);
        insta::assert_snapshot!(out);
        assert!(out.lines().all(|l| l.chars().count() <= WIDTH), "{out}");
        assert_eq!(out.matches("not_modelled").count(), 1, "a warning common to all is said once");
    }
}
