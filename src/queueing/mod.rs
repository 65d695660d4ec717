//! Queueing networks: pure solvers that know nothing of databases.
//!
//! Nothing here does I/O, reads a clock or draws hidden random numbers; each solver says whether
//! and why it stopped. Times are in whatever unit the demands are in (seconds, by convention);
//! throughputs are per that unit.
//!
//! * [`single`]: one closed class, exact at any population, at a cost that does not grow with it;
//! * [`exact`], [`approximate`]: several closed classes;
//! * [`chain`]: a first-come station as a Markov chain, where no product form holds;
//! * [`open`]: stations without closed customers, and what these leave of a station's speed;
//! * [`bounds`]: what no solution can pass;
//! * [`solve`]: a whole [`Network`] of named stations and classes, by whichever of these fits.
//! * [`simulation`]: what analysis cannot hold exactly (locks, batches, aborts), event by event.

// Formulas index several arrays by the same population or station, as the papers write them.
#![allow(clippy::needless_range_loop)]

pub mod approximate;
pub mod bounds;
pub mod chain;
pub mod closed;
pub mod error;
pub mod exact;
mod flow;
mod lattice;
mod lossy;
pub mod network;
pub mod open;
pub mod result;
pub mod simulation;
pub mod single;
mod solve;

pub use error::QueueingError;
pub use network::Network;
pub use result::NetworkSolution;
pub use solve::solve;

#[cfg(test)]
mod tests;
