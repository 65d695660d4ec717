//! `\if ... \elif ... \else ... \endif`: what is known of the branch that is taken.

use std::collections::BTreeMap;

use super::convert;
use super::lex::Spot;
use super::node::Node;
use super::reader::Reader;
use super::value::Value;
use crate::diagnostic::InputError;
use crate::sql::tree::Literal;
use crate::workload::Distribution;

/// Levels of `\if`.
const MAX_IFS: usize = 100;

/// What a name stands for: a known value or a variable.
pub(super) type Bindings = BTreeMap<String, Node>;

/// One `\if` that is not closed yet.
#[derive(Debug, Clone)]
pub(super) struct Frame {
    /// Line of the `\if`, for messages.
    pub(super) line: u32,
    /// Conditions of the branches before this one, which were false.
    pub(super) failed: Vec<Node>,
    /// The condition of this branch; `None`: `\else`.
    pub(super) current: Option<Node>,
    /// Share of an even split, from the first condition on that cannot be known.
    pub(super) share: Option<f64>,
    /// Branches of this `\if` that come after this one, the implicit `\else` included.
    pub(super) remaining: usize,
    /// Whether `\else` has come.
    pub(super) has_else: bool,
    /// The bindings before the `\if`.
    pub(super) before: Bindings,
    /// The branches that are over: condition, probability, bindings at their end.
    pub(super) closed: Vec<(Option<Node>, f64, Bindings)>,
}

impl Frame {
    /// Conditions with the outcome that leads into this branch, as far as they count: from the first one
    /// that cannot be known on, `share` stands for them.
    pub(super) fn constraints(&self) -> impl Iterator<Item = (&Node, bool)> {
        let current = self.current.as_ref().filter(|_| self.share.is_none());
        self.failed.iter().map(|n| (n, false)).chain(current.map(|n| (n, true)))
    }
}

/// For each name that differs between the ends of branches: its node at the end of each.
pub(super) fn differing(ends: &[&Bindings]) -> BTreeMap<String, Vec<Option<Node>>> {
    let mut names: Vec<&String> = ends.iter().flat_map(|e| e.keys()).collect();
    names.sort_unstable();
    names.dedup();
    names
        .into_iter()
        .filter_map(|name| {
            let nodes: Vec<Option<Node>> = ends.iter().map(|e| e.get(name).cloned()).collect();
            nodes.windows(2).any(|w| w[0] != w[1]).then(|| (name.clone(), nodes))
        })
        .collect()
}

/// How many branches an `\if` has, the implicit `\else` included, given the names of the commands after it.
pub(super) fn count_branches<'a>(names: impl Iterator<Item = &'a str>) -> usize {
    let (mut depth, mut branches, mut has_else) = (0usize, 1, false);
    for name in names {
        match name {
            "if" => depth += 1,
            "endif" if depth == 0 => break,
            "endif" => depth -= 1,
            "elif" if depth == 0 => branches += 1,
            "else" if depth == 0 => {
                branches += 1;
                has_else = true;
            }
            _ => {}
        }
    }
    branches + usize::from(!has_else)
}

impl Reader<'_, '_> {
    /// The probability of the branches that are open now.
    fn reached(&self) -> Option<f64> {
        let constraints: Vec<(&Node, bool)> = self.frames.iter().flat_map(Frame::constraints).collect();
        let share: f64 = self.frames.iter().filter_map(|f| f.share).product();
        self.draws().probability(&constraints).map(|p| p * share)
    }

    pub(super) fn open(&mut self, condition: &str, spot: Spot, at: Spot, branches: usize) -> Result<(), InputError> {
        if self.frames.len() >= MAX_IFS {
            return Err(self.error(spot, format!("`\\if` nested deeper than {MAX_IFS} levels")));
        }
        self.frames.push(Frame {
            line: spot.line,
            failed: Vec::new(),
            current: None,
            share: None,
            remaining: branches - 1,
            has_else: false,
            before: self.bindings.clone(),
            closed: Vec::new(),
        });
        let outer = self.probability;
        self.enter(Some((condition, at)), outer)
    }

    /// Enters a branch of the innermost `\if`.
    fn enter(&mut self, condition: Option<(&str, Spot)>, outer: f64) -> Result<(), InputError> {
        if outer <= 0.0 {
            self.probability = 0.0;
            return Ok(());
        }
        let node = match condition {
            Some((text, at)) => {
                let node = self.expression(text, at)?;
                Some(self.settle("if", node))
            }
            None => None,
        };
        let position = self.position.clone();
        let Some(frame) = self.frames.last_mut() else { return Ok(()) };
        frame.current = node;
        let remaining = frame.remaining;
        if let Some(p) = self.reached() {
            self.probability = p;
            return Ok(());
        }
        if let Some(frame) = self.frames.last_mut() {
            #[allow(clippy::cast_precision_loss)]
            let share = 1.0 / (remaining + 1) as f64;
            frame.share = Some(share);
        }
        self.probability = self.reached().unwrap_or(0.0);
        self.position = position;
        self.warn(
            "the condition is not known before the statements run: its branches are taken for equally likely".into(),
        );
        Ok(())
    }

