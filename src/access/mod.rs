//! What each statement touches: rows, pages, index entries, WAL, locks. Counts, never prices.
//!
//! [`Statements::parse`] reads the statements and resolves their names ([`bind`], [`select`]);
//! [`Statements::footprints`] plans each as the server would ([`planner`], [`paths`], [`joins`]) and
//! then runs the plan with the true numbers ([`execute`], [`writes`]). What the planner believes and
//! what is true are kept apart: the first chooses the path, the second costs time.

pub mod advisory;
pub mod aggregates;
pub mod assumed;
pub mod bind;
pub mod bind_write;
pub mod bitmaps;
pub mod block;
pub mod cache;
pub mod cardinality;
pub mod catalog;
pub mod changes;
pub mod clause;
pub mod column;
pub mod commands;
pub mod compression;
pub mod condition;
pub mod cost;
pub mod entries;
pub mod evaluation;
pub mod execute;
pub mod footprint;
pub mod foreign_keys;
pub mod from;
pub mod functions;
pub mod gin;
pub mod given_plan;
pub mod growth;
pub mod implication;
pub mod index_match;
pub mod inserts;
pub mod join_methods;
pub mod joins;
pub mod merge;
pub mod names;
pub mod new_entries;
pub mod outputs;
pub mod partition_rows;
pub mod partitions;
pub mod paths;
pub mod plan;
pub mod planned;
pub mod planner;
pub mod popularity;
pub mod postgres;
pub mod predicates;
pub mod pruning;
pub mod pull_up;
pub mod push_down;
pub mod reader;
pub mod recursion;
pub mod references;
pub mod relation;
pub mod room;
pub mod sampled;
pub mod scans;
pub mod select;
pub mod selectivity;
pub mod semi;
pub mod session;
pub mod sizes;
pub mod statement;
pub mod statements;
pub mod stored;
pub mod tally;
pub mod targets;
#[cfg(test)]
mod tests;
pub mod text_search;
pub mod touches;
pub mod triggers;
pub mod upper;
pub mod useful_order;
pub mod values;
pub mod wal;
pub mod walk;
pub mod writes;

pub use footprint::*;
pub use statements::{Footprints, Statements, footprints};
