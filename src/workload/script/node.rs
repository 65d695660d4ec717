//! An expression of a script as a tree, and its value when the variables have theirs.

use super::value::{self, Value};
use crate::workload::Distribution;

/// An expression of a script.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    /// A known value.
    Const(Value),
    /// A variable that is drawn, by its index in the transaction's variables.
    Var(usize),
    /// A fresh random draw.
    Draw(Distribution),
    /// An operator or function, by its lower-case name.
    Call(&'static str, Vec<Node>),
    /// CASE WHEN a THEN b ... ELSE c END.
    Case(Vec<(Node, Node)>, Box<Node>),
}

/// A CASE without the arms that are known to be passed over.
pub(super) fn folded_case(arms: Vec<(Node, Node)>, mut otherwise: Node) -> Node {
    let mut open = Vec::new();
    for (condition, value) in arms {
        match condition {
            Node::Const(known) if known.truth() => {
                otherwise = value;
                break;
            }
            Node::Const(_) => {}
            unknown => open.push((unknown, value)),
        }
    }
    if open.is_empty() { otherwise } else { Node::Case(open, Box::new(otherwise)) }
}

impl Node {
    /// The value, given the values of the variables; `None` when it cannot be known.
    pub(super) fn evaluate(&self, variables: &[Option<Value>]) -> Option<Value> {
        match self {
            Self::Const(value) => Some(*value),
            Self::Var(index) => variables.get(*index).copied().flatten(),
            Self::Draw(_) => None,
            Self::Call("and", operands) => {
                let left = operands[0].evaluate(variables)?;
                if left == Value::Bool(false) { Some(left) } else { operands[1].evaluate(variables) }
            }
            Self::Call("or", operands) => {
                let left = operands[0].evaluate(variables)?;
                if left == Value::Bool(true) { Some(left) } else { operands[1].evaluate(variables) }
            }
            Self::Call(name, operands) => {
                let values: Option<Vec<Value>> = operands.iter().map(|o| o.evaluate(variables)).collect();
                value::apply(name, &values?).ok().flatten()
            }
            Self::Case(arms, otherwise) => {
                for (condition, value) in arms {
                    if condition.evaluate(variables)?.truth() {
                        return value.evaluate(variables);
                    }
                }
                otherwise.evaluate(variables)
            }
        }
    }

    /// Visits the node and all below it.
    pub(super) fn walk(&self, visit: &mut dyn FnMut(&Self)) {
        visit(self);
        match self {
            Self::Const(_) | Self::Var(_) | Self::Draw(_) => {}
            Self::Call(_, operands) => operands.iter().for_each(|o| o.walk(visit)),
            Self::Case(arms, otherwise) => {
                for (condition, value) in arms {
                    condition.walk(visit);
                    value.walk(visit);
                }
                otherwise.walk(visit);
            }
        }
    }
}
