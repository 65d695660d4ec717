//! Walks over expressions: children, rewriting, conjuncts, and a form without positions to compare.

use crate::sql::tree::{Expr, OrderBy, QualifiedName, Window};

/// The expressions directly inside an expression; subqueries stay closed.
#[must_use]
pub fn children(expr: &Expr) -> Vec<&Expr> {
    match expr {
        Expr::Column { .. } | Expr::Parameter { .. } | Expr::Literal(_) | Expr::Default => Vec::new(),
        Expr::Exists(_) | Expr::Subquery(_) => Vec::new(),
        Expr::Unary { expr, .. }
        | Expr::IsNull { expr, .. }
        | Expr::Is { expr, .. }
        | Expr::Cast { expr, .. }
        | Expr::Collate { expr, .. }
        | Expr::InSubquery { expr, .. } => vec![expr],
        Expr::Binary { left, right, .. } => vec![left, right],
        Expr::Between { expr, low, high, .. } => vec![expr, low, high],
        Expr::InList { expr, list, .. } => std::iter::once(&**expr).chain(list).collect(),
        Expr::Quantified { expr, array, .. } => vec![expr, array],
        Expr::Call { args, filter, over, order_by, .. } => {
            let mut inside: Vec<&Expr> = args.iter().chain(filter.as_deref()).collect();
            inside.extend(order_by.iter().map(|o| &o.expr));
            if let Some(window) = over {
                inside.extend(&window.partition_by);
                inside.extend(window.order_by.iter().map(|o| &o.expr));
            }
            inside
        }
        Expr::Case { operand, arms, otherwise } => operand
            .as_deref()
            .into_iter()
            .chain(arms.iter().flat_map(|(when, then)| [when, then]))
            .chain(otherwise.as_deref())
            .collect(),
        Expr::Array(items) | Expr::Row(items) => items.iter().collect(),
        Expr::Access { base, index } => std::iter::once(&**base).chain(index).collect(),
    }
}

/// Calls `visit` on an expression and everything inside it, subqueries apart.
pub fn visit<'a>(expr: &'a Expr, visit_one: &mut dyn FnMut(&'a Expr)) {
    visit_one(expr);
    for child in children(expr) {
        visit(child, visit_one);
    }
}

/// A copy in which `replace` may put another expression in the place of any node.
///
/// # Errors
/// The first error of `replace`.
pub fn rewrite<E>(expr: &Expr, replace: &mut dyn FnMut(&Expr) -> Result<Option<Expr>, E>) -> Result<Expr, E> {
    if let Some(other) = replace(expr)? {
        return Ok(other);
    }
    let mut copy = expr.clone();
    for child in children_mut(&mut copy) {
        *child = rewrite(child, replace)?;
    }
    Ok(copy)
}

fn children_mut(expr: &mut Expr) -> Vec<&mut Expr> {
    match expr {
        Expr::Column { .. } | Expr::Parameter { .. } | Expr::Literal(_) | Expr::Default => Vec::new(),
        Expr::Exists(_) | Expr::Subquery(_) => Vec::new(),
        Expr::Unary { expr, .. }
        | Expr::IsNull { expr, .. }
        | Expr::Is { expr, .. }
        | Expr::Cast { expr, .. }
        | Expr::Collate { expr, .. }
        | Expr::InSubquery { expr, .. } => vec![expr],
        Expr::Binary { left, right, .. } => vec![left, right],
        Expr::Between { expr, low, high, .. } => vec![expr, low, high],
        Expr::InList { expr, list, .. } => std::iter::once(&mut **expr).chain(list).collect(),
        Expr::Quantified { expr, array, .. } => vec![expr, array],
        Expr::Call { args, filter, over, order_by, .. } => {
            let mut inside: Vec<&mut Expr> = args.iter_mut().chain(filter.as_deref_mut()).collect();
            inside.extend(order_by.iter_mut().map(|o| &mut o.expr));
            if let Some(Window { partition_by, order_by }) = over {
                inside.extend(partition_by);
                inside.extend(order_by.iter_mut().map(|o: &mut OrderBy| &mut o.expr));
            }
            inside
        }
        Expr::Case { operand, arms, otherwise } => operand
            .as_deref_mut()
            .into_iter()
            .chain(arms.iter_mut().flat_map(|(when, then)| [when, then]))
            .chain(otherwise.as_deref_mut())
            .collect(),
        Expr::Array(items) | Expr::Row(items) => items.iter_mut().collect(),
        Expr::Access { base, index } => std::iter::once(&mut **base).chain(index).collect(),
    }
}

