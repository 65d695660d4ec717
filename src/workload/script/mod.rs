//! pgbench scripts, with pgbench's meaning.
//!
//! A script becomes the steps and variables of a transaction: `\set` with a random function is a
//! drawn variable, arithmetic around it a derived one, `\if` a probability on the steps it guards.

mod branch;
mod chance;
mod commands;
mod convert;
mod expr;
mod lex;
mod names;
mod node;
mod output;
mod permute;
mod reader;
#[cfg(test)]
mod tests;
mod value;

use std::collections::BTreeMap;

use super::{Load, TableStats, Transaction};
use crate::diagnostic::{InputError, Warning};
use crate::schema::TableName;

/// What a script may depend on outside of itself.
pub(super) struct Context<'a> {
    /// Statistics of the tables: `:scale` is the number of branches.
    pub(super) tables: &'a BTreeMap<TableName, TableStats>,
    /// The load: `:client_id` is below the number of clients.
    pub(super) load: &'a Load,
    /// Whether statements go by the simple protocol, which has no pipelines.
    pub(super) simple: bool,
}

/// Distributions with a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Zipfian,
    Gaussian,
    Exponential,
}

/// Checks a distribution's parameter against pgbench's limits; an error says what and what was expected.
pub(super) fn check_parameter(shape: Shape, parameter: f64) -> Result<f64, (String, &'static str)> {
    let (valid, name, expected) = match shape {
        Shape::Zipfian => ((1.001..=1000.0).contains(&parameter), "zipfian", "a number from 1.001 to 1000"),
        Shape::Gaussian => (parameter >= 2.0, "gaussian", "a number of at least 2"),
        Shape::Exponential => (parameter > 0.0, "exponential", "a number above 0"),
    };
    if valid && parameter.is_finite() {
        Ok(parameter)
    } else {
        Err((format!("the {name} parameter cannot be {parameter}"), expected))
    }
}

/// Reads a script into the steps and variables of a transaction; variables it already has are those
/// that pgbench would be given by `-D`.
///
/// # Errors
/// What pgbench would refuse, at its line and column: unknown commands, malformed expressions,
/// undefined variables, `\if` without `\endif`; also `\shell` and `\setshell`, which run programs.
pub(super) fn read(
    name: &str,
    text: &str,
    context: &Context<'_>,
    transaction: &mut Transaction,
    warnings: &mut Vec<Warning>,
) -> Result<(), InputError> {
    let mut reader = reader::Reader::new(name, text, context, transaction, warnings);
    reader.script().map_err(|mut e| {
        e.source_text.get_or_insert_with(|| text.into());
        e
    })
}
