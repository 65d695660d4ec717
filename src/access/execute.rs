//! What running a plan really touches: rows and buffer accesses of every scan, with the true shares.

use std::rc::Rc;

use crate::access::aggregates;
use crate::access::block::{Compared, SortKey, bit};
use crate::access::partitions::Limit;
use crate::access::plan::{GroupKeys, JoinType, Kind, Plan};
use crate::access::planned::{Level, Planned, Sub};
use crate::access::planner::Planner;
use crate::access::selectivity::Seen;
use crate::access::statement;
use crate::access::tally::Tally;
use crate::access::touches;
use crate::access::writes;

/// Partitions visited beyond one per execution up to which each execution is taken to visit one.
const ONE_VISIT: f64 = 0.01;

/// Distinct pages among `draws` random ones of `pages`.
#[must_use]
pub fn distinct_pages(draws: f64, pages: f64) -> f64 {
    if pages <= 1.0 {
        return draws.min(1.0).min(pages.max(0.0));
    }
    pages * (1.0 - (1.0 - 1.0 / pages).powf(draws))
}

/// Runs a query `loops` times; the rows it returns each time.
pub fn query(planned: &Planned<'_>, loops: f64, want: f64, tally: &mut Tally) -> f64 {
    match planned {
        Planned::Level(l) => level(l, loops, want, tally),
        Planned::Set { sides, node } => {
            let left = query(&sides.0, loops, want, tally);
            let right = query(&sides.1, loops, (want - left).max(0.0), tally);
            if let crate::access::block::Node::SetOperation { distinct, order_by, .. } = node {
                if *distinct {
                    tally.counts.group_row += (left + right) * loops;
                }
                if !order_by.is_empty() {
                    tally.sort(left + right, loops, Compared::dearest(order_by), None);
                }
            }
            planned.true_rows().min(want)
        }
        Planned::Values { rows, subplans } => {
            for sub in subplans {
                run_sub(sub, loops, tally);
            }
            *rows
        }
    }
}

fn run_sub(sub: &Sub<'_>, runs: f64, tally: &mut Tally) {
    if runs <= 0.0 {
        return;
    }
    let want = if sub.subplan.exists { 1.0 } else { f64::INFINITY };
    let rows = query(&sub.planned, runs, want, tally);
    if sub.subplan.hashed {
        tally.counts.group_row += rows * runs;
    }
}

/// Runs one level `loops` times; the rows it returns each time.
pub fn level(level: &Level<'_>, loops: f64, want: f64, tally: &mut Tally) -> f64 {
    let Some(chosen) = &level.chosen else { return 0.0 };
    let block = level.planner.block;
    let limit =
        block.limit.as_ref().map_or(f64::INFINITY, |l| l.value + block.offset.as_ref().map_or(0.0, |o| o.value));
    if block.limit.is_some() || block.offset.is_some() {
        tally.counts.plan_node += loops.min(1.0);
    }
    let mut run = Run { level, tally, loops };
    let joined = match &level.ends[..] {
        [] => run.node(&chosen.plan, loops, limit.min(want)),
        ends => ends.iter().map(|end| run.node(&end.plan, loops, 1.0)).fold(1.0, f64::min),
    };
    // Subqueries of the select list run per row returned, those of WHERE per row tested.
    for sub in &level.subplans {
        let runs = if !sub.subplan.correlated {
            loops
        } else if sub.subplan.in_filter {
            loops * level.planner.base_rows(0, Seen::True).max(joined)
        } else {
            loops * joined
        };
        run_sub(sub, runs, tally);
    }
    let rows = level.true_rows().min(want);
    lock_clauses(level, rows * loops, tally);
    rows
}

/// FOR UPDATE and its kin: `rows` rows that the level returned are locked.
fn lock_clauses(level: &Level<'_>, rows: f64, tally: &mut Tally) {
    let block = level.planner.block;
    for clause in &block.locks {
        for (place, rel) in block.rels.iter().enumerate().filter(|(place, _)| clause.rels & bit(*place) != 0) {
            let own = level.planner.clauses(&level.planner.local[place]);
            for (leaf, share) in statement::shares(&rel.leaves, &rel.info, &own) {
                let reach = touches::of_clauses(&own, &leaf.info);
                writes::lock_rows(&leaf.info, rows * share, &reach, tally);
                statement::lock(&leaf.info, rows * share, (clause.mode, clause.wait), &reach, tally);
            }
        }
    }
}

pub(super) struct Run<'r, 'a> {
    pub level: &'r Level<'a>,
    pub tally: &'r mut Tally,
    /// Executions of the whole level.
    pub loops: f64,
}

