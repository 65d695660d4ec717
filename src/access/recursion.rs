//! WITH RECURSIVE: the first part once, then the second part per row that the step before gave.

use crate::access::block::Source;
use crate::access::clause::{Op, Test};
use crate::access::execute;
use crate::access::planned::{Level, Planned};
use crate::access::selectivity::{self, Seen};
use crate::access::tally::Tally;
use crate::sql::tree::{Expr, Literal};

/// Stands for a CTE's place where the working table of a recursion is meant.
pub const WORKING: usize = usize::MAX;
/// Rows of the working table: ten times the first part's as the planner believes (set_cte_size_estimates), and one,
/// so that the second part's rows are those per row.
pub const WORKING_ROWS: (f64, f64) = (10.0, 1.0);
/// Growth per step from which a recursion that nothing bounds does not die out.
const LASTING: f64 = 0.95;
/// Steps of a recursion that lasts, when no condition says how many.
pub const ASSUMED_STEPS: f64 = 10.0;
/// Steps that one is followed for while it dies out.
const MOST_STEPS: f64 = 1000.0;

/// How a recursion goes on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Course {
    /// Rows over all steps, those of the first part included.
    pub rows: f64,
    /// Rows for which the second part runs.
    pub runs: f64,
    /// Whether the number of steps is a guess.
    pub guessed: bool,
}

/// The course of a recursion of `first` rows that grows by a factor per step.
#[must_use]
pub fn course(first: f64, growth: f64, bound: Option<f64>) -> Course {
    let guessed = bound.is_none() && growth >= LASTING;
    let steps = bound.unwrap_or(if guessed { ASSUMED_STEPS } else { MOST_STEPS }).min(MOST_STEPS);
    let (mut rows, mut runs, mut last, mut step) = (first, 0.0, first, 0.0);
    while step < steps && last > 1e-6 {
        runs += last;
        last *= growth;
        rows += last;
        step += 1.0;
    }
    Course { rows, runs, guessed }
}

/// The course of a recursive query as planned.
#[must_use]
pub fn of(planned: &Planned<'_>) -> Option<Course> {
    let Planned::Set { sides, .. } = planned else { return None };
    let Planned::Level(step) = &sides.1 else { return None };
    let (bound, share) = bound(step, &sides.0);
    let growth = step.true_rows() / share.max(1e-9);
    Some(course(sides.0.true_rows(), growth, bound))
}

/// Runs a recursive query; `None` when it is none after all.
pub fn run(planned: &Planned<'_>, tally: &mut Tally) -> Option<Course> {
    let course = of(planned)?;
    let Planned::Set { sides, node } = planned else { return None };
    execute::query(&sides.0, 1.0, f64::INFINITY, tally);
    execute::query(&sides.1, course.runs, f64::INFINITY, tally);
    if let crate::access::block::Node::SetOperation { distinct: true, .. } = node {
        tally.counts.group_row += course.rows;
    }
    Some(course)
}

/// Steps after which a condition such as `depth < 5` on the working table ends the recursion, and the share of rows
/// that this condition was taken to keep.
fn bound(step: &Level<'_>, first: &Planned<'_>) -> (Option<f64>, f64) {
    let planner = &step.planner;
    let working = planner.block.rels.iter().position(|r| matches!(r.source, Source::Cte(WORKING)));
    let Some(rel) = working else { return (None, 1.0) };
    let info = &planner.block.rels[rel].info;
    for place in &planner.local[rel] {
        let clause = &planner.pool[*place];
        let Test::Compare(key, op, value) = &clause.test else { continue };
        let (Some(column), Some(end)) = (&key.column, value.values.first().and_then(|v| v.number())) else { continue };
        let last = match op {
            Op::Lt => end,
            Op::Le => end + 1.0,
            _ => continue,
        };
        let start = info.column(column).and_then(|at| starts_at(first, at)).unwrap_or(1.0);
        return (Some((last - start).max(0.0)), selectivity::one(clause, info, Seen::True));
    }
    (None, 1.0)
}

/// The number that a column of the first part is.
fn starts_at(first: &Planned<'_>, column: usize) -> Option<f64> {
    let expr = match first {
        Planned::Level(level) => &level.planner.block.outputs.get(column)?.expr,
        _ => return None,
    };
    let mut inner = expr;
    while let Expr::Cast { expr, .. } = inner {
        inner = expr;
    }
    match inner {
        Expr::Literal(Literal::Number(n)) => Some(*n),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_counts_to_its_end() {
        // SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 10: ten rows, the second part for nine of them.
        assert_eq!(course(1.0, 1.0, Some(9.0)), Course { rows: 10.0, runs: 9.0, guessed: false });
    }

    #[test]
    fn a_path_that_dies_out_is_a_geometric_series() {
        let path = course(2.0, 0.2, None);
        assert!((path.rows - 2.5).abs() < 1e-5 && !path.guessed, "{path:?}");
        assert!(course(1.0, 3.0, None).guessed);
    }
}
