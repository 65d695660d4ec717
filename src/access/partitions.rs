//! Which partitions a statement visits.

use std::sync::Arc;

use crate::access::clause::{Clause, Op, Test, ValueSet};
use crate::access::column::literal_number;
use crate::access::relation::TableInfo;
use crate::access::values::{Draws, Value};
use crate::schema::{PartitionBound, Table};

/// What one level of partitioning lets into a partition.
#[derive(Debug, Clone)]
pub enum Limit {
    /// Values from the lower end to below the upper end of a column's range, as numbers.
    Range(String, f64, f64),
    /// Listed values of a column, as text; NULL apart.
    List(String, Vec<String>),
    /// One remainder of so many of a column's hash.
    Hash(String, f64),
    /// DEFAULT: what none of its siblings takes of a column.
    Rest(String, Arc<[Limit]>),
    /// A bound that could not be read: anything.
    Any,
}

/// The bounds of a partition, outermost first.
pub type Bound = Vec<Limit>;

/// Reads the bound of `partition` inside `parent`.
#[must_use]
pub fn limit(parent: &Table, bound: &PartitionBound, time: impl Fn(&str) -> bool) -> Limit {
    let Some(key) = parent.partition_by.as_ref().and_then(|p| p.keys.first()) else { return Limit::Any };
    let crate::sql::tree::Expr::Column { name, .. } = key else { return Limit::Any };
    let draws = Draws::default();
    match bound {
        PartitionBound::Range { from, to } => {
            let end = |ends: &[Option<crate::sql::tree::Expr>], open: f64| match ends.first() {
                Some(Some(expr)) => match draws.evaluate(expr, 0) {
                    Value::Text(text) => literal_number(&crate::sql::tree::Literal::Text(text), time(name)),
                    other => other.number(),
                },
                _ => Some(open),
            };
            match (end(from, f64::NEG_INFINITY), end(to, f64::INFINITY)) {
                (Some(lo), Some(hi)) => Limit::Range(name.clone(), lo, hi),
                _ => Limit::Any,
            }
        }
        PartitionBound::List(values) => {
            Limit::List(name.clone(), values.iter().filter_map(|v| draws.evaluate(v, 0).text()).collect())
        }
        PartitionBound::Hash { modulus, .. } => Limit::Hash(name.clone(), f64::from(*modulus).max(1.0)),
        PartitionBound::Default => Limit::Any,
    }
}

/// How a statement meets one partition.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Visit {
    /// Share of executions in which it is scanned.
    pub probability: f64,
    /// Whether the plan holds it when parameters are not known.
    pub in_generic_plan: bool,
}

/// Whether and how often the clauses leave a partition to be scanned.
#[must_use]
pub fn visit(head: &TableInfo, bound: &Bound, clauses: &[&Clause]) -> Visit {
    let mut probability: f64 = 1.0;
    let mut in_generic_plan = true;
    for limit in bound {
        let column = match limit {
            Limit::Any => continue,
            Limit::Range(column, ..) | Limit::List(column, _) | Limit::Hash(column, _) | Limit::Rest(column, _) => {
                column
            }
        };
        let tests: Vec<(Op, &ValueSet)> = clauses
            .iter()
            .filter_map(|c| match &c.test {
                Test::Compare(key, op, value) if key.column.as_deref() == Some(column.as_str()) => Some((*op, value)),
                _ => None,
            })
            .collect();
        let joined = clauses.iter().any(|c| match &c.test {
            Test::Join(l, Op::Eq, r) => [l, r].iter().any(|k| k.column.as_ref() == Some(column)),
            _ => false,
        });
        if joined && let Limit::Hash(_, modulus) = limit {
            probability /= modulus;
        }
        let share_now = match limit {
            Limit::Any => 1.0,
            Limit::Range(column, lo, hi) => range_share(head, column, (*lo, *hi), &tests),
            Limit::List(_, listed) => list_share(listed, &tests),
            Limit::Rest(column, siblings) => rest_share(head, column, siblings, &tests),
            Limit::Hash(_, modulus) if tests.iter().any(|t| t.0 == Op::Eq) => 1.0 / modulus,
            Limit::Hash(..) => 1.0,
        };
        probability *= share_now;
        if tests.iter().all(|(_, v)| !v.parameter && !v.hidden) && !tests.is_empty() && share_now == 0.0 {
            in_generic_plan = false;
        }
    }
    Visit { probability, in_generic_plan }
}

