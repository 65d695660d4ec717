//! The forecast: from schema, workload and machine to numbers with an interval.

pub mod result;

pub use result::*;
