//! The table at the end of a calibration: what was measured, how well the model explains it, what stays unsure.

use crate::live::calibrate::contention::Explained;
use crate::live::calibrate::{Calibration, Location};
use crate::machine::coefficients::TABLE;
use crate::render::table::plain;

/// A spread from which a value counts as unsure.
const UNSURE: f64 = 0.4;
/// Names in a list that a reader still reads.
const MOST_NAMED: usize = 8;
/// Share of the CPUs' time taken by others from which a calibration is not to be trusted.
const BUSY: f64 = 0.1;
/// A forecast that is off by this much without the cell itself is worth a line.
const OFF: f64 = 0.15;

/// The text for people.
#[must_use]
pub fn render(calibration: &Calibration) -> String {
    let mut out = facts(calibration);
    out.push('\n');
    out.push_str(&cells(&calibration.contention.cells));
    out.push('\n');
    out.push_str(&fits(calibration));
    for line in unsure(calibration) {
        out.push_str(&line);
        out.push('\n');
    }
    out
}

fn facts(calibration: &Calibration) -> String {
    let c = calibration;
    let or = |value: Option<String>| value.unwrap_or_else(|| "not measured".to_owned());
    let mut rows = vec![
        ("PostgreSQL", c.facts.version_text.clone()),
        ("cores", format!("{}, {}", c.cores, place(c))),
        ("memory", or(c.facts.memory().map(|m| format!("{:.0} MB", m.get() / 1_048_576.0)))),
        ("WAL flush", or(c.contention.flush.map(|(s, spread)| format!("{:.0} us ± {:.0} %", s.us(), 100.0 * spread)))),
        ("random read", or(c.reads.latency().map(|r| format!("{:.0} us", r.us())))),
        ("reads per second", or(c.reads.ceiling.map(|r| format!("{:.0}", r.get())))),
        ("copy from the kernel", or(c.reads.copy().map(|r| format!("{:.1} us", r.us())))),
    ];
    if c.facts.rtt.get() > 0.0 {
        rows.push(("round trip", format!("{:.0} us", c.facts.rtt.us())));
    }
    let rows: Vec<Vec<String>> = rows.into_iter().map(|(name, value)| vec![name.to_owned(), value]).collect();
    plain(&["measured", ""], &rows, 2)
}

fn place(calibration: &Calibration) -> &'static str {
    match calibration.facts.location {
        Location::SameCores => "shared with the load generator",
        Location::OtherCores => "the load generator beside them",
        Location::OtherHost => "the load generator on another host",
    }
}

fn cells(cells: &[Explained]) -> String {
    let rows: Vec<Vec<String>> = cells
        .iter()
        .map(|cell| {
            let m = &cell.measured;
            vec![
                m.cell.family.name().to_owned(),
                m.cell.clients.to_string(),
                format!("{:.0}", m.tps),
                format!("{:.0}", cell.tps),
                percent(cell.tps / m.tps - 1.0),
                percent(cell.left_out_error),
            ]
        })
        .collect();
    plain(&["load", "clients", "tps", "model", "error", "left out"], &rows, 1)
}

/// How well the parts are explained, in one line each.
fn fits(calibration: &Calibration) -> String {
    let mut out = String::new();
    let typical = |mut errors: Vec<f64>| {
        errors.iter_mut().for_each(|e| *e = e.abs());
        errors.sort_by(f64::total_cmp);
        (errors.get(errors.len() / 2).copied(), errors.last().copied())
    };
    let probes = calibration.prices.probes.iter().map(|p| p.left_out_error).collect();
    let cells = calibration.contention.cells.iter().map(|c| c.left_out_error).collect();
    for (what, errors) in [("price probes", probes), ("contention", cells)] {
        let errors: Vec<f64> = errors;
        let count = errors.len();
        if let (Some(middle), Some(worst)) = typical(errors) {
            out.push_str(&format!(
                "{what}: {count} measurements, each forecast from the others within {:.1} % (median), {:.0} % at worst\n",
                100.0 * middle,
                100.0 * worst
            ));
        }
    }
    out
}

/// What the reader should not rely on.
fn unsure(calibration: &Calibration) -> Vec<String> {
    let mut out = Vec::new();
    let all = calibration.coefficients();
    let mut vague: Vec<(f64, String)> = all
        .iter()
        .filter(|f| f.spread > UNSURE && TABLE.iter().any(|i| i.name == f.name))
        .map(|f| (f.spread, format!("{} (± {:.0} %)", f.name, 100.0 * f.spread)))
        .collect();
    vague.sort_by(|a, b| b.0.total_cmp(&a.0));
    let vague: Vec<String> = vague.into_iter().map(|(_, text)| text).collect();
    if !vague.is_empty() {
        out.push(format!("unsure: {}", some(&vague)));
    }
    if !calibration.contention.kept.is_empty() {
        out.push(format!("not learnt, built-in values kept: {}", calibration.contention.kept.join(", ")));
    }
    let mut odd: Vec<_> = calibration.prices.probes.iter().filter(|p| p.left_out_error.abs() > OFF).collect();
    odd.sort_by(|a, b| b.left_out_error.abs().total_cmp(&a.left_out_error.abs()));
    if !odd.is_empty() {
        let names: Vec<String> = odd.iter().map(|p| format!("{} ({})", p.name, percent(p.left_out_error))).collect();
        out.push(format!("explained badly by the other probes: {}", some(&names)));
    }
    let others = calibration.contention.cells.iter().map(|c| c.measured.others).fold(0.0, f64::max);
    if others > BUSY {
        out.push(format!(
            "the machine was not quiet: others took up to {:.0} % of the CPUs while loads ran; repeat it on a quiet one",
            100.0 * others
        ));
    }
    if calibration.reads.latency().is_none() {
        out.push(
            "reads from storage could not be measured: set storage.read and read_iops in the machine file".to_owned(),
        );
    }
    out
}

/// The first few of a list.
fn some(all: &[String]) -> String {
    match all.len().checked_sub(MOST_NAMED) {
        Some(more) if more > 0 => format!("{} and {more} more", all[..MOST_NAMED].join(", ")),
        _ => all.join(", "),
    }
}

fn percent(x: f64) -> String {
    format!("{:+.1} %", 100.0 * x)
}
