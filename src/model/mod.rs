//! PostgreSQL as a network of stations: CPU, group commit, row locks, I/O, pool and delays.
//!
//! [`System`] is the inert description per average transaction; [`closed`] and [`open`] solve it.
//! Throughput, lock hold times, batch sizes and checkpoint intervals depend on each other, so the
//! solution is a fixed point around product-form networks of `queueing`.

pub mod build;
pub mod caches;
pub mod closed;
pub mod collisions;
pub mod commit;
mod convoy;
mod feedback;
pub mod locks;
pub mod mix;
pub mod network;
pub mod open;
mod population;
pub mod regularity;
pub mod relief;
pub mod retries;
pub mod simulate;
pub mod station;
pub mod steady;
pub mod storage;
pub mod system;

#[cfg(test)]
pub(crate) mod tests;

pub use build::build;
pub use closed::solve_inside;
pub use relief::Relief;
pub use station::StationName;
pub use steady::Steady;
pub use system::System;
