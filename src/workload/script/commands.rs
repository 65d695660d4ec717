//! `\set`, `\sleep` and `\gset`.

use super::chance::Draws;
use super::expr::Scope;
use super::lex::Spot;
use super::node::Node;
use super::reader::Reader;
use super::value::Value;
use super::{convert, output};
use crate::diagnostic::InputError;
use crate::units::Seconds;
use crate::workload::placeholder::{name_length, undefined};
use crate::workload::{Distribution, StepKind};

impl Reader<'_, '_> {
    pub(super) fn set(&mut self, arguments: &str, at: Spot) -> Result<(), InputError> {
        let length = name_length(arguments);
        let name = &arguments[..length];
        let rest = &arguments[length..];
        if name.is_empty() || !(rest.is_empty() || rest.starts_with(char::is_whitespace)) {
            return Err(self.error(at, "`\\set` without a variable's name").expected("`\\set name expression`"));
        }
        let blank = rest.len() - rest.trim_start().len();
        let spot = self.origin(at).locate(arguments, length + blank);
        let spot = Spot { offset: 0, line: spot.line, column: spot.column };
        let node = self.expression(&rest[blank..], spot)?;
        let drawn = shifted(&node).or_else(|| scattered(&node, &self.draws()));
        let node = match drawn {
            Some(distribution) => self.define(name, distribution, None),
            None => match self.settle(name, node) {
                known @ (Node::Const(_) | Node::Var(_)) => known,
                computed => {
                    let derived = convert::expr(&computed, &self.draws());
                    self.define(name, Distribution::Derived(Box::new(derived)), Some(computed))
                }
            },
        };
        self.bindings.insert(name.to_owned(), node);
        self.transaction.client_commands += self.probability;
        Ok(())
    }

    pub(super) fn sleep(&mut self, arguments: &str, at: Spot) -> Result<(), InputError> {
        let expected = "`\\sleep 10 ms`, with `us`, `ms` or `s` (the default)";
        let mut words = arguments.split_whitespace();
        let amount = words.next().ok_or_else(|| self.error(at, "`\\sleep` without a time").expected(expected))?;
        let variable = amount.strip_prefix(':');
        let digits = amount.find(|c: char| !c.is_ascii_digit()).unwrap_or(amount.len());
        let (number, attached) = if variable.is_some() { (amount, "") } else { amount.split_at(digits) };
        let unit = if attached.is_empty() { words.next().unwrap_or("s") } else { attached };
        let scale = match unit.to_ascii_lowercase().as_str() {
            "us" => 1e-6,
            "ms" => 1e-3,
            "s" => 1.0,
            _ => return Err(self.error(at, format!("unknown unit `{unit}` of `\\sleep`")).expected(expected)),
        };
        if words.next().is_some() {
            return Err(self.error(at, "too many arguments for `\\sleep`").expected(expected));
        }
        let amount = match variable {
            None => number
                .parse::<f64>()
                .map_err(|_| self.error(at, format!("`{amount}` is not a time")).expected(expected))?,
            Some(name) => {
                let node = self
                    .variable(name)
                    .ok_or_else(|| undefined(name, &Scope::names(self)).at(self.origin(at).locate("", 0)))?;
                self.draws().mean_and_least(&node).map_or_else(
                    || {
                        self.warn(format!("the time of `\\sleep :{name}` is not known and taken for 0"));
                        0.0
                    },
                    |(mean, _)| mean.max(0.0),
                )
            }
        };
        self.step(StepKind::Sleep(Seconds(amount * scale)), false);
        Ok(())
    }

    pub(super) fn result(&mut self, name: &str, prefix: &str, spot: Spot, at: Spot) -> Result<(), InputError> {
        if prefix.split_whitespace().count() > 1 {
            return Err(self.error(at, format!("`\\{name}` takes one argument, a prefix")));
        }
        if self.pipeline.is_some() {
            return Err(self.error(spot, format!("`\\{name}` is not allowed in pipeline mode")));
        }
        let taken = std::mem::take(&mut self.results);
        let Some((last, earlier)) = taken.split_last() else {
            return Err(self.error(spot, format!("`\\{name}` must follow an SQL statement")));
        };
        // Of statements joined by `\;`, `\gset` takes the last one's result and `\aset` all.
        let earlier = if name == "aset" { earlier } else { &[] };
        for step in earlier.iter().chain([last]) {
            self.result_of(*step, prefix);
        }
        Ok(())
    }

