//! Conditions on a subquery's columns that the server checks inside it (subquery_push_qual).
//!
//! A subquery with grouping, DISTINCT, window functions or set operations is planned on its own. A condition on
//! one of its columns can go inside when it keeps or drops whole groups: the column is one that is grouped by,
//! that DISTINCT names, or by which every window partitions; and nothing is counted off by a LIMIT.

use std::sync::Arc;

use crate::access::block::{Block, Leaf, Node, Source, bit, place_of};
use crate::access::clause::{Clause, Key, Op, Test, ValueSet};
use crate::access::walk;
use crate::sql::tree::Expr;

impl Block {
    /// Moves conditions on subqueries in FROM into them.
    pub fn push_down(&mut self) {
        for place in 0..self.rels.len() {
            if !matches!(self.rels[place].source, Source::Derived(_)) || self.is_nullable(place) {
                continue;
            }
            let implied = self.implied_values(place);
            let mut fixed = Vec::new();
            for (column, value) in implied {
                let test = |key: Key| Test::Compare(key, Op::Eq, value.clone());
                if self.push(place, &column, &test) {
                    fixed.push(column);
                }
            }
            self.fix_columns(place, &fixed);
            let mut kept = Vec::new();
            for clause in std::mem::take(&mut self.clauses) {
                let moved = clause.rels == bit(place)
                    && movable(&clause.test).is_some_and(|key| {
                        key.column.as_ref().is_some_and(|column| {
                            let column = column.clone();
                            self.push(place, &column, &|key| with_key(&clause.test, key))
                        })
                    });
                if !moved {
                    kept.push(clause);
                }
            }
            self.clauses = kept;
        }
    }

    fn is_nullable(&self, place: usize) -> bool {
        self.outer_joins.iter().any(|j| j.nullable & bit(place) != 0 || j.full)
    }

    /// Columns of a subquery that one value must equal: directly, or through a column of another relation.
    fn implied_values(&self, place: usize) -> Vec<(String, ValueSet)> {
        let value_of = |key: &Key| {
            self.clauses.iter().find_map(|c| match &c.test {
                Test::Compare(k, Op::Eq, value) if k == key => Some(value.clone()),
                _ => None,
            })
        };
        let mut found: Vec<(String, ValueSet)> = Vec::new();
        for clause in &self.clauses {
            let (own, value) = match &clause.test {
                Test::Compare(key, Op::Eq, value) if key.rel == place => (key, Some(value.clone())),
                Test::Join(l, Op::Eq, r) if l.rel == place && r.rel != place => (l, value_of(r)),
                Test::Join(l, Op::Eq, r) if r.rel == place && l.rel != place => (r, value_of(l)),
                _ => continue,
            };
            if let (Some(column), Some(value)) = (&own.column, value)
                && !found.iter().any(|f| f.0 == *column)
            {
                found.push((column.clone(), value));
            }
        }
        found
    }

    /// Puts a condition on a column of the subquery at `place` inside it; false when it has to stay outside.
    fn push(&mut self, place: usize, column: &str, test: &dyn Fn(Key) -> Test) -> bool {
        let rel = &mut self.rels[place];
        let Some(position) = rel.info.column(column) else { return false };
        match &mut rel.source {
            Source::Derived(node) => node.accepts(position) && node.take(position, test),
            _ => false,
        }
    }

    /// Columns that have one value only from here on.
    fn fix_columns(&mut self, place: usize, columns: &[String]) {
        if columns.is_empty() {
            return;
        }
        let rel = &mut self.rels[place];
        let mut info = (*rel.info).clone();
        for column in info.columns.iter_mut().filter(|c| columns.contains(&c.name)) {
            (column.distinct, column.null_fraction, column.bounds) = (1.0, 0.0, None);
            column.most_common.clear();
        }
        rel.info = Arc::new(info);
        rel.leaves = vec![Leaf { info: Arc::clone(&rel.info), bound: None }];
    }
}

impl Node {
    /// Whether a condition on an output column drops or keeps whole groups of the query.
    fn accepts(&self, position: usize) -> bool {
        match self {
            Self::Values { .. } => false,
            Self::SetOperation { sides, limit, .. } => {
                limit.is_none() && sides.0.accepts(position) && sides.1.accepts(position)
            }
            Self::Block(block) => block.accepts(position),
        }
    }

    fn take(&mut self, position: usize, test: &dyn Fn(Key) -> Test) -> bool {
        match self {
            Self::Values { .. } => false,
            Self::SetOperation { sides, .. } => sides.0.take(position, test) && sides.1.take(position, test),
            Self::Block(block) => {
                let Some(key) = block.output_key(position) else { return false };
                let rels = bit(key.rel);
                let bare = key.expr.clone();
                block.clauses.push(Clause { test: test(key), bare, rels, operators: 1.0 });
                block.push_down();
                true
            }
        }
    }
}

impl Block {
    fn accepts(&self, position: usize) -> bool {
        let Some(key) = self.output_key(position) else { return false };
        let output = &self.outputs[position].expr;
        let grouped = self.aggregates <= 0.0 && self.group_by.is_empty()
            || self.group_by.iter().any(|k| walk::bare(&k.expr) == walk::bare(output));
        let distinct = self.distinct.is_empty() || self.distinct.iter().any(|k| k.expr == *output);
        let windows = self.windows.iter().all(|keys| keys.iter().any(|k| k.expr == *output));
        self.limit.is_none()
            && self.offset.is_none()
            && self.row_factor <= 1.0
            && grouped
            && distinct
            && windows
            && !self.is_nullable(key.rel)
    }

    /// The column of a relation that an output is.
    fn output_key(&self, position: usize) -> Option<Key> {
        let expr = &self.outputs.get(position)?.expr;
        let Expr::Column { qualifier, name, .. } = expr else { return None };
        let rel = place_of(qualifier.as_deref())?;
        Some(Key { rel, column: Some(name.clone()), expr: walk::bare(expr) })
    }
}

/// The key of a test that can move; equalities are dealt with as values.
fn movable(test: &Test) -> Option<&Key> {
    match test {
        Test::Compare(key, op, _) if *op != Op::Eq => Some(key),
        Test::In(key, _) | Test::Any(key, ..) | Test::Null(key) | Test::Truth(key) => Some(key),
        Test::Like { key, .. } => Some(key),
        _ => None,
    }
}

fn with_key(test: &Test, new: Key) -> Test {
    let mut moved = test.clone();
    match &mut moved {
        Test::Compare(key, ..) | Test::In(key, _) | Test::Any(key, ..) | Test::Null(key) | Test::Truth(key) => {
            *key = new
        }
        Test::Like { key, .. } => *key = new,
        _ => {}
    }
    moved
}
