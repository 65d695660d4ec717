//! Walks over a script's commands and builds the transaction.

use std::collections::BTreeMap;

use super::Context;
use super::branch::{Bindings, Frame, count_branches};
use super::chance;
use super::expr::{self, ExprError};
use super::lex::{Command, Spot, commands};
use super::node::Node;
use super::value::Value;
use crate::diagnostic::{InputError, Position, TextOrigin, Warning, WarningCode};
use crate::workload::placeholder::rewrite;
use crate::workload::{Distribution, StatementText, Step, StepKind, Transaction, control};

/// More variables than this are no script that a client runs.
const MAX_VARIABLES: usize = 1000;

const META: &[&str] = &[
    "set",
    "sleep",
    "if",
    "elif",
    "else",
    "endif",
    "gset",
    "aset",
    "startpipeline",
    "syncpipeline",
    "endpipeline",
    "setshell",
    "shell",
];

/// A script on its way into a transaction.
pub(super) struct Reader<'a, 'c> {
    pub(super) file: &'a str,
    pub(super) text: &'a str,
    pub(super) context: &'a Context<'c>,
    pub(super) transaction: &'a mut Transaction,
    pub(super) warnings: &'a mut Vec<Warning>,
    /// How many variables have had a name.
    pub(super) names: BTreeMap<String, usize>,
    /// Expressions of the variables that are computed, by variable.
    pub(super) computed: Vec<Option<Node>>,
    pub(super) bindings: Bindings,
    /// Variables that stand for known values in SQL.
    pub(super) constants: BTreeMap<String, (Value, usize)>,
    pub(super) frames: Vec<Frame>,
    /// Probability that the commands at hand are executed.
    pub(super) probability: f64,
    /// Inside a pipeline; whether a statement has been sent in it.
    pub(super) pipeline: Option<bool>,
    pub(super) in_transaction: bool,
    /// `\gset` after statements whose columns are not known: prefix and step.
    pub(super) open_results: Vec<(String, usize)>,
    /// The steps of the last command that was SQL; none once its result has been taken.
    pub(super) results: Vec<usize>,
    /// Where the command at hand stands, for new variables.
    pub(super) position: Option<Position>,
}

impl<'a, 'c> Reader<'a, 'c> {
    pub(super) fn new(
        file: &'a str,
        text: &'a str,
        context: &'a Context<'c>,
        transaction: &'a mut Transaction,
        warnings: &'a mut Vec<Warning>,
    ) -> Self {
        let mut bindings = Bindings::new();
        let mut constants = BTreeMap::new();
        for (index, variable) in transaction.variables.iter().enumerate() {
            let value = match &variable.distribution {
                Distribution::Constant(literal) => chance::literal(literal),
                _ => None,
            };
            if let Some(value) = value {
                constants.insert(variable.name.clone(), (value, index));
            }
            bindings.insert(variable.name.clone(), value.map_or(Node::Var(index), Node::Const));
        }
        let computed = vec![None; transaction.variables.len()];
        let names = transaction.variables.iter().map(|v| (v.name.clone(), 1)).collect();
        Self {
            file,
            text,
            context,
            transaction,
            warnings,
            names,
            computed,
            bindings,
            constants,
            frames: Vec::new(),
            probability: 1.0,
            pipeline: None,
            in_transaction: false,
            open_results: Vec::new(),
            results: Vec::new(),
            position: None,
        }
    }

    pub(super) fn origin(&self, spot: Spot) -> TextOrigin {
        TextOrigin { file: self.file.into(), path: None, anchors: vec![(0, spot.line, spot.column)] }
    }

    pub(super) fn error(&self, spot: Spot, message: impl Into<String>) -> InputError {
        InputError::new(message).at(self.origin(spot).locate("", 0))
    }

    pub(super) fn expr_error(&self, arguments: &str, spot: Spot, error: ExprError) -> InputError {
        let mut e = InputError::new(error.message).at(self.origin(spot).locate(arguments, error.at));
        e.nearest = error.nearest;
        e
    }

    pub(super) fn warn(&mut self, message: String) {
        let mut warning = Warning::new(WarningCode::PartlyUnderstood, message);
        warning.position.clone_from(&self.position);
        self.warnings.push(warning);
    }

    /// Reads the whole script.
    pub(super) fn script(&mut self) -> Result<(), InputError> {
        let commands = commands(self.text);
        let start = Spot { offset: 0, line: 1, column: 1 };
        if commands.is_empty() {
            return Err(self.error(start, format!("`{}` holds no command", self.file)).expected("a pgbench script"));
        }
        for (index, command) in commands.iter().enumerate() {
            match command {
                Command::Sql(parts) => self.sql(parts)?,
                Command::Meta { name, arguments, spot, arguments_spot } => {
                    self.position = Some(self.origin(*spot).locate("", 0));
                    let later = commands[index + 1..].iter().filter_map(|c| match c {
                        Command::Meta { name, .. } => Some(*name),
                        Command::Sql(_) => None,
                    });
                    self.meta(name, arguments, *spot, *arguments_spot, later)?;
                }
            }
            if self.transaction.variables.len() > MAX_VARIABLES {
                let spot = match command {
                    Command::Sql(parts) => parts.first().map_or(start, |p| p.1),
                    Command::Meta { spot, .. } => *spot,
                };
                return Err(self.error(spot, format!("more than {MAX_VARIABLES} variables in one script")));
            }
        }
        match self.frames.last() {
            Some(frame) => {
                let spot = Spot { offset: 0, line: frame.line, column: 1 };
                Err(self.error(spot, "`\\if` without its `\\endif`").expected("`\\endif`"))
            }
            None => Ok(()),
        }
    }

