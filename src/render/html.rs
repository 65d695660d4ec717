//! HTML: one page without outside parts, drawing included.

use minijinja::context;
use serde::Serialize;

use crate::forecast::Forecast;
use crate::render::number::{duration, percent, short};
use crate::render::{Exporter, RenderError, advice, curve, svg, text};

/// The HTML format.
#[derive(Debug, Clone, Copy)]
pub struct Html;

#[derive(Debug, Serialize)]
struct Table {
    header: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl Exporter for Html {
    fn export(&self, forecasts: &[Forecast]) -> Result<String, RenderError> {
        let Some(first) = forecasts.first() else { return Ok(String::new()) };
        let on = format!("{} on {}", first.workload, first.machine.name);
        let (title, paragraphs, tables, steps) = match forecasts {
            [f] => (format!("{on}, {}", text::load(f)), answer(f), single_tables(f), text::next_steps(f)),
            all => {
                let table = Table { header: curve::HEADER.to_vec(), rows: curve::rows(all) };
                (on, Vec::new(), vec![table], Vec::new())
            }
        };
        svg::fill(
            include_str!("templates/forecast.html"),
            context! {
                title, paragraphs, tables, steps,
                drawing => svg::draw(forecasts)?,
                warnings => curve::distinct_warnings(forecasts),
            },
        )
    }
}

fn answer(f: &Forecast) -> Vec<String> {
    let b = &f.bottleneck;
    let latency = f.latency_ms.map(|l| {
        let [mean, p50, p95, p99] = [l.mean, l.p50, l.p95, l.p99].map(duration);
        format!("Latency {mean} mean, p50 {p50}, p95 {p95}, p99 {p99}.")
    });
    let tps = format!(
        "{} TPS ({} to {} with {} confidence).",
        short(f.tps.mean),
        short(f.tps.low),
        short(f.tps.high),
        percent(f.tps.confidence)
    );
    let why = format!("The bottleneck is {} ({}): {}.", advice::in_words(&b.station), b.station, b.why);
    [Some(tps), latency, Some(why), Some(text::per_transaction(f))].into_iter().flatten().collect()
}

fn single_tables(f: &Forecast) -> Vec<Table> {
    // Without the column of bars: the drawing shows them.
    let header = text::STATION_HEADER[..5].to_vec();
    let rows = text::station_rows(f).into_iter().map(|r| r[..5].to_vec()).collect();
    let mut out = vec![Table { header, rows }];
    if f.transactions.len() > 1 {
        out.push(Table { header: text::TRANSACTION_HEADER.to_vec(), rows: text::transaction_rows(f) });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forecast::sample;

    #[test]
    fn one_page_with_its_drawing_and_nothing_from_outside() {
        let out = Html.export(&[sample::forecast()]).unwrap();
        assert!(out.starts_with("<!doctype html>") && out.trim_end().ends_with("</html>"));
        assert_eq!(out.matches("<table>").count(), 2);
        assert_eq!(out.matches("<svg").count(), 1);
        assert!(!out.contains("src=") && !out.contains("href="), "{out}");
        assert!(out.contains("schema.sql:12:1"), "{out}");
    }
}
