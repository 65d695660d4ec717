//! Constants of PostgreSQL 15 that more than one formula of this room needs, as its sources have them.

pub use crate::schema::sizes::{HEAP_HEADER as TUPLE_HEADER, INDEX_HEADER};

/// Values that the list of the most common ones has room for (default_statistics_target).
pub const STATISTICS_TARGET: f64 = 100.0;
/// DEFAULT_EQ_SEL, and 1 / DEFAULT_NUM_DISTINCT.
pub const EQUALITY: f64 = 0.005;
/// DEFAULT_INEQ_SEL; also the share that a condition on a group, or of a WHEN, is taken to hold for when nothing says
/// more.
pub const INEQUALITY: f64 = 1.0 / 3.0;
/// DEFAULT_RANGE_INEQ_SEL.
pub const RANGE: f64 = 0.005;
/// DEFAULT_MATCH_SEL.
pub const MATCH: f64 = 0.005;
/// DEFAULT_CONTAIN_SEL, and for jsonb DEFAULT_MATCHING_SEL.
pub const CONTAIN: f64 = 0.005;
/// DEFAULT_TS_MATCH_SEL.
pub const TEXT_SEARCH: f64 = 0.001;
/// FIXED_CHAR_SEL: share of texts that one constant character leaves.
pub const FIXED_CHARACTER: f64 = 0.2;
/// Bytes of an array's header (ArrayType with one dimension).
pub const ARRAY_HEADER: f64 = 24.0;
/// Elements that the planner assumes of an array it cannot see.
pub const ARRAY_ELEMENTS: f64 = 10.0;
/// Share of rows that a condition which cannot be read is taken to leave, when it is a plain boolean (boolvarsel).
pub const BOOLEAN: f64 = 0.5;
/// Cost of a kind of plan that is switched off, so that it is chosen only for want of others (disable_cost).
pub const DISABLED: f64 = 1e10;
