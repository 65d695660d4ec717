//! Probabilities of conditions and means of values, over the joint draws of a script's variables.

use std::collections::BTreeSet;

use super::node::Node;
use super::value::Value;
use crate::sql::tree::Literal;
use crate::workload::{Distribution, Variable};

/// Points at which several variables are drawn together. A condition's probability is then off by
/// about one in a thousand, which no forecast notices.
const POINTS: usize = 1024;
/// A single variable of at most so many values is walked value by value, which is exact.
const MAX_ENUMERATED: f64 = 1024.0;

/// The variables of a script, with the expressions of those that are computed.
pub(super) struct Draws<'a> {
    pub(super) variables: &'a [Variable],
    /// By variable; `None`: drawn, not computed.
    pub(super) computed: &'a [Option<Node>],
}

impl Draws<'_> {
    /// The variables that a node depends on, in their order.
    fn needed(&self, nodes: &[&Node]) -> BTreeSet<usize> {
        let mut needed = BTreeSet::new();
        let mut open = Vec::new();
        for node in nodes {
            node.walk(&mut |n| open.extend(if let Node::Var(i) = n { Some(*i) } else { None }));
        }
        while let Some(index) = open.pop() {
            if needed.insert(index)
                && let Some(Some(node)) = self.computed.get(index)
            {
                node.walk(&mut |n| open.extend(if let Node::Var(i) = n { Some(*i) } else { None }));
            }
        }
        needed
    }

    /// The values of `nodes` at each point, all points equally likely; stops where one is not known.
    fn each(&self, nodes: &[&Node], mut visit: impl FnMut(&[Value])) -> Option<usize> {
        let needed = self.needed(nodes);
        let drawn: Vec<usize> =
            needed.iter().copied().filter(|i| !matches!(self.computed.get(*i), Some(Some(_)))).collect();
        let points = match drawn.as_slice() {
            [] => 1,
            [one] => match self.variables.get(*one)?.distribution {
                #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
                Distribution::Uniform { lo, hi } if hi - lo < MAX_ENUMERATED => (hi - lo + 1.0) as usize,
                _ => POINTS,
            },
            _ => POINTS,
        };
        let mut values: Vec<Option<Value>> = vec![None; self.variables.len()];
        for point in 0..points {
            for index in &needed {
                values[*index] = match self.computed.get(*index) {
                    Some(Some(node)) => node.evaluate(&values),
                    _ => {
                        let place = drawn.iter().position(|d| d == index).unwrap_or(0);
                        quantile(&self.variables.get(*index)?.distribution, slice(place, point, points))
                    }
                };
            }
            let found: Option<Vec<Value>> = nodes.iter().map(|n| n.evaluate(&values)).collect();
            visit(&found?);
        }
        Some(points)
    }

    /// The probability that each condition comes out as asked; `None` when one cannot be known.
    #[allow(clippy::cast_precision_loss)]
    pub(super) fn probability(&self, conditions: &[(&Node, bool)]) -> Option<f64> {
        let nodes: Vec<&Node> = conditions.iter().map(|c| c.0).collect();
        let mut hits = 0usize;
        let points = self.each(&nodes, |values| {
            hits += usize::from(values.iter().zip(conditions).all(|(v, c)| v.truth() == c.1));
        })?;
        Some(hits as f64 / points as f64)
    }

    /// Mean and least value; `None` when it cannot be known.
    #[allow(clippy::cast_precision_loss)]
    pub(super) fn mean_and_least(&self, node: &Node) -> Option<(f64, f64)> {
        let (mut sum, mut least, mut numbers) = (0.0, f64::INFINITY, true);
        let points = self.each(&[node], |values| match values[0].number() {
            Some(x) => (sum, least) = (sum + x, least.min(x)),
            None => numbers = false,
        })?;
        numbers.then_some((sum / points as f64, least))
    }
}

/// The middle of the slice of (0, 1) that a variable has at a point: each variable meets every slice
/// once, and odd strides keep two variables from going in step.
#[allow(clippy::cast_precision_loss)]
fn slice(place: usize, point: usize, points: usize) -> f64 {
    let stride = if place == 0 { 1 } else { 2 * (place * 181 % points) + 1 };
    ((point * stride + place * 7) % points) as f64 / points as f64 + 0.5 / points as f64
}

/// The value below which a share `u` of the draws lies.
pub(super) fn quantile(distribution: &Distribution, u: f64) -> Option<Value> {
    // Like pgbench: a real number in [0, 1), stretched over the integers of the range.
    let place = |lo: f64, hi: f64, x: f64| whole((lo + (x * (hi - lo + 1.0)).floor()).clamp(lo, hi));
    match distribution {
        Distribution::Uniform { lo, hi } => place(*lo, *hi, u),
        Distribution::Exponential { lo, hi, parameter } => {
            let cut = (-parameter).exp();
            place(*lo, *hi, -(cut + (1.0 - cut) * (1.0 - u)).ln() / parameter)
        }
        Distribution::Gaussian { lo, hi, parameter } => {
            use statrs::distribution::{ContinuousCDF, Normal};
            let normal = Normal::new(0.0, 1.0).ok()?;
            let tail = normal.cdf(-parameter);
            let z = normal.inverse_cdf(tail + u * (1.0 - 2.0 * tail));
            place(*lo, *hi, (z + parameter) / (2.0 * parameter))
        }
        Distribution::Zipfian { lo, hi, theta } => {
            // The distribution function of a continuous power law over [1/2, n + 1/2], inverted.
            let (n, power) = (hi - lo + 1.0, 1.0 - theta);
            let area = |x: f64| x.powf(power);
            let x = (area(0.5) + u * (area(n + 0.5) - area(0.5))).powf(1.0 / power);
            whole((lo + x.round().max(1.0) - 1.0).clamp(*lo, *hi))
        }
        Distribution::OneOf(values) => {
            let mut below = 0.0;
            let found = values.iter().find(|(_, p)| {
                below += p;
                u < below
            });
            literal(&found.or(values.last())?.0)
        }
        Distribution::Constant(value) => literal(value),
        Distribution::Sequence { .. }
        | Distribution::Uuid { .. }
        | Distribution::Derived(_)
        | Distribution::FromStatement { .. } => None,
    }
}

#[allow(clippy::cast_possible_truncation)]
fn whole(x: f64) -> Option<Value> {
    (x.abs() < 9e18).then_some(Value::Int(x as i64))
}

/// A literal as a value of a script; texts have none.
pub(super) fn literal(literal: &Literal) -> Option<Value> {
    match literal {
        Literal::Number(x) if x.fract() == 0.0 => whole(*x),
        Literal::Number(x) => Some(Value::Double(*x)),
        Literal::Bool(b) => Some(Value::Bool(*b)),
        Literal::Null => Some(Value::Null),
        Literal::Text(_) => None,
    }
}
