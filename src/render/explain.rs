//! How each statement is believed to run, as JSON and for people.

use serde::Serialize;

use crate::access::{AccessPath, Footprint, Footprints};
use crate::diagnostic::Warning;
use crate::render::explain_locks::{self, CollisionExplanation, DeadlockExplanation, LockExplanation, Locks};
use crate::render::number;
use crate::render::paint::{Paint, wrap};
use crate::render::{RenderError, WIDTH, json, table};
use crate::schema::Schema;
use crate::units::Seconds;
use crate::workload::{StatementText, StepKind, Workload};

/// The whole answer.
#[derive(Debug, Clone, Serialize)]
pub struct Explanation {
    /// By transaction type.
    pub transactions: Vec<TransactionExplanation>,
    /// Pairs of transaction types that can meet at a lock, most likely first.
    pub collisions: Vec<CollisionExplanation>,
    /// Pairs of transaction types that can deadlock, most likely first.
    pub deadlocks: Vec<DeadlockExplanation>,
}

/// One transaction type.
#[derive(Debug, Clone, Serialize)]
pub struct TransactionExplanation {
    /// Its name.
    pub name: String,
    /// Its statements, in order.
    pub statements: Vec<StatementExplanation>,
}

/// One statement, per execution in the steady state.
#[derive(Debug, Clone, Serialize)]
pub struct StatementExplanation {
    /// As written.
    pub sql: String,
    /// Each table once per scan.
    pub relations: Vec<RelationExplanation>,
    /// Buffer accesses, writes, checks and cascades included.
    pub pages: f64,
    /// Rows that the client receives.
    pub rows_out: f64,
    /// Rows inserted, updated or deleted.
    pub rows_written: f64,
    /// Index entries made.
    pub index_entries: f64,
    /// Share of updates in place; null without UPDATE.
    pub hot_fraction: Option<f64>,
    /// WAL without the commit record and full-page images.
    pub wal_bytes: f64,
    /// Server CPU, µs.
    pub cpu_us: f64,
    /// Rows locked.
    pub locks: Vec<LockExplanation>,
    /// What the user gave in place of the model's own idea: `plan`, `cpu`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub given: Vec<&'static str>,
    /// What was assumed or understood in part.
    pub warnings: Vec<WarningExplanation>,
}

/// One scan.
#[derive(Debug, Clone, Serialize)]
pub struct RelationExplanation {
    /// The table.
    pub table: String,
    /// The path.
    pub path: AccessPath,
    /// The index, for index paths.
    pub index: Option<String>,
    /// Rows it returns.
    pub rows: f64,
    /// Buffer accesses.
    pub pages: f64,
}

/// A warning.
#[derive(Debug, Clone, Serialize)]
pub struct WarningExplanation {
    /// Stable name.
    pub code: &'static str,
    /// What happened and what to do.
    pub message: String,
    /// `file:line:column`, or null.
    pub location: Option<String>,
}

/// Puts an explanation together; `price` says what a footprint costs in server CPU.
#[must_use]
pub fn explanation(
    schema: &Schema,
    workload: &Workload,
    footprints: &Footprints,
    price: &dyn Fn(&Footprint) -> Seconds,
    locks: &Locks<'_>,
) -> Explanation {
    let transactions = workload
        .transactions
        .iter()
        .zip(footprints)
        .zip(locks.demands)
        .map(|((transaction, steps), demand)| TransactionExplanation {
            name: transaction.name.clone(),
            statements: transaction
                .steps
                .iter()
                .zip(steps)
                .zip(&demand.steps)
                .filter_map(|((step, footprint), taken)| match (&step.kind, footprint) {
                    (StepKind::Statement(text), Some(footprint)) => {
                        let explain = |place: &usize| {
                            let lock = &demand.locks[*place];
                            explain_locks::lock(schema, transaction, lock, (locks.hold)(lock))
                        };
                        Some(statement(text, footprint, taken.locks.iter().map(explain).collect(), price))
                    }
                    _ => None,
                })
                .collect(),
        })
        .collect();
    Explanation {
        transactions,
        collisions: explain_locks::collisions(schema, workload, locks.collisions),
        deadlocks: explain_locks::deadlocks(schema, workload, locks),
    }
}

