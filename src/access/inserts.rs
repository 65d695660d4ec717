//! Running an INSERT: rows, entries, conflicts and references.

use crate::access::block::{Block, Insert, Leaf, Node, OUTER};
use crate::access::changes;
use crate::access::clause::{Clause, Test, ValueSet};
use crate::access::condition;
use crate::access::entries::Entry;
use crate::access::foreign_keys;
use crate::access::partitions;
use crate::access::predicates;
use crate::access::relation::{IndexInfo, TableInfo};
use crate::access::statement::{Held, Statement, lock, shares};
use crate::access::stored;
use crate::access::tally::{Reach, Tally};
use crate::access::touches;
use crate::access::values::Value;
use crate::access::wal;
use crate::access::walk;
use crate::access::writes;
use crate::machine::Settings;
use crate::schema::sizes::ColumnWidth;
use crate::sql::tree::{Expr, LockMode, LockWait};

impl Statement {
    /// Runs an INSERT of `rows` rows, each row of VALUES by itself; the rows inserted or changed.
    pub(super) fn insert(
        &self,
        insert: &Insert,
        rows: f64,
        settings: &Settings,
        held: &mut Held,
        tally: &mut Tally,
    ) -> f64 {
        if insert.further.is_empty() {
            return self.insert_alike(insert, rows, settings, held, tally);
        }
        let each = rows / (1 + insert.further.len()) as f64;
        let opened = tally.counts.index_opened;
        let mut touched = 0.0;
        for row in std::iter::once(insert).chain(&insert.further) {
            // The indexes are opened once for all rows.
            tally.counts.index_opened = opened;
            touched += self.insert_alike(row, each, settings, held, tally);
        }
        touched
    }

    /// Runs an INSERT whose rows are all of one kind.
    fn insert_alike(&self, insert: &Insert, rows: f64, settings: &Settings, held: &mut Held, tally: &mut Tally) -> f64 {
        let empty = Block::default();
        let value = |column: usize| -> Option<ValueSet> {
            let at = insert.columns.iter().position(|c| *c == column)?;
            insert.values.get(at).map(|v| self.reader(&empty).value(v))
        };
        let (fresh, conflicting) = match &insert.conflict {
            Some(conflict) => (rows * (1.0 - conflict.share), rows * conflict.share),
            None => (rows, 0.0),
        };
        for (leaf, share) in self.insert_leaves(insert, &value) {
            let info = &leaf.info;
            let before = tally.pages;
            let drawn = insert.table.columns.iter().enumerate().filter(|(place, column)| {
                column.from_sequence && (insert.source.is_none() || !insert.columns.contains(place))
            });
            writes::sequence_values(rows * share * drawn.count() as f64, tally);
            if let Some(conflict) = &insert.conflict {
                self.arbiter(info, conflict, (fresh * share, conflicting * share), tally);
            }
            let columns = self.new_columns(insert, info);
            let row = writes::NewRow::of(&columns);
            let fits = |index: &IndexInfo| Entry {
                share: predicates::share_of_rows(info, index, &|name| self.inserted_value(insert, name)),
                place: self.entry_place(insert, info, index),
                bytes: self.entry_bytes(insert, info, index, &columns),
            };
            writes::insert_rows(info, fresh * share, row, &fits, tally);
            if insert.copied && !info.unlogged {
                // COPY logs a page of rows in one record.
                let bytes = row.tuple_bytes;
                let saved = wal::heap_insert(bytes) - wal::heap_multi_insert(bytes, info.rows_per_page);
                tally.wal -= fresh * share * saved;
            }
            if let Some(conflict) = &insert.conflict
                && let Some(assignments) = &conflict.update
            {
                self.update_conflicting(
                    insert,
                    info,
                    assignments,
                    conflicting * share * conflict.kept,
                    settings,
                    tally,
                );
            }
            writes::note_insert(info, fresh * share, tally.pages - before, tally);
        }
        for key in &insert.outgoing {
            let values: Vec<Option<ValueSet>> = key.columns.iter().map(|c| value(*c)).collect();
            // A key with one null in it refers to nothing.
            let null = values.iter().any(|v| v.as_ref().is_some_and(|v| v.values.iter().all(|x| *x == Value::Null)));
            let omitted = insert.source.is_some() && key.columns.iter().any(|c| !insert.columns.contains(c));
            if null || (omitted && !insert.columns.is_empty()) {
                continue;
            }
            let nulls: f64 = if values.iter().all(Option::is_none) {
                key.columns.iter().map(|c| insert.table.columns[*c].null_fraction).fold(0.0, f64::max)
            } else {
                0.0
            };
            let exprs: Option<Vec<Expr>> = key
                .columns
                .iter()
                .map(|c| {
                    let at = insert.columns.iter().position(|x| x == c)?;
                    insert.values.get(at).map(walk::bare)
                })
                .collect();
            let known = exprs.as_ref().is_some_and(|e| holds(held, key.parent.id, e));
            let lock = match (known, self.repeats(insert, key)) {
                (true, _) => 0.0,
                (false, true) => (fresh * (1.0 - nulls)).min(1.0),
                (false, false) => fresh * (1.0 - nulls),
            };
            let first = exprs.as_ref().and_then(|e| e.first());
            let which = first.zip(key.referenced.first()).map(|(e, c)| format!("{c} = {}", condition::text(e)));
            let value = (values.first().and_then(Option::as_ref), which);
            foreign_keys::check(key, fresh * (1.0 - nulls), value, lock, tally);
            if let Some(e) = exprs {
                held.push((key.parent.id, e));
            }
        }
        fresh + if insert.conflict.as_ref().is_some_and(|c| c.update.is_some()) { conflicting } else { 0.0 }
    }

