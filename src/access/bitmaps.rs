//! Bitmap scans: one index, two together, or an OR of arms.

use crate::access::clause::{Clause, Op, Test};
use crate::access::cost::{self, Cost, IndexCost};
use crate::access::index_match::is_key;
use crate::access::paths::Match;
use crate::access::plan::{IndexUse, Method};
use crate::access::planner::Planner;
use crate::access::relation::TableInfo;
use crate::access::selectivity;

impl Planner<'_> {
    /// Bitmap scans: each index alone, the best pairs, and ORs of indexable arms.
    pub(super) fn bitmap_plans(
        &self,
        info: &TableInfo,
        places: &[usize],
        mut single: Vec<(IndexUse, IndexCost)>,
        loops: f64,
    ) -> Vec<(Method, Cost)> {
        let operators: f64 = self.clauses(places).iter().map(|c| c.operators).sum();
        let sizes = |pages: f64| (info.rows, info.pages, pages, self.total_pages);
        let s = self.settings;
        let mut plans = Vec::new();
        for (used, i) in &single {
            let bitmap = cost::bitmap_index(i, s);
            let cost = cost::bitmap_heap(bitmap, i.selectivity, operators, loops, sizes(i.index_pages), s);
            plans.push((Method::Bitmap(vec![used.clone()], false), cost));
        }
        single.sort_by(|a, b| a.1.selectivity.total_cmp(&b.1.selectivity));
        for (n, (first, a)) in single.iter().enumerate() {
            for (second, b) in &single[n + 1..] {
                if overlap(first, second) || self.repeats(info, first, second) {
                    continue;
                }
                let bitmap = cost::bitmap_index(a, s) + cost::bitmap_index(b, s) + 100.0 * s.cpu_operator_cost;
                let share = a.selectivity * b.selectivity;
                let pages = a.index_pages + b.index_pages;
                let cost = cost::bitmap_heap(bitmap, share, operators, loops, sizes(pages), s);
                plans.push((Method::Bitmap(vec![first.clone(), second.clone()], false), cost));
            }
        }
        plans.extend(self.or_bitmaps(info, places, operators, loops));
        plans
    }

    /// Whether a second bitmap says again what the first one does: predicates of partial indexes count like conditions
    /// (choose_bitmap_and and classify_index_clause_usage, indxpath.c).
    fn repeats(&self, info: &TableInfo, first: &IndexUse, second: &IndexUse) -> bool {
        let predicate = |used: &IndexUse| &info.indexes[used.index].predicate;
        let checked = |used: &IndexUse| -> Vec<&Clause> {
            used.boundary.iter().chain(&used.quals).map(|c| &self.pool[*c]).collect()
        };
        let (of_first, of_second) = (checked(first), checked(second));
        predicate(first).iter().any(|p| predicate(second).contains(p) || of_second.iter().any(|c| c.bare == *p))
            || predicate(second).iter().any(|p| super::implication::implied(p, &of_first, self.seen))
    }

    pub(super) fn or_bitmaps(
        &self,
        info: &TableInfo,
        places: &[usize],
        operators: f64,
        loops: f64,
    ) -> Vec<(Method, Cost)> {
        let s = self.settings;
        let mut plans = Vec::new();
        for place in places {
            let Test::Either(arms) = &self.pool[*place].test else { continue };
            let mut uses = Vec::new();
            let (mut bitmap, mut share, mut pages) = (0.0, 0.0, 0.0);
            for arm in arms {
                let Some((used, i)) = self.best_arm(info, *place, arm, loops) else { break };
                bitmap += cost::bitmap_index(&i, s) + 100.0 * s.cpu_operator_cost;
                share += i.selectivity - share * i.selectivity;
                pages += i.index_pages;
                uses.push(used);
            }
            if uses.len() == arms.len() && !uses.is_empty() {
                let sizes = (info.rows, info.pages, pages, self.total_pages);
                let cost = cost::bitmap_heap(bitmap, share, operators, loops, sizes, s);
                plans.push((Method::Bitmap(uses, true), cost));
            }
        }
        plans
    }

    /// The cheapest index for one arm of an OR; its clauses are named by the place of the whole OR.
    pub(super) fn best_arm(
        &self,
        info: &TableInfo,
        place: usize,
        arm: &[Clause],
        loops: f64,
    ) -> Option<(IndexUse, IndexCost)> {
        let mut best: Option<(IndexUse, IndexCost)> = None;
        for (number, index) in info.indexes.iter().enumerate().rev() {
            let refs: Vec<&Clause> = arm.iter().collect();
            if !index.predicate.iter().all(|p| super::implication::implied(p, &refs, self.seen)) {
                continue;
            }
            let first = arm.iter().find(|c| self.key_of(&c.test).is_some_and(|k| is_key(k, info, index, 0)));
            let usable = first.is_some_and(|c| match &c.test {
                Test::Compare(_, op, _) => *op != Op::Ne,
                Test::In(..) | Test::Any(..) | Test::Null(_) => true,
                _ => false,
            });
            if !usable {
                continue;
            }
            let matched: Vec<&Clause> = first.into_iter().collect();
            let share = selectivity::all(&matched, info, self.seen);
            let cost = IndexCost {
                boundary: share,
                selectivity: share,
                ..self.index_cost(info, index, &Match { scans: 1.0, ..Match::default() }, (&[], loops, 1.0))
            };
            let cheaper = best
                .as_ref()
                .is_none_or(|(_, b)| cost::bitmap_index(&cost, self.settings) < cost::bitmap_index(b, self.settings));
            if cheaper {
                best = Some((IndexUse { index: number, boundary: vec![place], quals: Vec::new() }, cost));
            }
        }
        best
    }
}

pub(super) fn overlap(a: &IndexUse, b: &IndexUse) -> bool {
    a.boundary.iter().chain(&a.quals).any(|c| b.boundary.contains(c) || b.quals.contains(c))
}
