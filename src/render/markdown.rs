//! Markdown: for pull requests and wikis.

use crate::forecast::{Forecast, ForecastWarning};
use crate::render::number::{duration, percent, short};
use crate::render::{Exporter, RenderError, advice, curve, table, text};

/// The Markdown format.
#[derive(Debug, Clone, Copy)]
pub struct Markdown;

impl Exporter for Markdown {
    fn export(&self, forecasts: &[Forecast]) -> Result<String, RenderError> {
        Ok(match forecasts {
            [one] => single(one),
            all => several(all),
        })
    }
}

fn single(f: &Forecast) -> String {
    let mut out = format!("## Forecast of {} on {}, {}\n\n", f.workload, f.machine.name, text::load(f));
    out += &format!(
        "**{} TPS** ({} to {} with {} confidence), limited by {} (`{}`).\n",
        short(f.tps.mean),
        short(f.tps.low),
        short(f.tps.high),
        percent(f.tps.confidence),
        advice::in_words(&f.bottleneck.station),
        f.bottleneck.station
    );
    if let Some(l) = f.latency_ms {
        out += &format!(
            "Latency {} mean, p50 {}, p95 {}, p99 {}.\n",
            duration(l.mean),
            duration(l.p50),
            duration(l.p95),
            duration(l.p99)
        );
    }
    out += "\n";
    let stations: Vec<_> = text::station_rows(f).into_iter().map(|mut r| r.drain(..5).collect()).collect();
    out += &table::markdown(&text::STATION_HEADER[..5], &stations, 1);
    if f.transactions.len() > 1 {
        out += "\n";
        out += &table::markdown(&text::TRANSACTION_HEADER, &text::transaction_rows(f), 1);
    }
    out += &format!("\n{}\n\n", text::per_transaction(f));
    for step in text::next_steps(f) {
        out += &format!("- {step}\n");
    }
    out + &warnings(&f.warnings)
}

fn several(all: &[Forecast]) -> String {
    let Some(first) = all.first() else { return String::new() };
    let mut out = format!("## Forecast of {} on {}\n\n", first.workload, first.machine.name);
    out += &table::markdown(&curve::HEADER, &curve::rows(all), 0);
    out + &warnings(&curve::distinct_warnings(all))
}

pub(super) fn warnings(all: &[ForecastWarning]) -> String {
    if all.is_empty() {
        return String::new();
    }
    all.iter().fold("\n### Warnings\n\n".to_owned(), |out, w| {
        let place = w.location.as_ref().map(|l| format!("`{l}`: ")).unwrap_or_default();
        out + &format!("- {place}{} (`{}`)\n", w.message, w.code)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forecast::sample;

    #[test]
    fn tables_have_as_many_cells_as_headers() {
        let out = Markdown.export(&[sample::forecast()]).unwrap();
        assert!(out.starts_with("## Forecast of transfer on db-1, 16 clients\n\n**897 TPS** (820 to 960"), "{out}");
        for table in out.split("\n\n").filter(|p| p.starts_with('|')) {
            let cells: Vec<usize> = table.lines().map(|l| l.matches('|').count()).collect();
            assert!(cells.len() > 2 && cells.iter().all(|c| *c == cells[0]), "{table}");
        }
    }
}
