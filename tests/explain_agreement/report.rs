//! Shares of statements that agree, apart and together, and the misses.

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::HALVES;
use crate::compare::{Comparison, GOALS};

/// Statements that agree, of those judged.
fn share(compared: &[Comparison], goal: usize, half: Option<&str>) -> (usize, usize) {
    let of_half = compared.iter().filter(|c| half.is_none_or(|h| c.half == h));
    let judged: Vec<bool> = of_half.filter_map(|c| c.agrees[goal]).collect();
    (judged.iter().filter(|agrees| **agrees).count(), judged.len())
}

fn per_cent((good, all): (usize, usize)) -> String {
    match all {
        0 => "-".to_owned(),
        _ => format!("{good} of {all} ({:.1} %)", 100.0 * good as f64 / all as f64),
    }
}

fn reached(compared: &[Comparison], goal: usize) -> bool {
    let (good, all) = share(compared, goal, None);
    good as f64 >= GOALS[goal].1 * all as f64
}

/// What the statements that the model was never tuned with have reached: the goals are higher, and the summary says
/// where they are missed; falling back is an error.
const UNSEEN_REACHED: [f64; 5] = [0.83, 0.87, 0.89, 0.71, 0.90];

/// The goals that the statements the model was tuned with no longer reach, and where the others fell back.
pub fn fallen(compared: &[Comparison]) -> Vec<String> {
    let below = |goal: usize, half: &str, asked: f64| {
        let (good, all) = share(compared, goal, Some(half));
        (good as f64) < asked * all as f64
    };
    (0..GOALS.len())
        .flat_map(|goal| [(goal, HALVES[0], GOALS[goal].1), (goal, HALVES[1], UNSEEN_REACHED[goal])])
        .filter(|(goal, half, asked)| below(*goal, half, *asked))
        .map(|(goal, half, asked)| format!("{} of {half}: {:.0} % asked", GOALS[goal].0, asked * 100.0))
        .collect()
}

fn extent(compared: &[Comparison]) -> String {
    let schemas: BTreeSet<(&str, &str)> =
        compared.iter().map(|c| (c.half, c.name.split(':').next().unwrap_or_default())).collect();
    format!("{} statements over {} schemas", compared.len(), schemas.len())
}

/// Shares with their verdicts, and the misses.
pub fn summary(compared: &[Comparison]) -> String {
    let mut text = format!("{}\n", extent(compared));
    let _ = writeln!(text, "{:6} {:>20} {:>20} {:>20} {:>6}", "", "tuned with", "unseen", "all", "asked");
    for (goal, (what, asked)) in GOALS.iter().enumerate() {
        let [tuned, unseen] = HALVES.map(|half| per_cent(share(compared, goal, Some(half))));
        let joint = per_cent(share(compared, goal, None));
        let verdict = if reached(compared, goal) { "reached" } else { "MISSED" };
        let _ = writeln!(text, "{what:6} {tuned:>20} {unseen:>20} {joint:>20} {:>5.0}% {verdict}", asked * 100.0);
    }
    text.push_str("\nMisses:\n");
    for (goal, (what, _)) in GOALS.iter().enumerate() {
        for miss in compared.iter().filter(|c| c.agrees[goal] == Some(false)) {
            let _ = writeln!(text, "{what:6} {:7} {}", miss.half, miss.name);
        }
    }
    text
}

/// The whole table as a page of Markdown.
pub fn document(compared: &[Comparison]) -> String {
    let mut text = String::from(INTRODUCTION);
    let _ = writeln!(text, "{} on PostgreSQL 15.\n", extent(compared));
    text.push_str("| | tuned with | unseen | all | asked |\n|---|---|---|---|---|\n");
    for (goal, (what, asked)) in GOALS.iter().enumerate() {
        let [tuned, unseen] = HALVES.map(|half| per_cent(share(compared, goal, Some(half))));
        let joint = per_cent(share(compared, goal, None));
        let _ = writeln!(text, "| {what} | {tuned} | {unseen} | {joint} | {:.0} % |", asked * 100.0);
    }
    text.push_str("\nForecast / found, a miss in bold.\n\n");
    text.push_str("| statement | path | rows | pages | WAL bytes | HOT |\n|---|---|---|---|---|---|\n");
    for c in compared {
        let bold = |goal: usize, cell: String| match c.agrees[goal] {
            Some(false) => format!("**{cell}**"),
            Some(true) => cell,
            None => String::new(),
        };
        let pair = |(a, b): (f64, f64)| format!("{} / {}", short(a), short(b));
        let hot = |h: Option<f64>| h.map_or("-".to_owned(), |h| format!("{:.2}", h.abs()));
        let path = match c.agrees[0] {
            Some(true) => "as found".to_owned(),
            _ => format!("{} / {}", c.paths.0.join(", "), c.paths.1.join(", ")),
        };
        let half = if c.half == HALVES[0] { "" } else { " (unseen)" };
        let _ = writeln!(
            text,
            "| {}{half} | {} | {} | {} | {} | {} |",
            c.name,
            bold(0, path),
            bold(1, pair(c.rows)),
            bold(2, pair(c.pages)),
            bold(3, pair(c.wal)),
            bold(4, format!("{} / {}", hot(c.hot.0), hot(c.hot.1))),
        );
    }
    text
}

/// Three digits that count.
fn short(x: f64) -> String {
    let x = x.abs();
    if x >= 100.0 {
        format!("{x:.0}")
    } else if x >= 10.0 {
        format!("{x:.1}")
    } else {
        format!("{x:.2}")
    }
}

const INTRODUCTION: &str = "# `predict explain` beside a server

Written by `AGREEMENT_WRITE=1 cargo test --test explain_agreement`: a scratch server loads data that has the
statistics of each workload, every statement is prepared and executed, and what EXPLAIN (ANALYZE), the
statistics views and pg_stat_statements report stands beside the forecast.

- Path: scan type and index of every relation, after the plan cache has settled.
- Rows: what all scans return, of 40 executions; they agree within a factor of 1.5.
- Pages: buffer accesses, checks and cascades included; within a factor of 2.
- WAL: bytes per execution without full-page images and commit record; within 15 %. Updates and inserts: five
  rounds of 400 executions, each after VACUUM; deletions: one.
- HOT: share of updates that need no index entry; within 0.1.

";
