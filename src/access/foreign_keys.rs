//! What foreign keys cost: checks against parents, and children of parents that go or change.

use std::sync::Arc;

use crate::access::changes;
use crate::access::clause::{Key, ValueSet};
use crate::access::entries::Entry;
use crate::access::footprint::Popularity;
use crate::access::relation::{IndexInfo, TableInfo};
use crate::access::statement::lock;
use crate::access::tally::{Reach, Tally};
use crate::access::touches;
use crate::access::writes;
use crate::schema::ReferentialAction;
use crate::sql::tree::{Expr, LockMode, LockWait};

/// Depth to which cascades are followed.
pub const MAX_CASCADE: usize = 8;

/// A foreign key of a table that is written.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// The referencing columns by place.
    pub columns: Vec<usize>,
    /// The referenced table.
    pub parent: Arc<TableInfo>,
    /// The referenced columns by name.
    pub referenced: Vec<String>,
}

/// A foreign key that points to a table that is written.
#[derive(Debug, Clone)]
pub struct Incoming {
    /// The referencing table.
    pub child: Arc<TableInfo>,
    /// Its columns by place.
    pub columns: Vec<usize>,
    /// The referenced columns by name.
    pub referenced: Vec<String>,
    /// ON DELETE.
    pub on_delete: ReferentialAction,
    /// ON UPDATE.
    pub on_update: ReferentialAction,
    /// Rows of the referenced table.
    pub parent_rows: f64,
    /// Keys that point to the child, for cascades.
    pub below: Vec<Incoming>,
}

/// Checks `rows` new references of one key: a lookup of the parent and a KEY SHARE lock on it.
///
/// `locked` of the parents were not locked by the transaction before; of the others nothing is logged again.
/// `value` is where the parents are drawn from, `which` the condition that finds them, for people.
pub fn check(
    key: &Outgoing,
    rows: f64,
    (value, which): (Option<&ValueSet>, Option<String>),
    locked: f64,
    tally: &mut Tally,
) {
    if rows <= 0.0 {
        return;
    }
    let parent = &key.parent;
    let Some(index) = lookup_index(parent, &key.referenced) else { return };
    let mut reach = match (value, key.referenced.first()) {
        (Some(value), Some(column)) => {
            let named = Key { rel: 0, column: Some(column.clone()), expr: Expr::Default };
            touches::of_key(&named, value, parent)
        }
        _ => touches::everything(parent),
    };
    reach.which = which;
    tally.counts.foreign_key_check += rows;
    // The price of a check holds the lookup; the trigger fetches the new row again.
    let priced = tally.counts;
    tally.index_visits(parent, index, (1.0, index.levels, 1.0), rows, &reach);
    tally.heap_visits(parent, (1.0, 1.0), rows, &reach);
    tally.counts = priced;
    tally.pages += rows;
    if locked <= 0.0 {
        return;
    }
    writes::lock_rows(parent, locked, &reach, tally);
    // The rows locked are not rows written; the check's own price covers the work.
    tally.counts.row_written -= locked;
    lock(parent, locked, (LockMode::KeyShare, LockWait::Block), &reach, tally);
}

fn lookup_index<'a>(table: &'a TableInfo, columns: &[String]) -> Option<&'a IndexInfo> {
    let names = |i: &IndexInfo| -> Option<Vec<&str>> {
        i.keys.iter().map(|k| k.map(|c| table.columns[c].name.as_str())).collect()
    };
    table.indexes.iter().find(|i| {
        i.unique
            && names(i).is_some_and(|n| n.len() == columns.len() && columns.iter().all(|c| n.contains(&c.as_str())))
    })
}

/// The index that finds the children of a parent; `None` means a scan of the whole table.
fn child_index<'a>(key: &Incoming, table: &'a TableInfo) -> Option<&'a IndexInfo> {
    table.indexes.iter().find(|i| {
        i.method == "btree"
            && i.predicate.iter().all(|p| not_null(key, table, p))
            && !i.keys.is_empty()
            && i.keys.iter().take(key.columns.len()).all(|k| k.is_some_and(|c| key.columns.contains(&c)))
    })
}

/// Whether a partial index's predicate only leaves out rows that refer to nothing.
fn not_null(key: &Incoming, table: &TableInfo, predicate: &Expr) -> bool {
    matches!(predicate, Expr::IsNull { expr, negated: true } if matches!(&**expr, Expr::Column { name, .. }
        if key.columns.iter().any(|c| table.columns[*c].name == *name)))
}

/// What happens to the children of `rows` parents that are deleted (or whose key changes).
pub fn parents_gone(key: &Incoming, rows: f64, deleted: bool, tally: &mut Tally) {
    if rows <= 0.0 {
        return;
    }
    let child = &key.child;
    let action = if deleted { key.on_delete } else { key.on_update };
    let nulls = key.columns.first().map_or(0.0, |c| child.columns[*c].null_fraction);
    // Children are spread over all parents, those without any included.
    let children = child.rows * (1.0 - nulls) / key.parent_rows.max(1.0);
    tally.counts.foreign_key_check += rows;
    tally.counts.executor_run += rows;
    // Children of one parent lie together as rows of one value do.
    let together = key.columns.iter().map(|c| child.columns[*c].together).fold(0.0, f64::max);
    let reach = Reach { together, sweeps: child_index(key, child).is_none(), ..touches::everything(child) };
    let found = if action == ReferentialAction::Check { 0.0 } else { children };
    match child_index(key, child) {
        Some(index) => {
            let leaves = index.levels + (children - 1.0).max(0.0) / index.entries_per_leaf;
            tally.index_visits(child, index, (1.0, leaves, children), rows, &reach);
            let heap = super::scans::heap_accesses(found, child.pages, child.density(), together, true);
            tally.heap_visits(child, (heap, 1.0), rows, &reach);
            tally.counts.index_row += children * rows;
        }
        None => {
            tally.pages += child.pages * rows;
            tally.counts.seq_row += child.rows * rows;
            tally.touch(
                crate::access::footprint::RelationId::Heap(child.id),
                child.pages,
                (child.pages * rows, 0.0),
                Popularity::uniform(child.pages),
                !child.unlogged,
            );
        }
    }
    match action {
        ReferentialAction::Check => {}
        ReferentialAction::Cascade if deleted => {
            delete_children(key, children * rows, &reach, tally);
        }
        ReferentialAction::Cascade | ReferentialAction::Set => {
            let indexed = key.columns.iter().any(|c| changes::is_indexed(child, *c));
            let hot = f64::from(u8::from(!indexed));
            let change = writes::Change::small(child, hot, 8.0);
            writes::update_rows(child, children * rows, &change, &Entry::beside, &reach, tally);
            lock(child, children * rows, (LockMode::NoKeyUpdate, LockWait::Block), &reach, tally);
        }
    }
}

fn delete_children(key: &Incoming, rows: f64, reach: &Reach, tally: &mut Tally) {
    writes::delete_rows(&key.child, rows, reach, tally);
    lock(&key.child, rows, (LockMode::Update, LockWait::Block), reach, tally);
    for below in &key.below {
        parents_gone(below, rows, true, tally);
    }
}
