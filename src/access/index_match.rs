//! Which clauses an index can serve.

use crate::access::clause::{Key, Op, Test};
use crate::access::paths::Match;
use crate::access::plan::OrderColumn;
use crate::access::planner::Planner;
use crate::access::relation::{IndexInfo, TableInfo};
use crate::access::selectivity;
use crate::access::walk;

impl Planner<'_> {
    /// Matches clauses to the keys of a B-tree (or other) index.
    #[must_use]
    pub fn match_index(&self, info: &TableInfo, index: &IndexInfo, places: &[usize]) -> Match {
        let mut found = Match { scans: 1.0, ..Match::default() };
        if index.method != "btree" && index.method != "hash" {
            found.boundary = self.match_other(index, info, places);
            return found;
        }
        let mut bounded = true;
        let mut fixed = 0;
        for position in 0..index.keys.len() {
            let tests = |place: &&usize| {
                self.key_of(&self.pool[**place].test).is_some_and(|k| is_key(k, info, index, position))
            };
            let on_key: Vec<usize> = places.iter().filter(tests).copied().collect();
            let mut equal = None;
            let mut ranges = Vec::new();
            for place in on_key {
                match &self.pool[place].test {
                    Test::Compare(_, Op::Eq, _) | Test::Join(_, Op::Eq, _) | Test::Null(_) | Test::Truth(_) => {
                        equal.get_or_insert((place, 1.0));
                    }
                    Test::In(_, values) => {
                        equal.get_or_insert((place, values.len() as f64));
                    }
                    Test::Any(_, count, _) => {
                        let count = if self.seen == selectivity::Seen::Generic { 10.0 } else { *count };
                        equal.get_or_insert((place, count.max(1.0)));
                    }
                    Test::Compare(_, op, _) if op.is_lower() || op.is_upper() => ranges.push(place),
                    Test::Like { prefix: Some(prefix), ignores_case: false, parameter, .. }
                        if !prefix.is_empty()
                            && index.pattern[position]
                            && !(*parameter && self.seen == selectivity::Seen::Generic) =>
                    {
                        ranges.push(place);
                    }
                    Test::Not(inner) if matches!(inner.test, Test::Null(_)) => ranges.push(place),
                    _ => {}
                }
            }
            match equal {
                Some((place, count)) => {
                    if bounded {
                        found.boundary.push(place);
                        found.scans *= count;
                        fixed += 1;
                    } else {
                        found.quals.push(place);
                    }
                }
                None if bounded && !ranges.is_empty() => {
                    found.boundary.extend(ranges);
                    bounded = false;
                }
                None => {
                    found.quals.extend(ranges);
                    bounded = false;
                }
            }
        }
        found.fixed = fixed;
        found.unique = index.unique && fixed == index.keys.len();
        found
    }

    /// Share of a table's rows that a partial index holds and that pass the clauses: a predicate that the clauses
    /// imply takes nothing more away.
    #[must_use]
    pub fn index_share(&self, info: &TableInfo, index: &IndexInfo, places: &[usize], seen: selectivity::Seen) -> f64 {
        let passing = self.share(info, places, seen);
        if index.predicate.is_empty() {
            return passing;
        }
        let clauses = self.clauses(places);
        let implied = |p: &crate::sql::tree::Expr| super::implication::implied(p, &clauses, self.seen);
        let further: f64 =
            index.predicate.iter().zip(&index.shares).filter(|(p, _)| !implied(p)).map(|(_, share)| share).product();
        passing * further
    }

    /// Matches the operators of GIN, GiST and BRIN indexes to their first keys.
    pub(super) fn match_other(&self, index: &IndexInfo, info: &TableInfo, places: &[usize]) -> Vec<usize> {
        let fits = |place: &&usize| {
            let test = &self.pool[**place].test;
            self.key_of(test).is_some_and(|k| (0..index.keys.len()).any(|p| is_key(k, info, index, p)))
                && matches!(
                    (test, index.method.as_str()),
                    (Test::Contains(..) | Test::Like { .. }, "gin" | "gist")
                        | (Test::Compare(..) | Test::In(..), "brin" | "gist" | "spgist")
                )
        };
        places.iter().filter(fits).copied().collect()
    }

    pub(super) fn key_of<'t>(&self, test: &'t Test) -> Option<&'t Key> {
        match test {
            Test::Compare(key, ..)
            | Test::Join(key, ..)
            | Test::In(key, _)
            | Test::Any(key, ..)
            | Test::Null(key)
            | Test::Truth(key)
            | Test::Contains(key, ..)
            | Test::Like { key, .. } => Some(key),
            Test::Not(inner) => self.key_of(&inner.test),
            Test::Either(_) | Test::Computed { .. } | Test::Fixed(_) => None,
        }
    }

    /// The order in which an index gives its rows, columns of one value left out.
    pub(super) fn index_order(&self, rel: usize, info: &TableInfo, index: &IndexInfo) -> Vec<OrderColumn> {
        let mut order = Vec::new();
        for position in 0..index.keys.len() {
            let column = index.keys[position].map(|c| info.columns[c].name.clone());
            let key = Key { rel, column, expr: index.expressions[position].clone() };
            if self.is_constant(&key) {
                continue;
            }
            match self.order_column(&key, index.descending[position]) {
                Some(column) => order.push(column),
                None => break,
            }
        }
        self.useful_order(order, super::block::bit(rel))
    }

    /// Whether an index holds all columns of the table that the query uses.
    pub(super) fn covers(&self, rel: usize, info: &TableInfo, index: &IndexInfo, places: &[usize]) -> bool {
        // What is written or locked is fetched, and whatever is joined with it may have to be read again.
        if self.written.is_some() || self.block.locks.iter().any(|l| l.rels != 0) {
            return false;
        }
        let relation = &self.block.rels[rel];
        let held = |name: &str| {
            let column = info.column(name);
            index.keys.iter().any(|k| k.is_some() && *k == column) || column.is_some_and(|c| index.include.contains(&c))
        };
        let implied_by_predicate = |name: &str| {
            // A column only tested by the index's own predicate need not be fetched.
            let elsewhere = self.uses_outside_predicate(rel, name, index, places);
            !elsewhere
        };
        relation
            .used
            .iter()
            .zip(&relation.info.columns)
            .filter(|(used, _)| **used)
            .all(|(_, c)| held(&c.name) || (!index.predicate.is_empty() && implied_by_predicate(&c.name)))
    }

    pub(super) fn uses_outside_predicate(&self, rel: usize, name: &str, index: &IndexInfo, places: &[usize]) -> bool {
        let qualifier = super::block::qualifier(rel);
        let mentions = |e: &crate::sql::tree::Expr| {
            let mut found = false;
            walk::visit(e, &mut |e| {
                found |= matches!(e, crate::sql::tree::Expr::Column { qualifier: Some(q), name: n, .. } if *q == qualifier && n == name);
            });
            found
        };
        let outputs = self.block.outputs.iter().any(|o| mentions(&o.expr))
            || self.block.order_by.iter().chain(&self.block.group_by).any(|k| mentions(&k.expr))
            || self.links[rel].iter().any(|l| walk::column_names(&self.pool[l.0].bare).iter().any(|n| n == name));
        outputs
            || places.iter().any(|p| {
                let clause = &self.pool[*p];
                walk::column_names(&clause.bare).iter().any(|n| n == name) && !index.predicate.contains(&clause.bare)
            })
    }
}

/// Whether a key is the index's key at `position`.
pub(super) fn is_key(key: &Key, info: &TableInfo, index: &IndexInfo, position: usize) -> bool {
    match (&key.column, index.keys[position]) {
        (Some(name), Some(column)) => info.columns[column].name == *name,
        (None, None) => index.expressions[position] == key.expr,
        _ => false,
    }
}
