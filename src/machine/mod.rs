//! The machine: cores, storage, network, server settings, and every fitted constant.

pub mod coefficients;
pub mod types;

pub use types::*;
