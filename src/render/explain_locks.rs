//! The locks part of `predict explain`: what a statement locks and for how long, and who can meet whom there.

use serde::Serialize;

use crate::access::Lockable;
use crate::demand::{LockDemand, TransactionDemand};
use crate::model::build::lock_name;
use crate::model::collisions::{Collision, Deadlock};
use crate::render::explain::round;
use crate::render::number;
use crate::render::paint::{Paint, wrap};
use crate::render::{WIDTH, table};
use crate::schema::Schema;
use crate::sql::tree::{LockMode, LockWait};
use crate::units::Seconds;
use crate::workload::{Transaction, Workload};

/// What is known of a workload's locks.
pub struct Locks<'a> {
    /// By transaction type.
    pub demands: &'a [TransactionDemand],
    /// Pairs that can meet.
    pub collisions: &'a [Collision],
    /// Pairs that can deadlock.
    pub deadlocks: &'a [Deadlock],
    /// How long a lock is held when nobody else is there.
    pub hold: &'a dyn Fn(&LockDemand) -> Seconds,
}

/// Rows (a table, a number) locked until the end of the transaction.
#[derive(Debug, Clone, Serialize)]
pub struct LockExplanation {
    /// The table; `advisory lock` for a number.
    pub table: String,
    /// How many.
    pub rows: f64,
    /// `key share`, `share`, `no key update` or `update`; of a table as a whole, the mode of LOCK TABLE.
    pub mode: &'static str,
    /// `row`, `table` or `advisory`.
    pub on: &'static str,
    /// The condition that leads to the rows, where it is simple; null: any row of the table.
    pub which: Option<String>,
    /// From the lock to the end of commit when nobody else is there, flush included, µs.
    pub held_us: f64,
    /// What happens where it is locked already: `block`, `skip locked` or `nowait`.
    pub wait: &'static str,
}

/// Two transaction types that can meet at a lock.
#[derive(Debug, Clone, Serialize)]
pub struct CollisionExplanation {
    /// Their names; twice the same for two of one type.
    pub transactions: [String; 2],
    /// The table; `advisory lock` for a number.
    pub table: String,
    /// `row`, `table` or `advisory`.
    pub on: &'static str,
    /// The strongest modes with which they meet.
    pub modes: [&'static str; 2],
    /// Probability that one execution of each wants the same row.
    pub probability: f64,
    /// Whether one waits for the other; false where both skip or fail.
    pub waits: bool,
}

/// A lock that takes part in a deadlock.
#[derive(Debug, Clone, Serialize)]
pub struct StepExplanation {
    /// The table.
    pub table: String,
    /// The mode.
    pub mode: &'static str,
    /// Which rows, where that is simple.
    pub which: Option<String>,
}

/// Two transaction types that can deadlock.
#[derive(Debug, Clone, Serialize)]
pub struct DeadlockExplanation {
    /// Their names; twice the same for two of one type.
    pub transactions: [String; 2],
    /// What each holds.
    pub holds: [StepExplanation; 2],
    /// What each waits for.
    pub wants: [StepExplanation; 2],
    /// Probability that one execution of each wants what the other has.
    pub probability: f64,
}

/// Variables by name in the place of their numbers.
fn named(which: Option<&String>, transaction: &Transaction) -> Option<String> {
    let mut text = which?.clone();
    // The highest first, so that `$1` is not found in `$12`.
    for (place, variable) in transaction.variables.iter().enumerate().rev() {
        text = text.replace(&format!("${}", place + 1), &format!(":{}", variable.name));
    }
    Some(text)
}

const fn mode_of(of: Lockable, mode: LockMode) -> &'static str {
    match of {
        Lockable::Table(mode) => mode.as_str(),
        Lockable::Row | Lockable::Advisory => mode.as_str(),
    }
}

const fn on(of: Lockable) -> &'static str {
    match of {
        Lockable::Row => "row",
        Lockable::Table(_) => "table",
        Lockable::Advisory => "advisory",
    }
}

/// One lock of a transaction type.
pub fn lock(schema: &Schema, transaction: &Transaction, lock: &LockDemand, hold: Seconds) -> LockExplanation {
    LockExplanation {
        table: lock_name(schema, lock.table),
        rows: round(lock.rows),
        mode: mode_of(lock.of, lock.mode),
        on: on(lock.of),
        which: named(lock.which.as_ref(), transaction),
        held_us: round(hold.us()),
        wait: match lock.wait {
            LockWait::Block => "block",
            LockWait::SkipLocked => "skip locked",
            LockWait::NoWait => "nowait",
        },
    }
}