    /// Ends the branch that is open and remembers what it made of the variables.
    fn leave(&mut self) {
        let probability = self.probability;
        if let Some(frame) = self.frames.last_mut() {
            let bindings = std::mem::replace(&mut self.bindings, frame.before.clone());
            frame.closed.push((frame.current.clone(), probability, bindings));
        }
    }

    /// The probability of reaching the innermost `\if` at all.
    fn outer(&self) -> f64 {
        let outside = &self.frames[..self.frames.len().saturating_sub(1)];
        let constraints: Vec<(&Node, bool)> = outside.iter().flat_map(Frame::constraints).collect();
        let share: f64 = outside.iter().filter_map(|f| f.share).product();
        self.draws().probability(&constraints).unwrap_or(0.0) * share
    }

    pub(super) fn next_branch(&mut self, condition: Option<(&str, Spot)>, spot: Spot) -> Result<(), InputError> {
        let name = if condition.is_some() { "elif" } else { "else" };
        let Some(frame) = self.frames.last() else {
            return Err(self.error(spot, format!("`\\{name}` without `\\if`")));
        };
        if frame.has_else {
            return Err(self.error(spot, format!("`\\{name}` after `\\else`")).expected("`\\endif`"));
        }
        let outer = self.outer();
        self.leave();
        if let Some(frame) = self.frames.last_mut() {
            frame.remaining = frame.remaining.saturating_sub(1);
            frame.has_else = condition.is_none();
            if let (Some(failed), None) = (frame.current.take(), frame.share) {
                frame.failed.push(failed);
            }
        }
        self.enter(condition, outer)
    }

    pub(super) fn close(&mut self, spot: Spot) -> Result<(), InputError> {
        if self.frames.is_empty() {
            return Err(self.error(spot, "`\\endif` without `\\if`"));
        }
        let outer = self.outer();
        self.leave();
        let Some(frame) = self.frames.pop() else { return Ok(()) };
        self.probability = outer;
        let mut ends = frame.closed;
        if !frame.has_else {
            let rest = (outer - ends.iter().map(|e| e.1).sum::<f64>()).max(0.0);
            ends.push((None, rest, frame.before.clone()));
        }
        ends.retain(|e| e.1 > 0.0);
        self.merge(&ends, frame.share.is_none(), outer);
        Ok(())
    }

    /// What the variables are after an `\if`.
    fn merge(&mut self, ends: &[(Option<Node>, f64, Bindings)], known: bool, outer: f64) {
        let Some(first) = ends.first() else { return };
        self.bindings = first.2.clone();
        let bindings: Vec<&Bindings> = ends.iter().map(|e| &e.2).collect();
        for (name, nodes) in differing(&bindings) {
            // A branch that does not define the variable cannot be one in which it is used later.
            let arms: Vec<(Option<&Node>, f64, Node)> =
                ends.iter().zip(nodes).filter_map(|(e, n)| Some((e.0.as_ref(), e.1, n?))).collect();
            let Some((last, before)) = arms.split_last() else { continue };
            if before.iter().all(|a| a.2 == last.2) {
                self.bindings.insert(name, last.2.clone());
                continue;
            }
            let total: f64 = arms.iter().map(|a| a.1).sum();
            let values: Option<Vec<(Literal, f64)>> = arms
                .iter()
                .map(|a| {
                    if let Node::Const(v) = a.2 {
                        Some((convert::literal(v), a.1 / total.max(f64::MIN_POSITIVE)))
                    } else {
                        None
                    }
                })
                .collect();
            let case = (known && outer > 0.0 && before.iter().all(|a| a.0.is_some())).then(|| {
                let arms = before.iter().filter_map(|a| Some((a.0?.clone(), a.2.clone()))).collect();
                Node::Case(arms, Box::new(last.2.clone()))
            });
            let node = match (values, case) {
                (Some(values), case) => self.define(&name, Distribution::OneOf(values), case),
                (None, Some(case)) => {
                    let derived = convert::expr(&case, &self.draws());
                    self.define(&name, Distribution::Derived(Box::new(derived)), Some(case))
                }
                (None, None) => {
                    self.warn(format!("`:{name}` differs between the branches; its value in the likeliest is used"));
                    let likeliest = arms.iter().max_by(|a, b| a.1.total_cmp(&b.1));
                    likeliest.map_or(Node::Const(Value::Null), |a| a.2.clone())
                }
            };
            self.bindings.insert(name, node);
        }
    }
}
