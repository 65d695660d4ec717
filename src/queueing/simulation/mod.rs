//! A seeded discrete-event simulation of closed and open systems.
//!
//! A [`Model`] is inert data: stations with queues, batch servers, rows that are locked, an admission
//! limit, and per class a program of what a customer does in order. [`simulate`] runs it until the
//! confidence interval of throughput and mean latency is as narrow as asked for, or a limit is reached.
//! The same model, options and seed give the same outcome, bit by bit.

mod batches;
mod calendar;
mod deadlocks;
mod engine;
mod estimate;
mod histogram;
mod locks;
mod model;
mod program;
mod random;
mod rows;
mod run;
mod stations;
mod steps;
mod tally;

#[cfg(test)]
mod tests;

pub use estimate::Estimate;
pub use histogram::Histogram;
pub use model::*;
pub use random::{Random, SplitMix};
pub use run::{Options, Outcome, Progress, Stopped, simulate};
pub use tally::{ClassTally, Tally};
