//! Transactions, their mix, their variables and how they arrive.
//!
//! [`from_document`] reads a workload file; a transaction may also be a pgbench script.

mod against;
mod control;
mod file;
mod foreign;
mod outgoing;
pub mod pgbench;
mod placeholder;
mod read;
mod script;
pub mod starter;
mod statistics;
#[cfg(test)]
mod tests;
mod transaction;
pub mod types;

pub use against::check_against;
pub use outgoing::for_pgbench;
pub use read::{FORMAT_VERSION, from_document, json_schema, set, with_load};
pub use types::*;