    fn meta<'n>(
        &mut self,
        name: &str,
        arguments: &str,
        spot: Spot,
        at: Spot,
        later: impl Iterator<Item = &'n str>,
    ) -> Result<(), InputError> {
        let none = |this: &Self| match arguments {
            "" => Ok(()),
            _ => Err(this.error(at, format!("`\\{name}` takes no arguments"))),
        };
        if !matches!(name, "gset" | "aset") {
            self.results.clear();
        }
        // Pure structure counts even in a branch that is never taken.
        match name {
            "if" => return self.open(arguments, spot, at, count_branches(later)),
            "elif" => return self.next_branch(Some((arguments, at)), spot),
            "else" => return none(self).and_then(|()| self.next_branch(None, spot)),
            "endif" => return none(self).and_then(|()| self.close(spot)),
            _ => {}
        }
        match name {
            "setshell" | "shell" => Err(self
                .error(spot, format!("`\\{name}` runs a program, whose time and result no forecast can know"))
                .expected("`\\set` with a value like the program's, and `\\sleep` for its time")),
            name if !META.contains(&name) => {
                let mut e = self.error(spot, format!("unknown command `\\{name}`"));
                e.expected = Some(format!(
                    "one of {}",
                    META[..11].iter().map(|m| format!("`\\{m}`")).collect::<Vec<_>>().join(", ")
                ));
                e.nearest = crate::diagnostic::nearest(name, META.iter().copied()).map(|n| format!("\\{n}"));
                Err(e)
            }
            _ if self.probability <= 0.0 => Ok(()),
            "set" => self.set(arguments, at),
            "sleep" => self.sleep(arguments, at),
            "gset" | "aset" => self.result(name, arguments, spot, at),
            "startpipeline" => {
                none(self)?;
                if self.context.simple {
                    return Err(self
                        .error(spot, "cannot use pipeline mode with the simple query protocol")
                        .expected("`protocol: extended` or `prepared` (pgbench's -M)"));
                }
                match self.pipeline.replace(false) {
                    None => Ok(()),
                    Some(_) => Err(self.error(spot, "a pipeline is open already")),
                }
            }
            "endpipeline" => {
                none(self)?;
                match self.pipeline.take() {
                    Some(_) => Ok(()),
                    None => Err(self.error(spot, "no pipeline is open").expected("`\\startpipeline` before it")),
                }
            }
            _ => {
                none(self)?;
                match self.pipeline {
                    Some(_) => Ok(()),
                    None => Err(self.error(spot, "no pipeline is open").expected("`\\startpipeline` before it")),
                }
            }
        }
    }

    pub(super) fn expression(&mut self, text: &str, spot: Spot) -> Result<Node, InputError> {
        expr::parse(text, self).map_err(|e| self.expr_error(text, spot, e))
    }

    pub(super) fn step(&mut self, kind: StepKind, joined: bool) {
        let is_sleep = matches!(kind, StepKind::Sleep(_));
        let pipelined = !is_sleep && (joined || self.pipeline == Some(true));
        if let (Some(sent), false) = (&mut self.pipeline, is_sleep) {
            *sent = true;
        }
        self.transaction.steps.push(Step { kind, repeat: self.probability, pipelined });
    }

    fn sql(&mut self, parts: &[(&str, Spot)]) -> Result<(), InputError> {
        if self.probability <= 0.0 {
            return Ok(());
        }
        // Statements joined by `\;` are one message and, outside of a block, one transaction.
        self.results.clear();
        let implicit = parts.len() > 1
            && !self.in_transaction
            && parts.iter().all(|(sql, _)| control::control(sql, &mut self.transaction.isolation.clone()).is_none());
        if implicit {
            self.step(StepKind::Begin, false);
        }
        for (index, (sql, spot)) in parts.iter().enumerate() {
            self.position = Some(self.origin(*spot).locate("", 0));
            let kind = match control::control(sql, &mut self.transaction.isolation) {
                Some(kind) => {
                    self.in_transaction = matches!(kind, StepKind::Begin);
                    kind
                }
                None => {
                    let origin = self.origin(*spot);
                    self.results.push(self.transaction.steps.len());
                    let rewritten = rewrite(sql, &origin, self)?;
                    StepKind::Statement(StatementText {
                        sql: rewritten.sql,
                        written: (*sql).to_owned(),
                        origin: rewritten.origin,
                        cpu: None,
                        plan: None,
                        rows: None,
                    })
                }
            };
            self.step(kind, index > 0 || implicit);
        }
        if implicit {
            self.step(StepKind::Commit, true);
        }
        Ok(())
    }
}
