//! The forecast: from schema, workload and machine to numbers with an interval.

pub mod bottleneck;
pub mod bounds;
pub mod interval;
pub mod latency;
pub mod result;

pub use result::*;
