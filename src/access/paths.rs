//! The ways to scan one relation, with what the planner believes they cost.

use std::rc::Rc;

use crate::access::block::{Source, bit};
use crate::access::clause::{Clause, Key, Test};
use crate::access::column::ColumnInfo;
use crate::access::cost::{self, Cost, IndexCost, clamp_rows};
use crate::access::gin;
use crate::access::plan::{IndexUse, Kind, Method, OrderColumn, Plan, Scan};
use crate::access::planner::Planner;
use crate::access::postgres::DISABLED;
use crate::access::relation::{IndexInfo, TableInfo};
use crate::access::selectivity;

/// A multi-column index is taken as ordered like its first column, times this (btcostestimate).
const MULTI_COLUMN_ORDER: f64 = 0.75;

/// How an index can serve a set of clauses.
#[derive(Debug, Clone, Default)]
pub struct Match {
    /// Clauses that bound what is read.
    pub boundary: Vec<usize>,
    /// Further clauses that it checks.
    pub quals: Vec<usize>,
    /// Descents per scan, for = ANY and IN.
    pub scans: f64,
    /// Whether each descent finds at most one entry.
    pub unique: bool,
    /// Leading keys that an equality fixes.
    pub fixed: usize,
}

impl Planner<'_> {
    /// All plans of a relation worth keeping.
    #[must_use]
    pub fn base_plans(&self, rel: usize) -> Vec<Rc<Plan>> {
        let relation = &self.block.rels[rel];
        let mut plans = Vec::new();
        if !matches!(relation.source, Source::Table) {
            self.keep(&mut plans, self.source_plan(rel));
            return plans;
        }
        for requires in self.parametrizations(rel) {
            if relation.leaves.len() == 1 && relation.leaves[0].bound.is_none() {
                for plan in self.leaf_plans(rel, 0, requires, 1.0) {
                    self.keep(&mut plans, plan);
                }
            } else {
                for plan in self.append(rel, requires) {
                    self.keep(&mut plans, plan);
                }
            }
        }
        plans
    }

    /// The sets of other relations whose rows may drive a scan of this one.
    fn parametrizations(&self, rel: usize) -> Vec<u64> {
        let mut sets = vec![0];
        for (_, others) in &self.links[rel] {
            if !sets.contains(others) {
                sets.push(*others);
            }
        }
        let every = self.links[rel].iter().fold(0, |m, l| m | l.1);
        // Two relations together may fill a multi-column key.
        if sets.len() > 2 && sets.len() <= 6 {
            for a in sets.clone() {
                for b in sets.clone() {
                    if !sets.contains(&(a | b)) {
                        sets.push(a | b);
                    }
                }
            }
        }
        if !sets.contains(&every) {
            sets.push(every);
        }
        sets
    }

    fn source_plan(&self, rel: usize) -> Plan {
        let relation = &self.block.rels[rel];
        let clauses = self.local[rel].clone();
        let rows = self.base_rows(rel, self.seen);
        let raw = self.source_rows.get(&rel).map_or(relation.info.rows, |r| r.0);
        let operators: f64 = self.clauses(&clauses).iter().map(|c| c.operators).sum();
        let base = self.source_costs.get(&rel).copied().unwrap_or_default();
        let s = self.settings;
        let total = base.total + raw * (s.cpu_tuple_cost + s.cpu_operator_cost * operators);
        Plan {
            kind: Kind::Source(rel, clauses),
            rows,
            width: relation.info.tuple_bytes,
            cost: Cost { startup: base.startup, total },
            order: Vec::new(),
            rels: bit(rel),
            // LATERAL is computed anew for each row of what it refers to.
            requires: relation.lateral,
        }
    }

    /// The scans of all partitions together: each the cheapest, and each in the order of an index that
    /// all of them have.
    fn append(&self, rel: usize, requires: u64) -> Vec<Plan> {
        let relation = &self.block.rels[rel];
        let clauses: Vec<&Clause> = self.scan_clauses(rel, requires).iter().map(|c| &self.pool[*c]).collect();
        let mut leaves = Vec::new();
        for (place, leaf) in relation.leaves.iter().enumerate() {
            let visit = leaf.bound.as_ref().map(|b| super::partitions::visit(&relation.info, b, &clauses));
            let probability = visit.map_or(1.0, |v| v.probability);
            if probability > 0.0 && visit.is_none_or(|v| v.in_generic_plan) {
                leaves.push((probability, self.leaf_plans(rel, place, requires, probability)));
            }
        }
        let mut orders: Vec<Vec<OrderColumn>> = vec![Vec::new()];
        for plan in leaves.iter().take(1).flat_map(|l| &l.1) {
            if !orders.contains(&plan.order) {
                orders.push(plan.order.clone());
            }
        }
        orders.into_iter().filter_map(|order| self.append_in_order(rel, requires, &leaves, order)).collect()
    }

    fn append_in_order(
        &self,
        rel: usize,
        requires: u64,
        leaves: &[(f64, Vec<Plan>)],
        order: Vec<OrderColumn>,
    ) -> Option<Plan> {
        let mut children = Vec::new();
        let mut cost = Cost::default();
        let mut rows = 0.0;
        for (probability, plans) in leaves {
            let fitting = plans.iter().filter(|p| order.is_empty() || p.order == order);
            let best = fitting.min_by(|a, b| a.cost.total.total_cmp(&b.cost.total))?;
            // A custom plan holds only the partitions that its values reach.
            let share = if self.seen == selectivity::Seen::Custom { *probability } else { 1.0 };
            cost.startup += if order.is_empty() { 0.0 } else { best.cost.startup * share };
            cost.total += best.cost.total * share;
            rows += best.rows * share;
            children.push(Rc::new(best.clone()));
        }
        let width = self.block.rels[rel].info.tuple_bytes;
        Some(Plan {
            kind: Kind::Append(children),
            rows: clamp_rows(rows),
            width,
            cost,
            order,
            rels: bit(rel),
            requires,
        })
    }

    /// A relation's own clauses, and the equalities that `requires` brings.
    #[must_use]
    pub fn scan_clauses(&self, rel: usize, requires: u64) -> Vec<usize> {
        let mut clauses = self.local[rel].clone();
        let mut keys: Vec<&Key> = Vec::new();
        for (place, others) in &self.links[rel] {
            if others & !requires == 0
                && let Test::Join(key, ..) = &self.pool[*place].test
                && !keys.contains(&key)
            {
                keys.push(key);
                clauses.push(*place);
            }
        }
        clauses
    }

    /// Times that a parametrised scan runs (get_loop_count): rows of the smallest relation that drives it.
    fn loops(&self, requires: u64) -> f64 {
        (0..self.block.rels.len())
            .filter(|r| requires & bit(*r) != 0)
            .map(|r| self.base_rows(r, self.seen))
            .fold(f64::INFINITY, f64::min)
            .clamp(1.0, 1e9)
    }

    fn leaf_plans(&self, rel: usize, leaf: usize, requires: u64, visit: f64) -> Vec<Plan> {
        let info = self.leaf(rel, leaf);
        let places = self.scan_clauses(rel, requires);
        let clauses = self.clauses(&places);
        // In a custom plan the values that lead here have selected the partition already.
        let given = if self.seen == selectivity::Seen::Custom && visit > 0.0 { visit } else { 1.0 };
        let share = (self.share(info, &places, self.seen) / given).min(1.0);
        let rows = clamp_rows(info.rows * share);
        let loops = if requires == 0 { 1.0 } else { self.loops(requires) };
        let operators: f64 = clauses.iter().map(|c| c.operators).sum();
        let off = |name: &str| {
            if self.settings.disabled_plans.iter().any(|d| d == name) { DISABLED } else { 0.0 }
        };
        let make = |method, mut cost: Cost, order, penalty: f64| {
            cost.startup += penalty;
            cost.total += penalty;
            Plan {
                kind: Kind::Scan(Scan { rel, leaf, method, clauses: places.clone(), visit }),
                rows,
                width: info.tuple_bytes,
                cost,
                order,
                rels: bit(rel),
                requires,
            }
        };
        let mut plans = Vec::new();
        if requires == 0 {
            let cost = cost::seq_scan(info.rows, info.pages, operators, self.settings);
            plans.push(make(Method::Seq, cost, Vec::new(), off("enable_seqscan")));
        }
        let mut bitmaps: Vec<(IndexUse, IndexCost)> = Vec::new();
        // The server looks at the newest index first (get_relation_info), and of equal plans keeps the first.
        for (place, index) in info.indexes.iter().enumerate().rev() {
            if !self.usable(index, &clauses) {
                continue;
            }
            let found = self.match_index(info, index, &places);
            // A parametrised path has to use what parametrises it.
            let uses_outer = found.boundary.iter().chain(&found.quals).any(|c| self.pool[*c].rels & requires != 0);
            if requires != 0 && !uses_outer {
                continue;
            }
            // A partial index leaves rows out even where no condition bounds what is read of it.
            let bounded = !found.boundary.is_empty() || !found.quals.is_empty() || !index.predicate.is_empty();
            let parameters = self.index_cost(info, index, &found, (&places, loops, given));
            let used = IndexUse { index: place, boundary: found.boundary.clone(), quals: found.quals.clone() };
            if index.method != "btree" {
                if bounded {
                    bitmaps.push((used, parameters));
                }
                continue;
            }
            let order = self.index_order(rel, info, index);
            let only = self.covers(rel, info, index, &places);
            let skipped = if only { info.all_visible } else { 0.0 };
            if bounded || !order.is_empty() || only {
                let cost = cost::index_scan(&IndexCost { skipped, ..parameters }, self.settings);
                let penalty = off(if only { "enable_indexonlyscan" } else { "enable_indexscan" });
                plans.push(make(Method::Index(used.clone(), only), cost, order, penalty));
            }
            if bounded {
                bitmaps.push((used, parameters));
            }
        }
        for (method, cost) in self.bitmap_plans(info, &places, bitmaps, loops) {
            plans.push(make(method, cost, Vec::new(), off("enable_bitmapscan")));
        }
        plans
    }

    /// Whether a partial index holds all rows that pass the clauses.
    fn usable(&self, index: &IndexInfo, clauses: &[&Clause]) -> bool {
        index.predicate.iter().all(|p| super::implication::implied(p, clauses, self.seen))
    }

    pub(super) fn index_cost(
        &self,
        info: &TableInfo,
        index: &IndexInfo,
        found: &Match,
        (places, loops, given): (&[usize], f64, f64),
    ) -> IndexCost {
        let checked: Vec<usize> = found.boundary.iter().chain(&found.quals).copied().collect();
        // The planner adds what a partial index's predicate says beyond its conditions (add_predicate_to_index_quals).
        let of = |clauses: &[usize]| (self.index_share(info, index, clauses, self.seen) / given).min(1.0);
        let boundary_share = of(&found.boundary) * info.rows / index.entries.max(1.0);
        let share = of(&checked);
        let filter = places.iter().filter(|c| !checked.contains(c)).map(|c| self.pool[*c].operators).sum();
        let first = index.keys.first().copied().flatten().map(|c| &info.columns[c]);
        let correlation = first.map_or(0.0, ColumnInfo::believed_correlation)
            * if index.keys.len() > 1 { MULTI_COLUMN_ORDER } else { 1.0 };
        IndexCost {
            entries: index.entries,
            index_pages: index.pages,
            levels: index.levels,
            tuples: info.rows,
            pages: info.pages,
            total_pages: self.total_pages,
            boundary: boundary_share,
            selectivity: share,
            unique: found.unique,
            scans: found.scans,
            quals: checked.len() as f64,
            loops,
            correlation,
            skipped: 0.0,
            filter,
            gin: (index.method == "gin").then(|| gin::shape(info, index)),
        }
    }
}
