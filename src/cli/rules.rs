//! Reads the rules file of `predict check`.

use std::path::Path;

use crate::diagnostic::InputError;
use crate::forecast::Forecast;
use crate::forecast::rule::Rule;

/// Reads a rules file.
///
/// # Errors
/// The file cannot be read, or its first mistake, with its place.
pub fn read(_path: &Path, _forecast: &Forecast) -> Result<Vec<Rule>, InputError> {
    Err(InputError::new("rules files are not available"))
}