    /// Whether all rows of a query refer to the same parent, which is then locked once.
    fn repeats(&self, insert: &Insert, key: &foreign_keys::Outgoing) -> bool {
        let Some(source @ Node::Block(_)) = &insert.source else { return false };
        key.columns.iter().all(|column| {
            let output = insert.columns.iter().position(|c| c == column).and_then(|at| source.outputs().get(at));
            output.is_some_and(|o| walk::column_names(&o.expr).is_empty())
        })
    }

    /// The value that an inserted row has in a column: as given, or its constant default.
    pub(super) fn inserted_value(&self, insert: &Insert, name: &str) -> Option<ValueSet> {
        let empty = Block::default();
        let column = insert.table.column(name)?;
        match insert.columns.iter().position(|c| *c == column) {
            Some(at) => insert.values.get(at).map(|v| self.reader(&empty).value(v)),
            None => {
                let null = Expr::Literal(crate::sql::tree::Literal::Null);
                let value = insert.table.columns[column].default.as_ref().unwrap_or(&null);
                Some(self.reader(&empty).value(value))
            }
        }
    }

    /// The partitions that inserted rows go to.
    pub(super) fn insert_leaves<'i>(
        &self,
        insert: &'i Insert,
        value: &dyn Fn(usize) -> Option<ValueSet>,
    ) -> Vec<(&'i Leaf, f64)> {
        if insert.leaves.len() == 1 {
            return vec![(&insert.leaves[0], 1.0)];
        }
        // The values stand in for conditions on the partition key.
        let clauses: Vec<Clause> = insert
            .table
            .columns
            .iter()
            .enumerate()
            .filter_map(|(place, column)| {
                let set = value(place).filter(|v| !v.unknown())?;
                let key = crate::access::clause::Key { rel: 0, column: Some(column.name.clone()), expr: Expr::Default };
                let test = Test::Compare(key, crate::access::clause::Op::Eq, set);
                Some(Clause { test, bare: Expr::Default, rels: 1, operators: 0.0 })
            })
            .collect();
        let clauses: Vec<&Clause> = clauses.iter().collect();
        let reached =
            |l: &Leaf| l.bound.as_ref().map_or(1.0, |b| partitions::visit(&insert.table, b, &clauses).probability);
        let reached: Vec<f64> = insert.leaves.iter().map(reached).collect();
        let total: f64 = reached.iter().sum();
        if reached.iter().all(|p| *p >= 1.0) || total <= 0.0 {
            // Rows without a known key fall as those that are there.
            return shares(&insert.leaves, &insert.table, &[]);
        }
        insert.leaves.iter().zip(reached).filter(|(_, p)| *p > 0.0).map(|(l, p)| (l, p / total)).collect()
    }

    /// What the columns of an inserted row take: those that are not given are null, unless they have a default.
    pub(super) fn new_columns(&self, insert: &Insert, info: &TableInfo) -> Vec<ColumnWidth> {
        let mut columns = Vec::with_capacity(info.columns.len());
        for column in &info.columns {
            let mut stored = column.width;
            let place = insert.table.column(&column.name);
            let given = place.is_some_and(|p| insert.columns.contains(&p));
            // What a query gives is as wide as the column it comes from.
            let from = place.and_then(|p| insert.columns.iter().position(|c| *c == p));
            if let (Some(at), Some(source)) = (from, &insert.source)
                && insert.values.is_empty()
                && column.width.varlena
                && let Some(output) = source.outputs().get(at).filter(|o| o.info.family == column.family)
            {
                stored.bytes = output.info.width.bytes;
            }
            let mut present = if given || insert.source.is_none() {
                1.0 - column.null_fraction
            } else {
                f64::from(u8::from(column.has_default))
            };
            let value = self.inserted_value(insert, &column.name);
            if let Some(set) = value.filter(|v| v.values.iter().any(|v| *v != Value::Unknown)) {
                stored = stored::width(column, &set);
                present = 1.0 - stored.null_fraction;
            }
            stored.null_fraction = 1.0 - present;
            columns.push(stored);
        }
        columns
    }

    /// The lookup of ON CONFLICT in its arbiter, and what its speculative inserts add to the log.
    pub(super) fn arbiter(
        &self,
        info: &TableInfo,
        conflict: &crate::access::block::Conflict,
        (fresh, conflicting): (f64, f64),
        tally: &mut Tally,
    ) {
        let reach = touches::everything(info);
        let arbiters: Vec<_> = match conflict.arbiter {
            Some(place) => info.indexes.get(place).into_iter().collect(),
            None => info.indexes.iter().filter(|i| i.unique).collect(),
        };
        for index in arbiters {
            tally.index_visits(info, index, (1.0, index.levels, 1.0), fresh + conflicting, &reach);
        }
        tally.heap_visits(info, (1.0, 1.0), conflicting, &reach);
        if !info.unlogged {
            tally.wal += fresh * crate::access::wal::speculative_confirm();
        }
    }

    pub(super) fn update_conflicting(
        &self,
        insert: &Insert,
        info: &TableInfo,
        assignments: &[(usize, Expr)],
        rows: f64,
        settings: &Settings,
        tally: &mut Tally,
    ) {
        let given: Vec<(usize, Expr)> = assignments.iter().map(|(c, e)| (*c, proposed(insert, e))).collect();
        let refs: Vec<(usize, &Expr)> = given.iter().map(|(c, e)| (*c, e)).collect();
        let reach = self.arbiter_reach(insert, info);
        let repeats = changes::repeats(rows, &reach);
        let change = changes::of(info, &refs, &[], (&[], &self.draws), (settings.version, repeats));
        // The row is locked before it is changed.
        writes::lock_rows(info, rows, &reach, tally);
        tally.counts.row_written -= rows;
        writes::update_rows(info, rows, &change, &Entry::beside, &reach, tally);
        let mode = if changes::touches_key(info, &refs) { LockMode::Update } else { LockMode::NoKeyUpdate };
        lock(info, rows, (mode, LockWait::Block), &reach, tally);
    }

    pub(super) fn arbiter_reach(&self, insert: &Insert, info: &TableInfo) -> Reach {
        let empty = Block::default();
        let arbiter = insert.conflict.as_ref().and_then(|c| c.arbiter).and_then(|i| info.indexes.get(i));
        let mut reach: Option<Reach> = None;
        for column in arbiter.iter().flat_map(|i| &i.keys).flatten() {
            let at = insert.columns.iter().position(|x| x == column);
            let Some(value) = at.and_then(|at| insert.values.get(at)).map(|v| self.reader(&empty).value(v)) else {
                continue;
            };
            let key = crate::access::clause::Key {
                rel: 0,
                column: Some(info.columns[*column].name.clone()),
                expr: Expr::Default,
            };
            let of_column = touches::of_constant(&key, &value, info)
                .or_else(|| value.distribution.is_some().then(|| touches::of_key(&key, &value, info)));
            reach = match (reach, of_column) {
                (Some(a), Some(b)) => Some(touches::narrower(a, b)),
                (a, b) => a.or(b),
            };
        }
        reach.unwrap_or_else(|| touches::everything(info))
    }
}

/// Whether the transaction has locked the row of a table with these values of its key, or rows by each of them.
fn holds(held: &Held, table: usize, key: &[Expr]) -> bool {
    let has = |values: &[Expr]| held.iter().any(|h| h.0 == table && h.1 == values);
    has(key) || key.iter().all(|value| has(std::slice::from_ref(value)))
}

/// An expression of ON CONFLICT DO UPDATE with the values that were to be inserted in the place of EXCLUDED's
/// columns.
fn proposed(insert: &Insert, expr: &Expr) -> Expr {
    let replaced: Result<Expr, std::convert::Infallible> = walk::rewrite(expr, &mut |e| {
        let Expr::Column { qualifier: Some(qualifier), name, .. } = e else { return Ok(None) };
        let at = insert.table.column(name).and_then(|c| insert.columns.iter().position(|x| *x == c));
        Ok(at.filter(|_| qualifier == OUTER).and_then(|at| insert.values.get(at)).cloned())
    });
    match replaced {
        Ok(expr) => expr,
        Err(never) => match never {},
    }
}
