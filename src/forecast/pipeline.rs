//! The whole arrow in one short function: files to forecast.

use std::path::PathBuf;

use crate::diagnostic::InputError;
use crate::forecast::Forecast;

/// Where a forecast's inputs come from, and what is changed in them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sources {
    /// The workload file.
    pub workload: PathBuf,
    /// A schema file that replaces the one named in the workload file.
    pub schema: Option<PathBuf>,
    /// The machine file; `None`: the built-in reference machine.
    pub machine: Option<PathBuf>,
    /// Keys to change, with their new values, in the order given.
    pub set: Vec<(String, String)>,
    /// Clients that replace the load written in the workload file.
    pub clients: Option<u64>,
}

/// Everything a forecast needs, read and checked.
#[derive(Debug)]
pub struct Inputs {}

/// Documents read once, from which any number of what-ifs are made.
#[derive(Debug)]
pub struct Base {}

impl Base {
    /// Reads the files.
    ///
    /// # Errors
    /// The first mistake in the input.
    pub fn load(_sources: &Sources) -> Result<Self, InputError> {
        Err(InputError::new("forecasts are not available"))
    }

    /// The inputs with further keys set; `workload.clients` replaces a rate, `workload.rate` clients.
    ///
    /// # Errors
    /// The first mistake in the input.
    pub fn with(&self, _set: &[(String, String)]) -> Result<Inputs, InputError> {
        Err(InputError::new("forecasts are not available"))
    }
}

/// Reads and checks the inputs of one forecast.
///
/// # Errors
/// The first mistake in the input.
pub fn load(_sources: &Sources) -> Result<Inputs, InputError> {
    Err(InputError::new("forecasts are not available"))
}

/// Forecasts.
///
/// # Errors
/// An input that only turns out to be impossible while it is being modelled.
pub fn run(_inputs: &Inputs) -> Result<Forecast, InputError> {
    Err(InputError::new("forecasts are not available"))
}
