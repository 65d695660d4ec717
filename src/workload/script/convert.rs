//! From a script's expression to the SQL expression of a derived variable.

use super::chance::Draws;
use super::node::Node;
use super::value::Value;
use crate::sql::tree::{Expr, Literal, QualifiedName};

/// A value as a literal.
#[allow(clippy::cast_precision_loss)]
pub(super) fn literal(value: Value) -> Literal {
    match value {
        Value::Null => Literal::Null,
        Value::Bool(b) => Literal::Bool(b),
        Value::Int(n) => Literal::Number(n as f64),
        Value::Double(x) => Literal::Number(x),
    }
}

/// Whether pgbench would compute the node in integers.
fn is_integer(node: &Node, draws: &Draws<'_>) -> bool {
    match node {
        Node::Const(value) => matches!(value, Value::Int(_)),
        Node::Var(index) => match draws.computed.get(*index) {
            Some(Some(node)) => is_integer(node, draws),
            _ => true,
        },
        Node::Draw(_) => true,
        Node::Call(name, operands) => match *name {
            "double" | "exp" | "ln" | "sqrt" | "pi" | "pow" | "power" => false,
            "+" | "-" | "*" | "/" | "abs" | "greatest" | "least" | "debug" => {
                operands.iter().all(|o| is_integer(o, draws))
            }
            _ => true,
        },
        Node::Case(arms, otherwise) => arms.iter().all(|(_, v)| is_integer(v, draws)) && is_integer(otherwise, draws),
    }
}

/// The node as SQL has it; columns name the variables.
pub(super) fn expr(node: &Node, draws: &Draws<'_>) -> Expr {
    let operand = |n: &Node| Box::new(expr(n, draws));
    match node {
        Node::Const(value) => Expr::Literal(literal(*value)),
        Node::Var(index) => {
            let name = draws.variables.get(*index).map_or_else(String::new, |v| v.name.clone());
            Expr::Column { qualifier: None, name, span: 0..0 }
        }
        // Draws have become variables by now.
        Node::Draw(_) => Expr::Literal(Literal::Null),
        Node::Case(arms, otherwise) => Expr::Case {
            operand: None,
            arms: arms.iter().map(|(c, v)| (expr(c, draws), expr(v, draws))).collect(),
            otherwise: Some(operand(otherwise)),
        },
        Node::Call(name, operands) => match (*name, operands.as_slice()) {
            ("is null", [a]) => Expr::IsNull { expr: operand(a), negated: false },
            ("is true", [a]) => Expr::Is { expr: operand(a), test: "true".into() },
            ("is false", [a]) => Expr::Is { expr: operand(a), test: "false".into() },
            ("not", [a]) => Expr::Unary { op: "not".into(), expr: operand(a) },
            ("-", [Node::Const(Value::Int(0)), a]) => Expr::Unary { op: "-".into(), expr: operand(a) },
            ("int", [a]) => Expr::Cast { expr: operand(a), to: "bigint".into() },
            ("double", [a]) => Expr::Cast { expr: operand(a), to: "double precision".into() },
            ("debug", [a]) => expr(a, draws),
            ("/", [a, b]) => {
                let quotient = Expr::Binary { op: "/".into(), left: operand(a), right: operand(b) };
                if !is_integer(node, draws) {
                    return quotient;
                }
                // Integers divide towards zero; without negative values that is down.
                let negative = draws.mean_and_least(node).is_none_or(|(_, least)| least < 0.0);
                call(if negative { "trunc" } else { "floor" }, vec![quotient])
            }
            ("mod", [a, b]) => Expr::Binary { op: "%".into(), left: operand(a), right: operand(b) },
            (op, [a, b]) if !op.starts_with(|c: char| c.is_ascii_alphabetic()) || matches!(op, "and" | "or") => {
                Expr::Binary { op: op.into(), left: operand(a), right: operand(b) }
            }
            (name, operands) => call(name, operands.iter().map(|o| expr(o, draws)).collect()),
        },
    }
}

fn call(name: &str, args: Vec<Expr>) -> Expr {
    let name = QualifiedName { schema: None, name: if name == "pow" { "power".into() } else { name.into() } };
    Expr::call(name, args, 0..0)
}
