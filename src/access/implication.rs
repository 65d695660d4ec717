//! Whether conditions imply a partial index's predicate (predtest.c, the parts that schemas use).

use crate::access::clause::{Clause, Op, Test};
use crate::access::selectivity::{Seen, is_strict};
use crate::access::values::Value;
use crate::access::walk;
use crate::sql::tree::{Expr, Literal};

/// Whether one of the clauses implies the predicate, as far as the planner can see.
#[must_use]
pub fn implied(predicate: &Expr, clauses: &[&Clause], seen: Seen) -> bool {
    clauses.iter().any(|c| c.bare == *predicate) || by_meaning(predicate, clauses, seen)
}

fn by_meaning(predicate: &Expr, clauses: &[&Clause], seen: Seen) -> bool {
    match predicate {
        // Anything that a null cannot pass implies IS NOT NULL.
        Expr::IsNull { expr, negated: true } => clauses.iter().any(|c| {
            is_strict(c)
                && walk::column_names(&c.bare).iter().any(|n| matches!(&**expr, Expr::Column { name, .. } if name == n))
        }),
        Expr::InList { expr, list, negated: false } => {
            let listed: Vec<Value> = list.iter().filter_map(literal).collect();
            equals_one_of(expr, &listed, clauses, seen)
        }
        Expr::Quantified { expr, op, all: false, array } if op == "=" => {
            let Expr::Array(items) = &**array else { return false };
            let listed: Vec<Value> = items.iter().filter_map(literal).collect();
            equals_one_of(expr, &listed, clauses, seen)
        }
        Expr::Binary { op, left, right } => {
            let Some(limit) = literal(right) else { return false };
            if op == "=" {
                return equals_one_of(left, &[limit], clauses, seen);
            }
            clauses.iter().any(|c| bound_implies(c, left, op, &limit, seen))
        }
        // `WHERE active`: the clause `active = true` says the same.
        Expr::Column { name, .. } => clauses.iter().any(|c| match &c.test {
            Test::Truth(key) => key.column.as_ref() == Some(name),
            Test::Compare(key, Op::Eq, value) => {
                key.column.as_ref() == Some(name)
                    && visible(value.parameter, seen)
                    && value.values == [Value::Bool(true)]
            }
            _ => false,
        }),
        Expr::Unary { op, expr } if op == "not" => clauses.iter().any(|c| match (&c.test, &**expr) {
            (Test::Compare(key, Op::Eq, value), Expr::Column { name, .. }) => {
                key.column.as_ref() == Some(name)
                    && visible(value.parameter, seen)
                    && value.values == [Value::Bool(false)]
            }
            (Test::Not(inner), Expr::Column { name, .. }) => {
                matches!(&inner.test, Test::Truth(key) if key.column.as_ref() == Some(name))
            }
            _ => false,
        }),
        _ => false,
    }
}

fn visible(parameter: bool, seen: Seen) -> bool {
    !parameter || seen != Seen::Generic
}

fn literal(expr: &Expr) -> Option<Value> {
    match expr {
        Expr::Literal(Literal::Null) => None,
        Expr::Literal(l) => Some(l.into()),
        Expr::Cast { expr, .. } => literal(expr),
        Expr::Unary { op, expr } if op == "-" => literal(expr)?.number().map(|n| Value::Number(-n)),
        _ => None,
    }
}

/// Whether a clause fixes the expression to one of the listed values.
fn equals_one_of(expr: &Expr, listed: &[Value], clauses: &[&Clause], seen: Seen) -> bool {
    let within = |v: &Value| listed.iter().any(|l| l == v || (l.text().is_some() && l.text() == v.text()));
    clauses.iter().any(|c| match &c.test {
        Test::Compare(key, Op::Eq, value) => {
            key.expr == *expr && !value.hidden && visible(value.parameter, seen) && value.values.iter().all(within)
        }
        Test::In(key, values) => {
            key.expr == *expr && values.iter().all(|v| visible(v.parameter, seen) && v.values.iter().all(within))
        }
        _ => false,
    })
}

/// Whether a comparison with a constant lies within the predicate's.
fn bound_implies(clause: &Clause, expr: &Expr, op: &str, limit: &Value, seen: Seen) -> bool {
    let Test::Compare(key, clause_op, value) = &clause.test else { return false };
    let Some(limit_number) = limit.number() else {
        return op == "<>"
            && key.expr == *expr
            && *clause_op == Op::Eq
            && visible(value.parameter, seen)
            && !value.unknown()
            && value.values.iter().all(|v| v.text().is_some() && v.text() != limit.text());
    };
    if key.expr != *expr || value.hidden || !visible(value.parameter, seen) {
        return false;
    }
    value.values.iter().all(|v| {
        let Some(x) = v.number() else { return false };
        match (op, clause_op) {
            (">", Op::Gt | Op::Eq) if *clause_op == Op::Gt => x >= limit_number,
            (">", Op::Ge | Op::Eq) => x > limit_number,
            (">=", Op::Gt | Op::Ge | Op::Eq) => x >= limit_number,
            ("<", Op::Lt) => x <= limit_number,
            ("<", Op::Le | Op::Eq) => x < limit_number,
            ("<=", Op::Lt | Op::Le | Op::Eq) => x <= limit_number,
            ("<>", Op::Eq) => x != limit_number,
            _ => false,
        }
    })
}
