//! Tables, columns, indexes and constraints, and the sizes that follow from them.

mod alter;
pub mod btree;
mod build;
mod datatype;
mod finish;
mod infer;
mod read;
mod rename;
pub mod sizes;
mod table;
#[cfg(test)]
mod tests;
pub mod types;

pub use read::read;
pub use types::*;
