//! Tables, columns, indexes and constraints, and the sizes that follow from them.

mod alter;
pub mod btree;
mod build;
mod checks;
mod datatype;
mod drop;
#[cfg(test)]
mod dump_tests;
mod finish;
mod harmless;
mod infer;
mod read;
mod recovery;
mod rename;
mod sequences;
pub mod sizes;
mod table;
#[cfg(test)]
mod tests;
pub mod types;

pub use read::read;
pub use types::*;
