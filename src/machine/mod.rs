//! The machine: cores, storage, network, server settings, and every fitted constant.
//!
//! [`from_document`] reads a machine file, [`reference()`] is the machine assumed without one.

pub mod coefficients;
mod conf;
mod differ;
mod file;
mod harmless;
mod read;
mod settings;
#[cfg(test)]
mod tests;
pub mod types;

pub use differ::{Differs, settings_that_differ};
pub use read::{FORMAT_VERSION, REFERENCE_TEXT, from_document, json_schema, reference, reference_document};
pub use settings::{modelled_settings, setting_as_yaml};
pub use types::*;
