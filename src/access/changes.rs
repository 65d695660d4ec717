//! What an UPDATE changes: which indexes see it, and how many bytes of the row differ.

use crate::access::block::{Rel, place_of};
use crate::access::clause::{Clause, Op, Reader, Test};
use crate::access::column::ColumnInfo;
use crate::access::footprint::PopularityClass;
use crate::access::growth;
use crate::access::relation::{IndexInfo, TableInfo};
use crate::access::selectivity::{self, Seen};
use crate::access::sizes;
use crate::access::stored;
use crate::access::tally::Reach;
use crate::access::values::{Draws, Value};
use crate::access::walk;
use crate::access::writes::Change;
use crate::machine::coefficients::state::EXECUTIONS_SINCE_FULL;
use crate::schema::sizes::ColumnWidth;
use crate::schema::{self, TypeFamily};
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
/// stop HOT; how often that happens follows from the column's statistics and the conditions, and from `repeats`, the
/// share of updates that find the row as the statement itself left it.
#[must_use]
pub fn of(
    info: &TableInfo,
    assignments: &[(usize, &Expr)],
    clauses: &[&Clause],
    (rels, draws): (&[Rel], &Draws),
    (version, repeats): (u32, f64),
) -> Change {
    let mut assigned: Vec<Assigned<'_>> = assignments
        .iter()
        .map(|(column, value)| Assigned {
            column: *column,
            value,
            width: new_width(&info.columns[*column], value, &Reader { rels, draws }),
            changes: change_probability(info, *column, value, clauses, (rels, draws), repeats),
        })
        .collect();
    let mut stays = 1.0;
    for a in &assigned {
        if stops_hot(info, a.column, version) {
            stays *= 1.0 - a.changes;
        }
    }
    let old: Vec<ColumnWidth> = info.columns.iter().map(|c| c.width).collect();
    let mut new = old.clone();
    for a in &assigned {
        new[a.column] = a.width;
    }
    let (mut kept, whole) = (old.clone(), new.clone());
    schema::sizes::move_out(&mut kept);
    schema::sizes::move_out(&mut new);
    let (mut moved, mut dropped) = ((0.0, 0.0), 0.0);
    for (place, column) in new.iter().enumerate() {
        let changes = assigned.iter().find(|a| a.column == place).map_or(0.0, |a| a.changes);
        let (was_out, is_out) = (kept[place].bytes < old[place].bytes, column.bytes < whole[place].bytes);
        // A value that stays as it was stays where it was.
        let written = if is_out { f64::from(u8::from(!was_out)).max(changes) } else { 0.0 };
        let chunks = |c: &ColumnWidth| schema::sizes::chunks(c) * (1.0 - c.null_fraction);
        moved.0 += written * chunks(&whole[place]);
        moved.1 += written * whole[place].bytes * (1.0 - whole[place].null_fraction);
        dropped += if was_out { changes * chunks(&old[place]) } else { 0.0 };
    }
    for a in &mut assigned {
        a.width = new[a.column];
    }
    let (changed_bytes, unchanged_ends) = changed_bytes(&kept, info, &assigned);
    Change { hot: stays, changed_bytes, unchanged_ends, columns: new, moved, dropped }
}