/// All pairs that can meet.
#[must_use]
pub fn collisions(schema: &Schema, workload: &Workload, found: &[Collision]) -> Vec<CollisionExplanation> {
    let name = |kind: usize| workload.transactions[kind].name.clone();
    found
        .iter()
        .map(|c| CollisionExplanation {
            transactions: [name(c.kinds.0), name(c.kinds.1)],
            table: lock_name(schema, c.table),
            on: on(c.of),
            modes: [c.modes.0.as_str(), c.modes.1.as_str()],
            probability: c.probability,
            waits: c.waits,
        })
        .collect()
}

/// All pairs that can deadlock.
#[must_use]
pub fn deadlocks(schema: &Schema, workload: &Workload, locks: &Locks<'_>) -> Vec<DeadlockExplanation> {
    let step = |kind: usize, place: usize| {
        let lock = &locks.demands[kind].locks[place];
        StepExplanation {
            table: lock_name(schema, lock.table),
            mode: mode_of(lock.of, lock.mode),
            which: named(lock.which.as_ref(), &workload.transactions[kind]),
        }
    };
    let name = |kind: usize| workload.transactions[kind].name.clone();
    let both = |d: &Deadlock, of: fn(&(usize, usize)) -> usize| {
        [step(d.kinds.0, of(&d.locks[0])), step(d.kinds.1, of(&d.locks[1]))]
    };
    locks
        .deadlocks
        .iter()
        .map(|d| DeadlockExplanation {
            transactions: [name(d.kinds.0), name(d.kinds.1)],
            holds: both(d, |l| l.0),
            wants: both(d, |l| l.1),
            probability: d.probability,
        })
        .collect()
}

/// One lock on a line.
#[must_use]
pub fn lock_text(l: &LockExplanation) -> String {
    let which = l.which.as_ref().map_or_else(String::new, |w| format!(" where {w}"));
    let what = match l.on {
        "table" => format!("table {} in mode {}", l.table, l.mode),
        "advisory" => format!("{}{which}, {}", l.table, if l.mode == "share" { "shared" } else { "exclusive" }),
        _ => format!("{} x {}{which} for {}", number::short(l.rows), l.table, l.mode),
    };
    let wait = if l.wait == "block" { String::new() } else { format!(" ({})", l.wait) };
    format!("locks {what}{wait}, held {}", number::duration(l.held_us / 1000.0))
}

/// Who can meet whom, and who can deadlock.
#[must_use]
pub fn text(collisions: &[CollisionExplanation], deadlocks: &[DeadlockExplanation], paint: Paint) -> String {
    let pair =
        |t: &[String; 2]| if t[0] == t[1] { format!("{} with itself", t[0]) } else { format!("{}, {}", t[0], t[1]) };
    let mut out = String::new();
    if !collisions.is_empty() {
        out += &format!("{}\n", paint.bold("locks that transactions meet at"));
        let rows: Vec<Vec<String>> = collisions
            .iter()
            .map(|c| {
                vec![
                    pair(&c.transactions),
                    c.table.clone(),
                    if c.modes[0] == c.modes[1] { c.modes[0].to_owned() } else { c.modes.join(", ") },
                    (if c.waits { "waits" } else { "does not wait" }).to_owned(),
                    number::percent(c.probability),
                ]
            })
            .collect();
        out += &table::plain(&["transactions", "table", "modes", "then", "chance"], &rows, 4);
        out.push('\n');
    }
    if !deadlocks.is_empty() {
        out += &format!("{}\n", paint.bold("deadlocks that can happen"));
        let step = |s: &StepExplanation| {
            s.which.as_ref().map_or_else(|| s.table.clone(), |which| format!("{} ({which})", s.table))
        };
        for d in deadlocks {
            let line = format!(
                "{}: one holds {} and wants {}, the other holds {} and wants {}; chance when both run at once {}",
                pair(&d.transactions),
                step(&d.holds[0]),
                step(&d.wants[0]),
                step(&d.holds[1]),
                step(&d.wants[1]),
                number::percent(d.probability)
            );
            out += &format!("{}\n", wrap("  ", &line, WIDTH));
        }
        out.push('\n');
    }
    out
}
