//! Queueing networks: pure solvers that know nothing of databases.
//!
//! Nothing here does I/O, reads a clock or draws hidden random numbers; each solver says whether
//! and why it stopped. Times are in whatever unit the demands are in (seconds, by convention);
//! throughputs are per that unit.
//!
//! * [`simulation`]: what analysis cannot hold exactly (locks, batches, aborts), event by event;
//! * [`single`]: one closed class, exact at any population, at a cost that does not grow with it.

// Formulas index several arrays by the same population or station, as the papers write them.
#![allow(clippy::needless_range_loop)]

pub mod error;
pub mod simulation;
pub mod single;

pub use error::QueueingError;
