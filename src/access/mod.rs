//! What each statement touches: rows, pages, index entries, WAL, locks. Counts, never prices.

pub mod cache;
pub mod footprint;

pub use footprint::*;
