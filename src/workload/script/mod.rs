//! pgbench scripts, with pgbench's meaning.

use std::collections::BTreeMap;

use super::{Load, TableStats, Transaction};
use crate::diagnostic::{InputError, Warning};
use crate::schema::TableName;

/// What a script may depend on outside of itself.
#[allow(dead_code)]
pub(super) struct Context<'a> {
    /// Statistics of the tables: `:scale` is the number of branches.
    pub(super) tables: &'a BTreeMap<TableName, TableStats>,
    /// The load: `:client_id` is below the number of clients.
    pub(super) load: &'a Load,
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

/// Reads a script into the steps and variables of a transaction.
pub(super) fn read(
    name: &str,
    _text: &str,
    _context: &Context<'_>,
    _transaction: &mut Transaction,
    _warnings: &mut Vec<Warning>,
) -> Result<(), InputError> {
    Err(InputError::new(format!("`{name}`: scripts are not read yet")))
}
