//! `predict validate` as text, JSON and CSV.

use crate::live::validate::result::{Cell, Compared, Validation};
use crate::render::number::{change, count, percent, percent_or_dash, short, short_or_dash};
use crate::render::paint::{Paint, wrap};
use crate::render::{RenderError, WIDTH, csv as rows, json, table, text};

/// The JSON form, ending in a newline.
///
/// # Errors
/// The serializer's.
pub fn to_json(validation: &Validation) -> Result<String, RenderError> {
    json::pretty(validation)
}

/// One row per load, at full precision.
///
/// # Errors
/// The writer's.
pub fn csv(validation: &Validation) -> Result<String, RenderError> {
    const HEADER: [&str; 15] = [
        "workload",
        "clients",
        "rate",
        "measured_tps",
        "measured_spread",
        "forecast_tps",
        "forecast_low",
        "forecast_high",
        "error",
        "measured_latency_ms",
        "forecast_latency_ms",
        "measured_p95_ms",
        "forecast_p95_ms",
        "measured_bottleneck",
        "forecast_bottleneck",
    ];
    let number = |x: Option<f64>| x.map(|x| x.to_string()).unwrap_or_default();
    let cells: Vec<[String; 15]> = validation
        .cells
        .iter()
        .map(|c| {
            let (m, f) = (c.measured.latency_ms, c.forecast.latency_ms);
            [
                validation.workload.clone(),
                c.clients.map(|n| n.to_string()).unwrap_or_default(),
                number(c.rate),
                number(Some(c.measured.tps)),
                number(Some(c.measured.tps_spread)),
                number(Some(c.forecast.tps.mean)),
                number(Some(c.forecast.tps.low)),
                number(Some(c.forecast.tps.high)),
                number(Some(c.error)),
                number(m.map(|l| l.mean)),
                number(f.map(|l| l.mean)),
                number(m.map(|l| l.p95)),
                number(f.map(|l| l.p95)),
                c.measured.bottleneck.clone(),
                c.forecast.bottleneck.station.clone(),
            ]
        })
        .collect();
    rows::write(std::iter::once(HEADER.to_vec()).chain(cells.iter().map(|r| r.iter().map(String::as_str).collect())))
}

/// Text for people, at 80 columns.
#[must_use]
pub fn text(validation: &Validation, paint: Paint, quiet: bool) -> String {
    let v = validation;
    let mut out = format!("{} on PostgreSQL {}: forecast against measured\n\n", v.workload, v.server_version);
    out += &throughput(v);
    out += "\n";
    out += &latency(v);
    out += "\n";
    let summary = format!(
        "TPS error: median {}, 90th percentile {}; repetitions differ by {}.",
        paint.bold(&percent(v.median_error)),
        paint.bold(&percent(v.p90_error)),
        percent(v.noise)
    );
    // Colour counts as characters, so that this line is kept short rather than wrapped.
    out += &summary;
    out += "\n";
    if !quiet {
        out += &explanations(v, paint);
        let rows = format!("{} rows in {} tables, made in {} s", v.fill.rows, v.fill.tables, short(v.fill.seconds));
        out += &format!("\nMeasured on {rows}; {} rounds of {} s.\n", v.rounds, v.seconds);
        out += &text::warnings(&v.warnings, paint);
    }
    out
}

fn load(cell: &Cell) -> String {
    match (cell.clients, cell.rate) {
        (Some(clients), _) => clients.to_string(),
        (None, Some(rate)) => format!("{}/s", short(rate)),
        (None, None) => "-".into(),
    }
}

/// Throughput and what limits it.
fn throughput(v: &Validation) -> String {
    let header = ["clients", "measured TPS", "+-", "forecast TPS", "low", "high", "error"];
    let rows: Vec<Vec<String>> = v
        .cells
        .iter()
        .map(|c| {
            vec![
                load(c),
                short(c.measured.tps),
                percent(c.measured.tps_spread),
                short(c.forecast.tps.mean),
                short(c.forecast.tps.low),
                short(c.forecast.tps.high),
                change(c.measured.tps, c.forecast.tps.mean),
            ]
        })
        .collect();
    table::plain(&header, &rows, 0)
}

/// Latency, processors and limits.
fn latency(v: &Validation) -> String {
    let header = ["clients", "", "mean ms", "p95 ms", "server CPU", "limit"];
    let mut rows = Vec::new();
    for c in &v.cells {
        let (m, f) = (c.measured.latency_ms, c.forecast.latency_ms);
        let cpu = c.forecast.stations.iter().find(|s| s.name == "server_cpu").and_then(|s| s.utilization);
        rows.push(vec![
            load(c),
            "measured".into(),
            short_or_dash(m.map(|l| l.mean)),
            short_or_dash(m.map(|l| l.p95)),
            percent_or_dash(c.measured.server_cpu),
            c.measured.bottleneck.clone(),
        ]);
        rows.push(vec![
            String::new(),
            "forecast".into(),
            short_or_dash(f.map(|l| l.mean)),
            short_or_dash(f.map(|l| l.p95)),
            percent_or_dash(cpu),
            c.forecast.bottleneck.station.clone(),
        ]);
    }
    table::plain(&header, &rows, 0)
}

/// Where the differences come from, load by load.
fn explanations(v: &Validation, paint: Paint) -> String {
    let mut out = format!("\n{}\n", paint.bold("Where the difference comes from"));
    for c in &v.cells {
        out += &wrap("  - ", &format!("{}: {}", named(c), c.difference.text), WIDTH);
    }
    if let Some(worst) = v.cells.iter().max_by(|a, b| a.error.abs().total_cmp(&b.error.abs())) {
        let row = |c: &Compared| vec![c.what.clone(), short_or_dash(c.forecast), short_or_dash(c.measured)];
        let times = worst.difference.times_ms.iter();
        let mut rows: Vec<Vec<String>> =
            times.map(|c| row(&Compared { what: format!("time at {}, ms", c.what), ..c.clone() })).collect();
        rows.extend(worst.difference.demands.iter().map(row));
        out += &format!("\n{}\n", paint.bold(&format!("A transaction with {}", named(worst))));
        out += &table::plain(&["", "forecast", "measured"], &rows, 1);
    }
    out
}

fn named(cell: &Cell) -> String {
    match cell.clients {
        Some(n) => count(n, "client"),
        None => format!("{} arriving", load(cell)),
    }
}
