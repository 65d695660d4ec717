//! Prices the counts of `access`: CPU, reads, WAL, flushes, round trips and lock holds per transaction.

pub mod price;
pub mod transaction;

pub use price::{Prices, statement_price};
pub use transaction::{LockDemand, StepDemand, TransactionDemand, Work, transaction_demand};
