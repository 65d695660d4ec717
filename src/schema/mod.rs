//! Tables, columns, indexes and constraints, and the sizes that follow from them.

pub mod types;

pub use types::*;