    fn result_of(&mut self, step: usize, prefix: &str) {
        let Some(StepKind::Statement(statement)) = self.transaction.steps.get(step).map(|s| &s.kind) else { return };
        match output::columns(&statement.sql) {
            Some(columns) => {
                for (column, of) in columns.into_iter().enumerate() {
                    let Some(of) = of else { continue };
                    let variable = format!("{prefix}{of}");
                    let node = self.define(&variable, Distribution::FromStatement { step, column }, None);
                    self.bindings.insert(variable, node);
                }
            }
            None => self.open_results.push((prefix.to_owned(), step)),
        }
    }
}

/// A draw, or a draw moved by a whole number.
#[allow(clippy::cast_precision_loss)]
fn shifted(node: &Node) -> Option<Distribution> {
    let (draw, by) = match node {
        Node::Draw(_) => (node, 0),
        Node::Call("+", of) => match of.as_slice() {
            [d @ Node::Draw(_), Node::Const(Value::Int(n))] | [Node::Const(Value::Int(n)), d @ Node::Draw(_)] => {
                (d, *n)
            }
            _ => return None,
        },
        Node::Call("-", of) => match of.as_slice() {
            [d @ Node::Draw(_), Node::Const(Value::Int(n))] => (d, n.checked_neg()?),
            _ => return None,
        },
        _ => return None,
    };
    let Node::Draw(distribution) = draw else { return None };
    let by = by as f64;
    Some(match distribution.clone() {
        Distribution::Uniform { lo, hi } => Distribution::Uniform { lo: lo + by, hi: hi + by },
        Distribution::Zipfian { lo, hi, theta } => Distribution::Zipfian { lo: lo + by, hi: hi + by, theta },
        Distribution::Gaussian { lo, hi, parameter } => Distribution::Gaussian { lo: lo + by, hi: hi + by, parameter },
        Distribution::Exponential { lo, hi, parameter } => {
            Distribution::Exponential { lo: lo + by, hi: hi + by, parameter }
        }
        _ => return None,
    })
}

/// A draw whose values are sent elsewhere one by one, by `permute` or a hash modulo a number: how often the most
/// frequent value comes, and the next, stays the same; which value it is no longer matters.
#[allow(clippy::cast_precision_loss)]
fn scattered(node: &Node, draws: &Draws<'_>) -> Option<Distribution> {
    let (inner, by) = match node {
        Node::Call("+", of) => match of.as_slice() {
            [inner, Node::Const(Value::Int(n))] | [Node::Const(Value::Int(n)), inner] => (inner, *n),
            _ => return None,
        },
        other => (other, 0),
    };
    let (source, size) = match inner {
        Node::Call("permute", of) => match of.as_slice() {
            [source, Node::Const(Value::Int(size)), ..] => (source, *size),
            _ => return None,
        },
        Node::Call("%" | "mod", of) => match of.as_slice() {
            [Node::Call("abs", hashed), Node::Const(Value::Int(size))] => match hashed.as_slice() {
                [Node::Call("hash" | "hash_murmur2" | "hash_fnv1a", of)] => (of.first()?, *size),
                _ => return None,
            },
            _ => return None,
        },
        _ => return None,
    };
    let source = match source {
        Node::Draw(distribution) => distribution,
        Node::Var(index) if matches!(draws.computed.get(*index), Some(None)) => {
            &draws.variables.get(*index)?.distribution
        }
        _ => return None,
    };
    let (by, size) = (by as f64, size as f64);
    let ends = |lo: f64, hi: f64| (by, by + (hi - lo).min(size - 1.0));
    if size < 1.0 {
        return None;
    }
    Some(match *source {
        Distribution::Uniform { lo, hi } => {
            let (lo, hi) = ends(lo, hi);
            Distribution::Uniform { lo, hi }
        }
        Distribution::Zipfian { lo, hi, theta } => {
            let (lo, hi) = ends(lo, hi);
            Distribution::Zipfian { lo, hi, theta }
        }
        Distribution::Gaussian { lo, hi, parameter } => {
            let (lo, hi) = ends(lo, hi);
            Distribution::Gaussian { lo, hi, parameter }
        }
        Distribution::Exponential { lo, hi, parameter } => {
            let (lo, hi) = ends(lo, hi);
            Distribution::Exponential { lo, hi, parameter }
        }
        _ => return None,
    })
}
