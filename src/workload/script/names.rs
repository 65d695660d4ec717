//! What names mean at a place in a script: variables, special variables, results of statements.

use super::chance::Draws;
use super::expr::Scope;
use super::node::Node;
use super::reader::Reader;
use super::value::Value;
use super::{Shape, check_parameter, convert};
use crate::workload::placeholder::Names;
use crate::workload::{Distribution, Load, Variable};

impl Reader<'_, '_> {
    pub(super) fn draws(&self) -> Draws<'_> {
        Draws { variables: &self.transaction.variables, computed: &self.computed }
    }

    /// Makes a variable; its name gets a number when another one has it.
    pub(super) fn define(&mut self, name: &str, distribution: Distribution, computed: Option<Node>) -> Node {
        let used = self.names.entry(name.to_owned()).or_insert(0);
        *used += 1;
        // Neither `#` nor `.` can be part of a name in a script.
        let unique = if *used == 1 { name.to_owned() } else { format!("{name}#{used}") };
        self.transaction.variables.push(Variable { name: unique, position: self.position.clone(), distribution });
        self.computed.push(computed);
        Node::Var(self.transaction.variables.len() - 1)
    }

    /// Variables for the draws inside an expression.
    pub(super) fn settle(&mut self, name: &str, node: Node) -> Node {
        match node {
            Node::Draw(distribution) => self.define(&format!("{name}.draw"), distribution, None),
            Node::Call(f, operands) => Node::Call(f, operands.into_iter().map(|o| self.settle(name, o)).collect()),
            Node::Case(arms, otherwise) => {
                let arms = arms.into_iter().map(|(c, v)| (self.settle(name, c), self.settle(name, v))).collect();
                Node::Case(arms, Box::new(self.settle(name, *otherwise)))
            }
            other => other,
        }
    }
}

impl Scope for Reader<'_, '_> {
    #[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss)]
    fn variable(&mut self, name: &str) -> Option<Node> {
        if let Some(node) = self.bindings.get(name) {
            return Some(node.clone());
        }
        let node = match name {
            "scale" => {
                // pgbench, too, takes the scale from the number of branches.
                let branches =
                    self.context.tables.iter().find(|(t, _)| t.schema == "public" && t.name == "pgbench_branches");
                Node::Const(Value::Int(branches.map_or(1, |(_, stats)| stats.rows.clamp(1.0, 1e15) as i64)))
            }
            "client_id" => match self.context.load {
                Load::Closed { clients, .. } if *clients > 1 => {
                    self.define(name, Distribution::Uniform { lo: 0.0, hi: (clients - 1) as f64 }, None)
                }
                _ => Node::Const(Value::Int(0)),
            },
            "random_seed" | "default_seed" => Node::Const(Value::Int(0)),
            _ => {
                let (_, step) = self.open_results.iter().rev().find(|(prefix, _)| name.starts_with(prefix.as_str()))?;
                let step = *step;
                self.define(name, Distribution::FromStatement { step, column: 0 }, None)
            }
        };
        self.bindings.insert(name.to_owned(), node.clone());
        Some(node)
    }

    fn names(&self) -> Vec<String> {
        let special = ["scale", "client_id", "random_seed", "default_seed"];
        self.bindings.keys().cloned().chain(special.map(str::to_owned)).collect()
    }

    fn draw(&mut self, function: &'static str, arguments: Vec<Node>) -> Result<Node, String> {
        let mut numbers = Vec::with_capacity(arguments.len());
        let mut approximate = false;
        for argument in arguments {
            numbers.push(match argument {
                Node::Const(value) => value.number().ok_or_else(|| format!("`{function}` needs numbers"))?,
                other => {
                    approximate = true;
                    let settled = self.settle("bound", other);
                    let (mean, _) = self
                        .draws()
                        .mean_and_least(&settled)
                        .ok_or_else(|| format!("an argument of `{function}` is not known before the script runs"))?;
                    mean
                }
            });
        }
        if approximate {
            self.warn(format!("the arguments of `{function}` are drawn themselves; their means are used"));
        }
        let (lo, hi) = (numbers[0].round(), numbers[1].round());
        if hi < lo {
            return Err(format!("empty range given to `{function}`: {lo} is above {hi}"));
        }
        let parameter = |shape| {
            check_parameter(shape, numbers.get(2).copied().unwrap_or(0.0))
                .map_err(|(message, expected)| format!("{message}: {expected} is needed"))
        };
        Ok(Node::Draw(match function {
            "random_zipfian" => Distribution::Zipfian { lo, hi, theta: parameter(Shape::Zipfian)? },
            "random_gaussian" => Distribution::Gaussian { lo, hi, parameter: parameter(Shape::Gaussian)? },
            "random_exponential" => Distribution::Exponential { lo, hi, parameter: parameter(Shape::Exponential)? },
            _ => Distribution::Uniform { lo, hi },
        }))
    }
}

impl Names for Reader<'_, '_> {
    fn number(&mut self, name: &str) -> Option<usize> {
        match self.variable(name)? {
            Node::Var(index) => Some(index + 1),
            Node::Const(value) => {
                if let Some((known, index)) = self.constants.get(name)
                    && *known == value
                {
                    return Some(index + 1);
                }
                let Node::Var(index) = self.define(name, Distribution::Constant(convert::literal(value)), None) else {
                    return None;
                };
                self.constants.insert(name.to_owned(), (value, index));
                Some(index + 1)
            }
            _ => None,
        }
    }
    fn len(&self) -> usize {
        // `$n` has no meaning of its own in a script.
        0
    }
    fn all(&self) -> Vec<String> {
        Scope::names(self)
    }

    fn replaces_in_quotes(&mut self, name: &str) -> bool {
        if self.context.simple {
            return true;
        }
        if self.variable(name).is_some() {
            self.warn(format!(
                "`:{name}` inside quotes is text here; pgbench replaces it under the simple protocol and fails under others"
            ));
        }
        false
    }
}
