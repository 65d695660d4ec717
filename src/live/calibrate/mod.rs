//! Measuring a live PostgreSQL: what `predict calibrate` does.

pub mod place;
pub mod prices;

pub use place::{Location, Place};
