//! What an UPDATE changes: which indexes see it, and how many bytes of the row differ.

use crate::access::block::{Rel, place_of};
use crate::access::clause::{Clause, Op, Reader, Test};
use crate::access::column::ColumnInfo;
use crate::access::relation::TableInfo;
use crate::access::selectivity::{self, Seen};
use crate::access::sizes;
use crate::access::stored;
use crate::access::values::Draws;
use crate::access::walk;
use crate::access::writes::Change;
use crate::schema::TypeFamily;
use crate::schema::sizes::ColumnWidth;
use crate::sql::tree::Expr;

/// Version from which columns in BRIN indexes alone do not stop HOT.
const SUMMARIZING: u32 = 16;

/// Shortest unchanged end of a row that the log leaves out (log_heap_update).
const SHORTEST_END: f64 = 3.0;

/// What is assigned to one column.
struct Assigned<'e> {
    column: usize,
    value: &'e Expr,
    /// What the new value takes.
    width: ColumnWidth,
    /// Probability that the value changes.
    changes: f64,
}

/// What an UPDATE of these columns does to a row.
///
/// The server compares old and new values, so an indexed column that is set to what it was does not
/// stop HOT; how often that happens follows from the column's statistics and the conditions.
#[must_use]
pub fn of(
    info: &TableInfo,
    assignments: &[(usize, &Expr)],
    clauses: &[&Clause],
    (rels, draws): (&[Rel], &Draws),
    version: u32,
) -> Change {
    let assigned: Vec<Assigned<'_>> = assignments
        .iter()
        .map(|(column, value)| Assigned {
            column: *column,
            value,
            width: stored::width(&info.columns[*column], &Reader { rels, draws }.value(value)),
            changes: change_probability(info, *column, value, clauses, (rels, draws)),
        })
        .collect();
    let mut stays = 1.0;
    for a in &assigned {
        if is_indexed(info, a.column, version) {
            stays *= 1.0 - a.changes;
        }
    }
    let (changed_bytes, unchanged_ends) = changed_bytes(info, &assigned);
    Change { hot: stays, changed_bytes, unchanged_ends }
}

/// Whether an assigned column belongs to a key of a unique index, so that the row lock is a full one.
#[must_use]
pub fn touches_key(info: &TableInfo, assignments: &[(usize, &Expr)]) -> bool {
    assignments.iter().any(|(column, value)| {
        !is_itself(info, *column, value)
            && info.indexes.iter().any(|i| i.unique && i.predicate.is_empty() && i.keys.contains(&Some(*column)))
    })
}

fn is_itself(info: &TableInfo, column: usize, value: &Expr) -> bool {
    matches!(value, Expr::Column { qualifier, name, .. }
        if place_of(qualifier.as_deref()) == Some(0) && *name == info.columns[column].name)
}

fn is_indexed(info: &TableInfo, column: usize, version: u32) -> bool {
    let name = &info.columns[column].name;
    info.indexes.iter().filter(|i| version < SUMMARIZING || i.method != "brin").any(|i| {
        i.keys.contains(&Some(column))
            || i.include.contains(&column)
            || i.expressions.iter().chain(&i.predicate).any(|e| walk::column_names(e).contains(name))
    })
}

fn change_probability(
    info: &TableInfo,
    column: usize,
    value: &Expr,
    clauses: &[&Clause],
    (rels, draws): (&[Rel], &Draws),
) -> f64 {
    if is_itself(info, column, value) {
        return 0.0;
    }
    let own = Reader { rels, draws }.value(value);
    let name = &info.columns[column].name;
    // The condition may have fixed the old value.
    for clause in clauses {
        if let Some(old) = truth(&clause.test, name) {
            let same = own.values.iter().filter(|v| v.text().as_deref() == Some(old)).count();
            return if own.unknown() { 0.5 } else { 1.0 - same as f64 / own.values.len() as f64 };
        }
        if let Test::Compare(key, Op::Eq, old) = &clause.test
            && key.column.as_ref() == Some(name)
            && !old.unknown()
        {
            let runs = old.values.len().max(own.values.len());
            let at = |v: &[crate::access::values::Value], n: usize| v[n.min(v.len() - 1)].text();
            let same = (0..runs)
                .filter(|n| at(&old.values, *n).is_some() && at(&old.values, *n) == at(&own.values, *n))
                .count();
            return 1.0 - same as f64 / runs as f64;
        }
        // `SET n = 4 WHERE n < 4` finds no row that has the value already.
        if let Test::Compare(key, op, bound) = &clause.test
            && key.column.as_ref() == Some(name)
            && let ([old], [new]) = (&bound.values[..], &own.values[..])
            && let (Some(old), Some(new)) = (old.number(), new.number())
            && !op.holds(new, old)
        {
            return 1.0;
        }
    }
    let mentions_column = !walk::column_names(value).is_empty();
    if own.unknown() || own.hidden || mentions_column {
        return 1.0;
    }
    1.0 - selectivity::equality(&info.columns[column], &own, Seen::True).clamp(0.0, 1.0)
}

/// The boolean that a condition leaves a column with.
fn truth(test: &Test, name: &str) -> Option<&'static str> {
    match test {
        Test::Truth(key) if key.column.as_deref() == Some(name) => Some("true"),
        Test::Not(inner) => match truth(&inner.test, name)? {
            "true" => Some("false"),
            _ => Some("true"),
        },
        _ => None,
    }
}

/// Bytes of the new version from the first to the last that differ, and how many of its ends stay the same.
///
/// Numbers are stored lowest byte first, and a small change leaves their upper bytes alone. An end counts
/// when it is long enough to be left out of the log (log_heap_update, heapam.c).
fn changed_bytes(info: &TableInfo, assigned: &[Assigned<'_>]) -> (f64, f64) {
    let mut offset = 0.0;
    let (mut first, mut last) = (f64::INFINITY, 0.0_f64);
    let mut differing: f64 = 0.0;
    for (place, column) in info.columns.iter().enumerate() {
        let Some(a) = assigned.iter().find(|a| a.column == place) else {
            offset = sizes::append(offset, &column.width);
            continue;
        };
        offset = sizes::append(offset, &a.width);
        if a.changes <= 0.0 {
            continue;
        }
        let width = a.width.bytes * (1.0 - a.width.null_fraction);
        let differs = match column.family {
            TypeFamily::Machine => differing_bytes(column, a.value).min(width),
            _ => width,
        };
        first = first.min(offset - width);
        last = last.max(offset - width + differs);
        differing = differing.max(a.changes);
    }
    let ends = [first, offset - last].iter().filter(|end| **end >= SHORTEST_END).count() as f64;
    if last > first { ((last - first) * differing, ends) } else { (0.0, ends.min(1.0)) }
}

/// Bytes of a fixed-size value that a new one changes: those of an increment, or most of them.
fn differing_bytes(column: &ColumnInfo, value: &Expr) -> f64 {
    let bytes = column.width.bytes;
    let increment = matches!(value, Expr::Binary { op, left, .. } if (op == "+" || op == "-") && matches!(**left, Expr::Column { .. }));
    if bytes <= 2.0 {
        bytes
    } else if increment && column.integer {
        (bytes * 0.6).min(2.5)
    } else {
        bytes * 0.75
    }
}
