//! What pgbench brings along: its tables as `pgbench -i` makes them, and its built-in scripts.

pub mod scripts;
pub mod tables;

pub use scripts::{BUILTINS, Builtin};
pub use tables::{PartitionMethod, Tables};
