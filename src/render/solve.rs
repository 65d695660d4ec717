//! The solution of a queueing network as text.

use crate::queueing::NetworkSolution;
use crate::queueing::result::Bound;
use crate::render::number::short_or_dash;
use crate::render::paint::{Paint, wrap};
use crate::render::{WIDTH, number, table};

/// Tables of classes, stations and bounds, and what to know about them.
#[must_use]
pub fn text(solution: &NetworkSolution, paint: Paint) -> String {
    let mut out = String::new();
    if solution.method != "bounds" {
        out += &paint.bold("classes");
        out += "\n";
        let rows: Vec<Vec<String>> = solution
            .classes
            .iter()
            .map(|c| {
                vec![
                    c.name.clone(),
                    short_or_dash(c.throughput),
                    seconds(c.response_time),
                    short_or_dash(c.number_in_system),
                ]
            })
            .collect();
        out += &table::plain(&["class", "throughput /s", "response", "customers"], &rows, 1);
        out += "\n";
        out += &paint.bold("stations");
        out += "\n";
        out += &stations(solution);
        out += "\n";
    }
    out += &paint.bold("bounds");
    out += "\n";
    let rows: Vec<Vec<String>> = solution
        .bounds
        .iter()
        .map(|b| vec![b.class.clone(), range(b.throughput, short_or_dash), range(b.response_time, seconds)])
        .collect();
    out += &table::plain(&["class", "throughput /s", "response"], &rows, 1);
    if let Some(flow) = &solution.flow_equivalent {
        out += "\n";
        let listed: Vec<String> = flow.iter().take(64).map(|x| number::short(*x)).collect();
        let more = if flow.len() > 64 { format!(" ... {} in all", flow.len()) } else { String::new() };
        out += &paint.bold("flow-equivalent throughput with 1, 2, ... customers");
        out += "\n";
        out += &wrap("  ", &(listed.join(" ") + &more), WIDTH);
    }
    out += "\n";
    for note in &solution.notes {
        // The label is coloured after wrapping, so that its codes take no room.
        out += &wrap("note: ", note, WIDTH).replacen("note:", &paint.warn("note:"), 1);
    }
    let ended = match (solution.iterations, solution.converged) {
        (0, _) => String::new(),
        (n, true) => format!(", {n} iterations"),
        (n, false) => format!(", not converged after {n} iterations"),
    };
    out += &format!("method: {}{ended}\n", solution.method);
    out
}

fn stations(solution: &NetworkSolution) -> String {
    let several = solution.classes.len() > 1;
    let mut rows = Vec::new();
    for s in &solution.stations {
        let residence = match s.classes.as_slice() {
            [one] => seconds(one.residence_time),
            _ => String::new(),
        };
        rows.push(vec![s.name.clone(), utilization(s.utilization), short_or_dash(s.queue_length), residence]);
        if several {
            for c in s.classes.iter().filter(|c| c.queue_length.is_some_and(|q| q > 0.0)) {
                rows.push(vec![
                    format!("  {}", c.name),
                    utilization(c.utilization),
                    short_or_dash(c.queue_length),
                    seconds(c.residence_time),
                ]);
            }
        }
    }
    table::plain(&["station", "utilization", "customers", "residence"], &rows, 1)
}

fn seconds(x: Option<f64>) -> String {
    x.map_or_else(|| "-".to_owned(), |s| number::duration(s * 1e3))
}

fn utilization(x: Option<f64>) -> String {
    x.map_or_else(|| "-".to_owned(), |u| format!("{u:.4}"))
}

fn range(bound: Bound, write: fn(Option<f64>) -> String) -> String {
    format!("{} .. {}", write(bound[0]), write(bound[1]))
}