/// What an assigned value takes; one that adds to the old value is as much longer as what it adds.
fn new_width(column: &ColumnInfo, value: &Expr, reader: &Reader<'_>) -> ColumnWidth {
    growth::width(column, value, reader).unwrap_or_else(|| stored::width(column, &reader.value(value)))
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

/// Whether any index sees a column.
#[must_use]
pub fn is_indexed(info: &TableInfo, column: usize) -> bool {
    info.indexes.iter().any(|i| sees(info, i, column))
}

fn stops_hot(info: &TableInfo, column: usize, version: u32) -> bool {
    info.indexes.iter().any(|i| (version < SUMMARIZING || i.method != "brin") && sees(info, i, column))
}

fn sees(info: &TableInfo, index: &IndexInfo, column: usize) -> bool {
    let name = &info.columns[column].name;
    index.keys.contains(&Some(column))
        || index.include.contains(&column)
        || index.expressions.iter().chain(&index.predicate).any(|e| walk::column_names(e).contains(name))
}

fn change_probability(
    info: &TableInfo,
    column: usize,
    value: &Expr,
    clauses: &[&Clause],
    (rels, draws): (&[Rel], &Draws),
    repeats: f64,
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
            let at = |v: &[Value], n: usize| v[n.min(v.len() - 1)].text();
            let same = (0..runs)
                .filter(|n| at(&old.values, *n).is_some() && at(&old.values, *n) == at(&own.values, *n))
                .count();
            return 1.0 - same as f64 / runs as f64;
        }
        // `SET state = 'done' WHERE state <> 'done'` finds none either.
        if let Test::Compare(key, Op::Ne, old) = &clause.test
            && key.column.as_ref() == Some(name)
            && let ([old], [new]) = (&old.values[..], &own.values[..])
            && old.text().is_some()
            && old.text() == new.text()
        {
            return 1.0;
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
    let otherwise = 1.0 - selectivity::equality(&info.columns[column], &own, Seen::True).clamp(0.0, 1.0);
    // A value that is the same each time changes a row only once.
    let same_each_time = own.domain == 1.0 && !own.values.iter().any(|v| matches!(v, Value::Now(_)));
    if same_each_time { otherwise * (1.0 - repeats) } else { otherwise }
}

/// Share of updates that find a row which the statement has updated before, when it updates `rows` of those of `reach`.
#[must_use]
pub fn repeats(rows: f64, reach: &Reach) -> f64 {
    let all: f64 = reach.rows.classes.iter().map(|c| c.probability).sum();
    let found = |c: &PopularityClass| {
        let share = c.probability / all.max(1e-12);
        let updates = (EXECUTIONS_SINCE_FULL * rows * share / c.items.max(1.0)).max(1e-9);
        share * (1.0 + (-updates).exp_m1() / updates)
    };
    reach.rows.classes.iter().map(found).sum::<f64>().clamp(0.0, 1.0)
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
/// Numbers are stored lowest byte first, and a small change leaves their upper bytes alone. A value of another length
/// moves all that follows; where the padding before an aligned value changes with that, the bytes in front of it
/// are elsewhere, seen from the end, and count as changed. An end counts when it is long enough to be left out of
/// the log (log_heap_update, heapam.c).
fn changed_bytes(stored: &[ColumnWidth], info: &TableInfo, assigned: &[Assigned<'_>]) -> (f64, f64) {
    let mut offset = 0.0;
    // Of the versions in which anything changes so far: where that begins and ends, and what share they are.
    let (mut first, mut last, mut share) = (0.0, 0.0, 0.0_f64);
    // The distance, a power of two, of which the shift of what follows is a multiple; none when nothing moves.
    let mut shift: Option<f64> = None;
    for (place, column) in info.columns.iter().enumerate() {
        let assigned = assigned.iter().find(|a| a.column == place);
        let width = assigned.map_or(&stored[place], |a| &a.width);
        let before = offset;
        offset = sizes::append(offset, width);
        let present = 1.0 - width.null_fraction;
        let aligned = if sizes::is_packed(width) { 1.0 } else { f64::from(width.align) };
        if let Some(multiple) = shift.filter(|m| *m < aligned) {
            let pads_otherwise = (1.0 - multiple / aligned) * present;
            last += pads_otherwise * (before - last);
            shift = Some(aligned);
        }
        let Some(a) = assigned.filter(|a| a.changes > 0.0) else { continue };
        let bytes = width.bytes * present;
        let differs = match column.family {
            TypeFamily::Machine => differing_bytes(column, a.value).min(bytes),
            _ => bytes,
        };
        let (from, to) = (offset - bytes, offset - bytes + differs);
        let either = share + a.changes - share * a.changes;
        // It begins here where nothing changed before, and ends here wherever this changes.
        first = (share * first + (1.0 - share) * a.changes * from) / either;
        last = (a.changes * to + (1.0 - a.changes) * share * last) / either;
        share = either;
        if width.varlena && (width.bytes - stored[place].bytes).abs() >= 0.5 {
            shift = Some(1.0);
        }
    }
    if share <= 0.0 {
        return (0.0, 1.0);
    }
    let ends = [first, offset - last].iter().filter(|end| **end >= SHORTEST_END).count() as f64;
    if last > first { ((last - first) * share, ends) } else { (0.0, ends.min(1.0)) }
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
