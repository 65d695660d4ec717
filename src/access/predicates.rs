//! Whether rows that are written belong into a partial index.

use crate::access::clause::{self, Op, Test, ValueSet};
use crate::access::relation::{IndexInfo, TableInfo};
use crate::access::selectivity::{self, Seen};
use crate::access::values::Value;

/// Share of written rows that an index gets an entry for; `value` is what is written to a column,
/// `None` where it stays as it was.
#[must_use]
pub fn share_of_rows(info: &TableInfo, index: &IndexInfo, value: &dyn Fn(&str) -> Option<ValueSet>) -> f64 {
    let mut share = 1.0;
    for predicate in &index.predicate {
        for clause in clause::of_table(info, predicate) {
            let column = match &clause.test {
                Test::Compare(key, ..) | Test::In(key, _) | Test::Null(key) | Test::Truth(key) => key.column.clone(),
                Test::Not(inner) => match &inner.test {
                    Test::Null(key) | Test::Truth(key) => key.column.clone(),
                    _ => None,
                },
                _ => None,
            };
            let written = column.and_then(|c| value(&c)).filter(|v| !v.unknown());
            share *= match written {
                Some(set) => {
                    let passing = set.values.iter().filter(|v| passes(&clause.test, v)).count();
                    passing as f64 / set.values.len() as f64
                }
                None => selectivity::one(&clause, info, Seen::True),
            };
        }
    }
    share
}

fn passes(test: &Test, value: &Value) -> bool {
    match test {
        Test::Null(_) => *value == Value::Null,
        Test::Truth(_) => value.text().as_deref() == Some("true"),
        Test::Not(inner) => {
            !passes(&inner.test, value) && (*value != Value::Null || matches!(inner.test, Test::Null(_)))
        }
        Test::In(_, sets) => sets.iter().flat_map(|s| &s.values).any(|v| same(v, value)),
        Test::Compare(_, op, set) => set.values.first().is_some_and(|limit| compares(*op, value, limit)),
        _ => true,
    }
}

fn same(a: &Value, b: &Value) -> bool {
    a == b || (a.text().is_some() && a.text() == b.text())
}

fn compares(op: Op, value: &Value, limit: &Value) -> bool {
    match op {
        Op::Eq => same(value, limit),
        Op::Ne => *value != Value::Null && !same(value, limit),
        _ => match (value.number(), limit.number()) {
            (Some(x), Some(y)) => match op {
                Op::Lt => x < y,
                Op::Le => x <= y,
                Op::Gt => x > y,
                _ => x >= y,
            },
            _ => true,
        },
    }
}