fn statement(
    text: &StatementText,
    footprint: &Footprint,
    locks: Vec<LockExplanation>,
    price: &dyn Fn(&Footprint) -> Seconds,
) -> StatementExplanation {
    StatementExplanation {
        sql: text.written.trim().to_owned(),
        relations: footprint
            .relations
            .iter()
            .map(|r| RelationExplanation {
                table: r.table.to_string(),
                path: r.path,
                index: r.index.clone(),
                rows: round(r.rows),
                pages: round(r.pages),
            })
            .collect(),
        pages: round(footprint.pages.get()),
        rows_out: round(footprint.rows_out),
        rows_written: round(footprint.rows_written),
        index_entries: round(footprint.index_entries),
        hot_fraction: footprint.hot_fraction.map(round),
        wal_bytes: round(footprint.wal_bytes.get()),
        cpu_us: round(text.cpu.unwrap_or_else(|| price(footprint)).us()),
        locks,
        given: [("plan", text.plan.is_some()), ("cpu", text.cpu.is_some())]
            .into_iter()
            .filter_map(|(name, given)| given.then_some(name))
            .collect(),
        warnings: footprint.warnings.iter().map(warning).collect(),
    }
}

fn warning(warning: &Warning) -> WarningExplanation {
    WarningExplanation {
        code: warning.code.as_str(),
        message: warning.message.clone(),
        location: warning.position.as_ref().map(ToString::to_string),
    }
}

/// Four decimals are more than the model knows, and keep results readable and equal between builds.
pub(super) fn round(x: f64) -> f64 {
    let rounded = (x * 1e4).round() / 1e4;
    // No negative zero.
    if rounded == 0.0 { 0.0 } else { rounded }
}

/// As JSON.
///
/// # Errors
/// The serializer's.
pub fn to_json(explanation: &Explanation) -> Result<String, RenderError> {
    json::pretty(explanation)
}

/// For people.
#[must_use]
pub fn text(explanation: &Explanation, paint: Paint, quiet: bool) -> String {
    let mut out = String::new();
    for transaction in &explanation.transactions {
        out += &format!("{}\n", paint.bold(&transaction.name));
        for statement in &transaction.statements {
            out += &statement_text(statement, paint, quiet);
        }
        out.push('\n');
    }
    out + &explain_locks::text(&explanation.collisions, &explanation.deadlocks, paint)
}

fn statement_text(s: &StatementExplanation, paint: Paint, quiet: bool) -> String {
    let sql = s.sql.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut out = format!("\n{}\n", wrap("  ", &sql, WIDTH));
    if !s.relations.is_empty() {
        let rows: Vec<Vec<String>> = s
            .relations
            .iter()
            .map(|r| {
                vec![
                    r.table.clone(),
                    path_text(r.path).to_owned(),
                    r.index.clone().unwrap_or_default(),
                    number::short(r.rows),
                    number::short(r.pages),
                ]
            })
            .collect();
        out += &table::plain(&["table", "path", "index", "rows", "pages"], &rows, 3);
    }
    let mut facts =
        vec![format!("{} pages", number::short(s.pages)), format!("{} rows out", number::short(s.rows_out))];
    if s.rows_written > 0.0 {
        facts.push(format!("{} rows written", number::short(s.rows_written)));
    }
    if s.index_entries > 0.0 {
        facts.push(format!("{} index entries", number::short(s.index_entries)));
    }
    if let Some(hot) = s.hot_fraction {
        facts.push(format!("{} HOT", number::percent(hot)));
    }
    if s.wal_bytes > 0.0 {
        facts.push(format!("WAL {}", number::bytes(s.wal_bytes)));
    }
    facts.push(format!("server CPU {}", number::duration(s.cpu_us / 1000.0)));
    if !s.given.is_empty() {
        facts.push(format!("with the {} given", s.given.join(" and the ")));
    }
    out += &format!("{}\n", wrap("  ", &facts.join(", "), WIDTH));
    for lock in &s.locks {
        out += &format!("{}\n", wrap("  ", &explain_locks::lock_text(lock), WIDTH));
    }
    if !quiet {
        for warning in &s.warnings {
            let place = warning.location.as_ref().map_or_else(String::new, |l| format!("{l}: "));
            let line = format!("{place}{}", warning.message);
            out += &format!("{}\n", paint.warn(&wrap("  warning: ", &line, WIDTH)));
        }
    }
    out
}

const fn path_text(path: AccessPath) -> &'static str {
    match path {
        AccessPath::IndexScan => "index scan",
        AccessPath::IndexOnlyScan => "index-only scan",
        AccessPath::BitmapScan => "bitmap scan",
        AccessPath::SeqScan => "sequential scan",
        AccessPath::Insert => "insert",
        AccessPath::None => "none",
    }
}
