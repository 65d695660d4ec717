//! Queueing networks: pure solvers that know nothing of databases.
//!
//! Nothing here does I/O, reads a clock or draws hidden random numbers; each solver says whether
//! and why it stopped. Times are in whatever unit the demands are in (seconds, by convention);
//! throughputs are per that unit.
//!
//! * [`single`]: one closed class, exact at any population, at a cost that does not grow with it;
//! * [`exact`], [`approximate`]: several closed classes;
//! * [`simulation`]: what analysis cannot hold exactly (locks, batches, aborts), event by event.

// Formulas index several arrays by the same population or station, as the papers write them.
#![allow(clippy::needless_range_loop)]

pub mod approximate;
pub mod closed;
pub mod error;
pub mod exact;
mod lattice;
pub mod simulation;
pub mod single;

pub use error::QueueingError;

#[cfg(test)]
mod tests;
