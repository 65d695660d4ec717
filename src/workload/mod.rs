//! Transactions, their mix, their variables and how they arrive.

pub mod types;

pub use types::*;
