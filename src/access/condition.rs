//! Conditions as people write them, to say which rows a statement means.

use crate::access::clause::Clause;
use crate::sql::tree::{Expr, Literal};

/// Longest text that still says something at a glance.
const LONGEST: usize = 80;

/// The conditions that lead to rows, joined by `and`; `None` when none can be put in a few words.
#[must_use]
pub fn text_of_all(clauses: &[&Clause]) -> Option<String> {
    let parts: Vec<String> = clauses
        .iter()
        .filter(|c| !matches!(c.bare, Expr::Column { .. }))
        .map(|c| text(&c.bare))
        .filter(|t| !t.contains('…'))
        .collect();
    let whole = parts.join(" and ");
    (!whole.is_empty() && whole.len() <= LONGEST).then_some(whole)
}

/// An expression in SQL, relations left out; `…` stands for what is too long for a line.
#[must_use]
pub fn text(expr: &Expr) -> String {
    match expr {
        Expr::Column { name, .. } => name.clone(),
        Expr::Parameter { number, .. } => format!("${number}"),
        Expr::Literal(Literal::Null) => "null".to_owned(),
        Expr::Literal(Literal::Number(n)) => format!("{n}"),
        Expr::Literal(Literal::Text(t)) => format!("'{}'", t.replace('\'', "''")),
        Expr::Literal(Literal::Bool(b)) => b.to_string(),
        Expr::Cast { expr, .. } => text(expr),
        Expr::Binary { op, left, right } => format!("{} {op} {}", text(left), text(right)),
        Expr::Unary { op, expr } => format!("{op} {}", text(expr)),
        Expr::Between { expr, low, high, negated } => {
            format!("{}{} between {} and {}", text(expr), if *negated { " not" } else { "" }, text(low), text(high))
        }
        Expr::IsNull { expr, negated } => format!("{} is{} null", text(expr), if *negated { " not" } else { "" }),
        Expr::Quantified { expr, op, all, array } => {
            format!("{} {op} {}({})", text(expr), if *all { "all" } else { "any" }, text(array))
        }
        Expr::InList { expr, list, negated } if list.len() <= 4 => {
            let items: Vec<String> = list.iter().map(text).collect();
            format!("{}{} in ({})", text(expr), if *negated { " not" } else { "" }, items.join(", "))
        }
        _ => "…".to_owned(),
    }
}
