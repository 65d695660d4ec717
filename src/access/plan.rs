//! A plan: how the planner would run a query level.

use std::rc::Rc;

use crate::access::block::Compared;
use crate::access::cost::Cost;

/// A way an index (or a bitmap of indexes) is used.
#[derive(Debug, Clone)]
pub struct IndexUse {
    /// The index, by place in the leaf's `indexes`.
    pub index: usize,
    /// Clauses that bound what is read of it: places in the scan's clause list.
    pub boundary: Vec<usize>,
    /// Further clauses that it checks.
    pub quals: Vec<usize>,
}

/// How one leaf is scanned.
#[derive(Debug, Clone)]
pub enum Method {
    /// All pages.
    Seq,
    /// An index; whether alone (index-only).
    Index(IndexUse, bool),
    /// Bitmaps, combined by AND (or, when the second is true, by OR of arms).
    Bitmap(Vec<IndexUse>, bool),
}

/// A scan of one table or partition.
#[derive(Debug, Clone)]
pub struct Scan {
    /// The relation.
    pub rel: usize,
    /// The leaf of it.
    pub leaf: usize,
    /// How.
    pub method: Method,
    /// All clauses that its rows pass: places in the planner's pool.
    pub clauses: Vec<usize>,
    /// Share of executions that visit the leaf.
    pub visit: f64,
}

/// Kinds of join as executed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JoinType {
    /// All pairs.
    Inner,
    /// Unmatched rows of the outer side too.
    Left,
    /// Unmatched rows of both.
    Full,
    /// Outer rows with a match.
    Semi,
    /// Outer rows without.
    Anti,
}

/// What a plan node does.
#[derive(Debug, Clone)]
pub enum Kind {
    /// Scans a leaf.
    Scan(Scan),
    /// Several leaves one after the other.
    Append(Vec<Rc<Plan>>),
    /// A subquery, CTE, function or VALUES in FROM: clauses that filter its rows.
    Source(usize, Vec<usize>),
    /// Nested loop.
    Nest {
        /// Outer side.
        outer: Rc<Plan>,
        /// Inner side, run per outer row.
        inner: Rc<Plan>,
        /// Kind.
        join: JoinType,
        /// Share of outer rows answered from a Memoize node, 0 without.
        memoized: f64,
        /// Whether the inner side is kept after its first run.
        materialized: bool,
        /// Whether an outer row matches one inner row at most, so that the search stops there.
        unique: bool,
    },
    /// Hash join; the inner side is hashed.
    Hash {
        /// Outer side.
        outer: Rc<Plan>,
        /// Inner side.
        inner: Rc<Plan>,
        /// Kind.
        join: JoinType,
    },
    /// Merge join of two ordered sides.
    Merge {
        /// Outer side.
        outer: Rc<Plan>,
        /// Inner side.
        inner: Rc<Plan>,
        /// Kind.
        join: JoinType,
    },
    /// Sort.
    Sort {
        /// What is sorted.
        input: Rc<Plan>,
        /// How its keys compare.
        compared: Compared,
        /// Groups already in order (incremental sort), 1 otherwise.
        groups: f64,
    },
    /// Duplicates removed before a join.
    Unique(Rc<Plan>),
    /// Groups; whether by hashing.
    Group {
        /// What is grouped.
        input: Rc<Plan>,
        /// By hashing rather than in order.
        hashed: bool,
        /// Key columns, for the number of groups; `usize::MAX` marks DISTINCT.
        keys: GroupKeys,
    },
    /// Window functions over ordered rows.
    Window(Rc<Plan>),
    /// One row from an empty FROM.
    Result,
}

/// What a grouping groups by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupKeys {
    /// GROUP BY (or none: one group).
    GroupBy,
    /// DISTINCT.
    Distinct,
}

/// One column of an order: a column of a relation, or a class of equal columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrderColumn {
    /// Relation, or [`CLASS`].
    pub rel: usize,
    /// Column (or index expression past all columns), or class.
    pub column: usize,
    /// DESC.
    pub descending: bool,
}

/// Stands for a relation in [`OrderColumn`] when the column is a class of equal columns.
pub const CLASS: usize = usize::MAX;

/// A plan with what the planner believes of it.
#[derive(Debug, Clone)]
pub struct Plan {
    /// What it does.
    pub kind: Kind,
    /// Rows it believes to get.
    pub rows: f64,
    /// Bytes per row.
    pub width: f64,
    /// Cost.
    pub cost: Cost,
    /// Order of the rows.
    pub order: Vec<OrderColumn>,
    /// Relations inside.
    pub rels: u64,
    /// Relations whose rows parametrise it.
    pub requires: u64,
}

/// How two costs compare when differences of a hundredth do not count (compare_path_costs_fuzzily).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// The first is better.
    First,
    /// The second is better.
    Second,
    /// Alike.
    Equal,
    /// One starts sooner, the other ends sooner.
    Different,
}

/// Costs within a hundredth count as equal (STD_FUZZ_FACTOR).
const FUZZ: f64 = 1.01;

/// Compares two costs as the planner does; `startup` says whether starting sooner makes up for ending later.
#[must_use]
pub fn compare(a: Cost, b: Cost, startup: bool) -> Comparison {
    if a.total > b.total * FUZZ {
        return if startup && b.startup > a.startup * FUZZ { Comparison::Different } else { Comparison::Second };
    }
    if b.total > a.total * FUZZ {
        return if startup && a.startup > b.startup * FUZZ { Comparison::Different } else { Comparison::First };
    }
    if a.startup > b.startup * FUZZ {
        return Comparison::Second;
    }
    if b.startup > a.startup * FUZZ { Comparison::First } else { Comparison::Equal }
}

/// Whether a plan's rows serve wherever the other's would: as ordered, as free, no more of them.
fn serves(plan: &Plan, other: &Plan) -> bool {
    plan.order.len() >= other.order.len()
        && plan.order[..other.order.len()] == other.order[..]
        && plan.requires & !other.requires == 0
        && (plan.rows <= other.rows * 1.000_001 || plan.requires == other.requires)
}

/// Keeps of a set of plans those that are best in some respect (add_path); `startup` as for [`compare`].
pub fn add(plans: &mut Vec<Rc<Plan>>, new: Plan, startup: bool) {
    let beats = |a: &Plan, b: &Plan| match compare(a.cost, b.cost, startup) {
        Comparison::First => serves(a, b),
        Comparison::Equal => serves(a, b) && (!serves(b, a) || a.cost.total <= b.cost.total),
        Comparison::Second | Comparison::Different => false,
    };
    if plans.iter().any(|old| beats(old, &new)) {
        return;
    }
    plans.retain(|old| !beats(&new, old));
    plans.push(Rc::new(new));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cost(startup: f64, total: f64) -> Cost {
        Cost { startup, total }
    }

    #[test]
    fn small_differences_yield_to_the_sooner_start() {
        assert_eq!(compare(cost(0.7, 78.35), cost(77.9, 78.0), true), Comparison::First);
        assert_eq!(compare(cost(0.7, 90.0), cost(77.9, 78.0), true), Comparison::Different);
        // Where all rows are wanted, only the end counts.
        assert_eq!(compare(cost(0.7, 90.0), cost(77.9, 78.0), false), Comparison::Second);
        assert_eq!(compare(cost(5.0, 90.0), cost(0.5, 78.0), true), Comparison::Second);
        assert_eq!(compare(cost(5.0, 78.0), cost(5.01, 78.2), true), Comparison::Equal);
    }
}