/// Share of draws in which the tests leave something that no sibling takes.
fn rest_share(head: &TableInfo, column: &str, siblings: &[Limit], tests: &[(Op, &ValueSet)]) -> f64 {
    let listed = siblings.iter().filter_map(|s| if let Limit::List(_, l) = s { Some(l) } else { None });
    let taken: Vec<String> = listed.flatten().cloned().collect();
    let equal = tests.iter().any(|t| t.0 == Op::Eq && !t.1.unknown());
    if !taken.is_empty() {
        return if equal { 1.0 - list_share(&taken, tests) } else { 1.0 };
    }
    let Some(info) = head.column(column).map(|c| &head.columns[c]) else { return 1.0 };
    let draws = tests.iter().map(|(_, v)| v.values.len()).max().unwrap_or(1);
    let open = (0..draws).filter(|draw| {
        let (mut from, mut to) = (f64::NEG_INFINITY, f64::INFINITY);
        for (op, value) in tests {
            let at = &value.values[draw.min(&value.values.len().saturating_sub(1)).to_owned()];
            match (info.number(at), op) {
                (Some(x), Op::Eq) => (from, to) = (x, x),
                (Some(x), Op::Lt | Op::Le) => to = to.min(x),
                (Some(x), Op::Gt | Op::Ge) => from = from.max(x),
                _ => {}
            }
        }
        !covered(siblings, from, to)
    });
    open.count() as f64 / draws as f64
}

/// Whether ranges leave nothing between two values.
fn covered(ranges: &[Limit], from: f64, to: f64) -> bool {
    let mut at = from;
    loop {
        let next = ranges.iter().find_map(|r| match r {
            Limit::Range(_, lo, hi) if *lo <= at && at < *hi => Some(*hi),
            _ => None,
        });
        match next {
            Some(hi) if hi > to || (hi == to && to > from) => return true,
            Some(hi) => at = hi,
            None => return false,
        }
    }
}

/// Share of draws in which the tests leave something of the range.
fn range_share(head: &TableInfo, column: &str, (lo, hi): (f64, f64), tests: &[(Op, &ValueSet)]) -> f64 {
    let Some(info) = head.column(column).map(|c| &head.columns[c]) else { return 1.0 };
    let draws = tests.iter().map(|(_, v)| v.values.len()).max().unwrap_or(1);
    let mut visited = 0.0;
    for draw in 0..draws {
        let mut open = true;
        for (op, value) in tests {
            let at = &value.values[draw.min(value.values.len().saturating_sub(1))];
            let Some(x) = info.number(at) else {
                // A moment without known bounds lies in the newest partition; anything else anywhere.
                continue;
            };
            open &= match op {
                Op::Eq => x >= lo && x < hi,
                Op::Lt => x > lo,
                Op::Le => x >= lo,
                Op::Gt | Op::Ge => x < hi,
                Op::Ne => true,
            };
        }
        visited += f64::from(u8::from(open));
    }
    visited / draws as f64
}

fn list_share(listed: &[String], tests: &[(Op, &ValueSet)]) -> f64 {
    let mut share = 1.0;
    for (op, value) in tests {
        if *op != Op::Eq || value.unknown() {
            continue;
        }
        let within = |v: &Value| v.text().is_some_and(|t| listed.contains(&t));
        share *= match &value.distribution {
            Some(crate::workload::Distribution::OneOf(values)) => {
                values.iter().filter(|(l, _)| within(&Value::from(l))).map(|(_, p)| p).sum()
            }
            _ => value.values.iter().filter(|v| within(v)).count() as f64 / value.values.len().max(1) as f64,
        };
    }
    share
}