impl<'a> Run<'_, 'a> {
    pub(super) fn planner(&self) -> &Planner<'a> {
        &self.level.planner
    }

    /// Runs a node `loops` times until `want` rows have come; the rows of each time.
    fn node(&mut self, plan: &Plan, loops: f64, want: f64) -> f64 {
        // Nodes of a subquery that runs for many rows are made ready once.
        if !matches!(plan.kind, Kind::Result) {
            self.tally.counts.plan_node += self.loops.min(1.0);
        }
        match &plan.kind {
            Kind::Result => 1.0,
            Kind::Scan(scan) => self.scan(scan, loops, want),
            Kind::Append(children) => self.append(plan, children, loops, want),
            Kind::Source(rel, clauses) => self.source(*rel, clauses, loops, want),
            Kind::Nest { outer, inner, join, memoized, materialized, unique } => {
                let stops = *unique && inner.requires == 0 && !materialized;
                self.nested_loop(plan, (outer, inner, *join), (*memoized, *materialized, stops), loops, want)
            }
            Kind::Hash { outer, inner, .. } | Kind::Merge { outer, inner, .. } => {
                let hash = matches!(plan.kind, Kind::Hash { .. });
                self.two_sides(plan, (outer, inner), hash, loops, want)
            }
            Kind::Sort { input, compared, groups } => {
                // A full sort needs all its input; an incremental one stops after the groups it needs.
                let all = self.rows_of(input);
                let share =
                    if *groups > 1.0 && want < all { ((want * groups / all).ceil() / groups).min(1.0) } else { 1.0 };
                let rows = self.node(input, loops, if share < 1.0 { all * share } else { f64::INFINITY });
                let limit = (want.is_finite() && want < rows).then_some(want);
                self.tally.sort(rows, loops, *compared, limit);
                rows.min(want)
            }
            Kind::Unique(input) => {
                let rows = self.node(input, loops, f64::INFINITY);
                self.tally.counts.group_row += rows * loops;
                let distinct = if input.rows > 0.0 { rows * plan.rows / input.rows } else { rows };
                distinct.min(rows).max(rows.min(1.0))
            }
            Kind::Window(input) => {
                let rows = self.node(input, loops, want);
                self.tally.counts.group_row += rows * loops;
                rows
            }
            Kind::Group { input, hashed, keys } => self.group(input, *hashed, *keys, loops, want),
        }
    }

    /// Partitions one after the other, or merged in an order, of which each gives its first row at once.
    fn append(&mut self, plan: &Plan, children: &[Rc<Plan>], loops: f64, want: f64) -> f64 {
        let visit = |child: &Plan| if let Kind::Scan(scan) = &child.kind { scan.visit } else { 1.0 };
        let visited: f64 = children.iter().map(|c| visit(c)).sum();
        let alone = visited <= 1.0 + ONE_VISIT;
        let in_turn = self.in_order_of_bounds(plan, children);
        let merged = !alone && !in_turn && !plan.order.is_empty() && want.is_finite();
        let mut children: Vec<&Rc<Plan>> = children.iter().collect();
        if in_turn && self.planner().block.order_by.first().is_some_and(|k| k.descending) {
            children.reverse();
        }
        let mut rows = 0.0;
        let total: f64 = if merged { children.iter().map(|c| self.leaf_rows(c)).sum() } else { 1.0 };
        for child in children {
            let from_here = match (alone, merged) {
                (true, _) => want,
                (_, true) => want * self.leaf_rows(child) / total.max(1e-9) + 1.0,
                _ => (want - rows).max(0.0),
            };
            // What comes after the last row wanted is never started.
            if in_turn && from_here <= 0.0 {
                break;
            }
            rows += self.node(child, loops, from_here);
        }
        rows.min(want)
    }

    /// Whether an order is that of the ranges of the partitions, so that they are read in turn
    /// (partitions_are_ordered, partbounds.c).
    fn in_order_of_bounds(&self, plan: &Plan, children: &[Rc<Plan>]) -> bool {
        let Some(first) = plan.order.first() else { return false };
        children.iter().all(|child| {
            let Kind::Scan(scan) = &child.kind else { return false };
            let rel = &self.planner().block.rels[scan.rel];
            match rel.leaves[scan.leaf].bound.as_deref() {
                Some([Limit::Range(name, ..)]) => first.rel == scan.rel && rel.info.column(name) == Some(first.column),
                _ => false,
            }
        })
    }

    /// Rows of the scan of one partition when all are taken.
    fn leaf_rows(&self, plan: &Plan) -> f64 {
        match &plan.kind {
            Kind::Scan(scan) => {
                let planner = self.planner();
                let info = &planner.block.rels[scan.rel].leaves[scan.leaf].info;
                info.rows * planner.share(info, &scan.clauses, Seen::True)
            }
            _ => plan.rows,
        }
    }

    fn group(&mut self, input: &Plan, hashed: bool, keys: GroupKeys, loops: f64, want: f64) -> f64 {
        let block = self.planner().block;
        let by = if keys == GroupKeys::Distinct { &block.distinct } else { &block.group_by };
        let all = self.rows_of(input);
        let groups = self.planner().groups(by, all, Seen::True).min(all.max(1.0));
        let share = if hashed || by.is_empty() { 1.0 } else { (want / groups).min(1.0) };
        let rows = self.node(input, loops, if share < 1.0 { all * share } else { f64::INFINITY });
        if keys == GroupKeys::GroupBy {
            aggregates::charge(block, rows * loops, self.tally);
        }
        if !by.is_empty() {
            self.tally.counts.group_row += rows * loops;
            self.tally.counts.group_made += groups.min(rows) * loops;
            let text = |k: &&SortKey| matches!(k.compared, Compared::Text | Compared::Locale);
            self.tally.counts.text_test += rows * loops * by.iter().filter(text).count() as f64;
        }
        if by.is_empty() { 1.0 } else { groups.min(rows).min(want) }
    }

    /// Rows of a node when all are taken.
    fn rows_of(&self, plan: &Plan) -> f64 {
        match &plan.kind {
            Kind::Group { input, keys, .. } => {
                let block = self.planner().block;
                let by = if *keys == GroupKeys::Distinct { &block.distinct } else { &block.group_by };
                let all = self.rows_of(input);
                self.planner().groups(by, all, Seen::True).min(all.max(1.0))
            }
            Kind::Sort { input, .. } | Kind::Window(input) => self.rows_of(input),
            Kind::Result => 1.0,
            _ => self.planner().join_rows(plan.rels, Seen::True),
        }
    }

    fn source(&mut self, rel: usize, clauses: &[usize], loops: f64, want: f64) -> f64 {
        let planner = self.planner();
        let info = &planner.block.rels[rel].info;
        let share = planner.share(info, clauses, Seen::True);
        let found = self.level.sources.iter().find(|s| s.0 == rel);
        let raw = match found {
            Some((_, planned)) => {
                let inner_want = if share > 0.0 { want / share } else { f64::INFINITY };
                query(planned, loops, inner_want, self.tally)
            }
            None => planner.source_rows.get(&rel).map_or(0.0, |r| r.1),
        };
        self.tally.counts.seq_row += raw * loops;
        (raw * share).min(want)
    }

    fn nested_loop(
        &mut self,
        plan: &Plan,
        (outer, inner, join): (&Plan, &Plan, JoinType),
        (memoized, materialized, stops): (f64, bool, bool),
        loops: f64,
        want: f64,
    ) -> f64 {
        let total = self.rows_of(plan);
        let share = if total > want { want / total } else { 1.0 };
        let outer_all = self.rows_of(outer);
        let outer_rows = self.node(
            outer,
            loops,
            if share < 1.0 { (outer_all * share).max(1.0_f64.min(outer_all)) } else { f64::INFINITY },
        );
        // A null key finds nothing, and the index is not even asked.
        let outer_rows_all = outer_rows;
        let outer_rows = outer_rows * self.planner().known_keys(inner);
        let first_match = matches!(join, JoinType::Semi | JoinType::Anti);
        let runs = if materialized {
            loops * outer_rows.min(1.0)
        } else if memoized > 0.0 {
            loops * outer_rows * (1.0 - memoized * share)
        } else {
            loops * outer_rows
        };
        let inner_want = if first_match {
            1.0
        } else if stops {
            // The one match is anywhere among the rows.
            f64::midpoint(self.rows_of(inner), 1.0)
        } else {
            f64::INFINITY
        };
        let inner_rows = self.node(inner, runs.max(0.0), inner_want);
        if materialized {
            self.tally.counts.seq_row += inner_rows * loops * outer_rows_all;
        }
        (total * share).min(want)
    }

    fn two_sides(&mut self, plan: &Plan, (outer, inner): (&Plan, &Plan), hash: bool, loops: f64, want: f64) -> f64 {
        let total = self.rows_of(plan);
        let share = if total > want { want / total } else { 1.0 };
        let all = self.rows_of(outer);
        let wanted = |rows: f64| if share < 1.0 { (rows * share).max(1.0) } else { f64::INFINITY };
        // The hash table needs all of its side; a merge stops on both sides.
        let inner_want = if hash { f64::INFINITY } else { wanted(self.rows_of(inner)) };
        let inner_rows = self.node(inner, loops, inner_want);
        let outer_rows = self.node(outer, loops, wanted(all));
        self.tally.counts.join_row += (inner_rows + outer_rows) * loops;
        if hash {
            self.tally.counts.hash_row += inner_rows * loops;
        }
        (total * share).min(want)
    }
}
