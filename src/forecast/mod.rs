//! The forecast: from schema, workload and machine to numbers with an interval.

pub mod anchor;
pub mod assemble;
pub mod baseline;
pub mod bottleneck;
pub mod bounds;
pub mod check;
pub mod grid;
pub mod inputs;
pub mod interval;
pub mod latency;
pub mod metric;
pub mod pipeline;
pub mod result;
pub mod rule;
#[cfg(test)]
pub(crate) mod sample;
pub mod schema_changes;
pub mod simulated;
pub mod sweep;

pub use inputs::{Base, Inputs, Sources, load};
pub use pipeline::run;
pub use result::*;