/// The parts of an AND.
#[must_use]
pub fn conjuncts(expr: &Expr) -> Vec<&Expr> {
    match expr {
        Expr::Binary { op, left, right } if op == "and" => [conjuncts(left), conjuncts(right)].concat(),
        other => vec![other],
    }
}

/// The parts of an OR.
#[must_use]
pub fn disjuncts(expr: &Expr) -> Vec<&Expr> {
    match expr {
        Expr::Binary { op, left, right } if op == "or" => [disjuncts(left), disjuncts(right)].concat(),
        other => vec![other],
    }
}

/// The expression without positions, qualifiers, the schema of built-in functions, and casts that a
/// dump adds around text (`(status)::text = 'x'::text`), so that two spellings compare equal.
#[must_use]
pub fn bare(expr: &Expr) -> Expr {
    let copied: Result<Expr, std::convert::Infallible> = rewrite(expr, &mut |e| {
        Ok(match e {
            Expr::Column { name, .. } => Some(Expr::Column { qualifier: None, name: name.clone(), span: 0..0 }),
            Expr::Parameter { number, .. } => Some(Expr::Parameter { number: *number, span: 0..0 }),
            Expr::Cast { expr, to } if is_plain_cast(expr, to) => Some(bare(expr)),
            Expr::Call { name, args, star, distinct, filter, over, order_by, .. } => Some(Expr::Call {
                name: QualifiedName { schema: None, name: name.name.clone() },
                args: args.iter().map(bare).collect(),
                star: *star,
                distinct: *distinct,
                filter: filter.as_deref().map(|f| Box::new(bare(f))),
                over: over.clone(),
                order_by: order_by.clone(),
                span: 0..0,
            }),
            _ => None,
        })
    });
    match copied {
        Ok(expr) => expr,
        Err(never) => match never {},
    }
}

/// Whether a cast only names what a literal or a text column is anyway.
fn is_plain_cast(inner: &Expr, to: &str) -> bool {
    match inner {
        Expr::Literal(_) => true,
        Expr::Column { .. } => {
            matches!(to, "text" | "character varying" | "varchar") || to.starts_with("character varying")
        }
        Expr::Cast { .. } => true,
        Expr::Array(_) => to.ends_with("[]"),
        _ => false,
    }
}

/// The names of the columns in an expression, subqueries apart.
#[must_use]
pub fn column_names(expr: &Expr) -> Vec<String> {
    let mut names = Vec::new();
    visit(expr, &mut |e| {
        if let Expr::Column { name, .. } = e {
            names.push(name.clone());
        }
    });
    names
}

/// Whether an expression holds a parameter.
#[must_use]
pub fn has_parameter(expr: &Expr) -> bool {
    let mut found = false;
    visit(expr, &mut |e| found |= matches!(e, Expr::Parameter { .. }));
    found
}

/// Operators, functions and casts evaluated per row, as the planner counts them.
#[must_use]
pub fn operator_count(expr: &Expr) -> f64 {
    let mut count = 0.0;
    visit(expr, &mut |e| {
        count += match e {
            Expr::Binary { op, .. } if op == "and" || op == "or" => 0.0,
            Expr::Unary { op, .. } if op == "not" => 0.0,
            Expr::Binary { .. } | Expr::Unary { .. } | Expr::Call { .. } | Expr::Access { .. } => 1.0,
            Expr::Between { .. } => 2.0,
            // The planner charges half of a list's comparisons for ANY.
            Expr::InList { list, .. } => (list.len() as f64 * 0.5).max(1.0),
            Expr::Quantified { .. } => 5.0,
            _ => 0.0,
        }
    });
    count
}

/// A short text of an index expression, to find its statistics by.
#[must_use]
pub fn text_of(expr: &Expr) -> String {
    match bare(expr) {
        Expr::Column { name, .. } => name,
        Expr::Call { name, args, .. } => {
            format!("{}({})", name.name, args.iter().map(text_of).collect::<Vec<_>>().join(", "))
        }
        Expr::Binary { op, left, right } => format!("{} {op} {}", text_of(&left), text_of(&right)),
        Expr::Literal(crate::sql::tree::Literal::Text(t)) => format!("'{t}'"),
        Expr::Literal(crate::sql::tree::Literal::Number(n)) => format!("{n}"),
        Expr::Cast { expr, to } => format!("{}::{to}", text_of(&expr)),
        other => format!("{other:?}"),
    }
}

/// Whether two spellings of an expression differ only in case, spaces, casts to text or parentheses.
#[must_use]
pub fn same_text(a: &str, b: &str) -> bool {
    let normal = |t: &str| {
        t.to_lowercase()
            .replace("::text", "")
            .chars()
            .filter(|c| !c.is_whitespace() && !"()".contains(*c))
            .collect::<String>()
    };
    normal(a) == normal(b)
}
