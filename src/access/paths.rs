//! The ways to scan one relation, with what the planner believes they cost.

use std::rc::Rc;

use crate::access::block::{Source, bit};
use crate::access::clause::{Clause, Key, Op, Test};
use crate::access::cost::{self, Cost, IndexCost, clamp_rows};
use crate::access::plan::{IndexUse, Kind, Method, OrderColumn, Plan, Scan, add};
use crate::access::planner::Planner;
use crate::access::relation::{IndexInfo, TableInfo};
use crate::access::selectivity;
use crate::access::walk;

/// Cost that a disabled kind of plan carries, so that it is chosen only for want of others.
const DISABLED: f64 = 1e10;
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
            add(&mut plans, self.source_plan(rel));
            return plans;
        }
        for requires in self.parametrizations(rel) {
            if relation.leaves.len() == 1 && relation.leaves[0].bound.is_none() {
                for plan in self.leaf_plans(rel, 0, requires, 1.0) {
                    add(&mut plans, plan);
                }
            } else if let Some(plan) = self.append(rel, requires) {
                add(&mut plans, plan);
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
            requires: 0,
        }
    }

    /// The scans of all partitions together, each the cheapest.
    fn append(&self, rel: usize, requires: u64) -> Option<Plan> {
        let relation = &self.block.rels[rel];
        let mut children = Vec::new();
        let mut cost = Cost::default();
        let mut rows = 0.0;
        let clauses: Vec<&Clause> = self.scan_clauses(rel, requires).iter().map(|c| &self.pool[*c]).collect();
        for (place, leaf) in relation.leaves.iter().enumerate() {
            let visit = leaf.bound.as_ref().map(|b| super::partitions::visit(&relation.info, b, &clauses));
            let probability = visit.map_or(1.0, |v| v.probability);
            if probability <= 0.0 || visit.is_some_and(|v| !v.in_generic_plan) {
                continue;
            }
            let plans = self.leaf_plans(rel, place, requires, probability);
            let best = plans.into_iter().min_by(|a, b| a.cost.total.total_cmp(&b.cost.total))?;
            // A custom plan holds only the partitions that its values reach.
            let share = if self.seen == selectivity::Seen::Custom { probability } else { 1.0 };
            cost.total += best.cost.total * share;
            rows += best.rows * share;
            children.push(Rc::new(best));
        }
        let width = relation.info.tuple_bytes;
        let order = if children.len() == 1 { children[0].order.clone() } else { Vec::new() };
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
        for (place, index) in info.indexes.iter().enumerate() {
            if !self.usable(info, index, &clauses) {
                continue;
            }
            let found = self.match_index(info, index, &places);
            // A parametrised path has to use what parametrises it.
            let uses_outer = found.boundary.iter().chain(&found.quals).any(|c| self.pool[*c].rels & requires != 0);
            if requires != 0 && !uses_outer {
                continue;
            }
            let bounded = !found.boundary.is_empty() || !found.quals.is_empty();
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
    fn usable(&self, info: &TableInfo, index: &IndexInfo, clauses: &[&Clause]) -> bool {
        let _ = info;
        index.predicate.iter().all(|p| super::implication::implied(p, clauses, self.seen))
    }

    /// Matches clauses to the keys of a B-tree (or other) index.
    #[must_use]
    pub fn match_index(&self, info: &TableInfo, index: &IndexInfo, places: &[usize]) -> Match {
        let mut found = Match { scans: 1.0, ..Match::default() };
        if index.method != "btree" && index.method != "hash" {
            found.boundary = self.match_other(index, info, places);
            return found;
        }
        let mut bounded = true;
        let mut fixed = 0;
        for position in 0..index.keys.len() {
            let tests = |place: &&usize| {
                self.key_of(&self.pool[**place].test).is_some_and(|k| is_key(k, info, index, position))
            };
            let on_key: Vec<usize> = places.iter().filter(tests).copied().collect();
            let mut equal = None;
            let mut ranges = Vec::new();
            for place in on_key {
                match &self.pool[place].test {
                    Test::Compare(_, Op::Eq, _) | Test::Join(_, Op::Eq, _) | Test::Null(_) | Test::Truth(_) => {
                        equal.get_or_insert((place, 1.0));
                    }
                    Test::In(_, values) => {
                        equal.get_or_insert((place, values.len() as f64));
                    }
                    Test::Any(_, count, _) => {
                        let count = if self.seen == selectivity::Seen::Generic { 10.0 } else { *count };
                        equal.get_or_insert((place, count.max(1.0)));
                    }
                    Test::Compare(_, op, _) if op.is_lower() || op.is_upper() => ranges.push(place),
                    Test::Like { prefix: Some(prefix), ignores_case: false, parameter, .. }
                        if !prefix.is_empty()
                            && index.pattern[position]
                            && !(*parameter && self.seen == selectivity::Seen::Generic) =>
                    {
                        ranges.push(place);
                    }
                    Test::Not(inner) if matches!(inner.test, Test::Null(_)) => ranges.push(place),
                    _ => {}
                }
            }
            match equal {
                Some((place, count)) => {
                    if bounded {
                        found.boundary.push(place);
                        found.scans *= count;
                        fixed += 1;
                    } else {
                        found.quals.push(place);
                    }
                }
                None if bounded && !ranges.is_empty() => {
                    found.boundary.extend(ranges);
                    bounded = false;
                }
                None => {
                    found.quals.extend(ranges);
                    bounded = false;
                }
            }
        }
        found.fixed = fixed;
        found.unique = index.unique && fixed == index.keys.len();
        found
    }

    /// Matches the operators of GIN, GiST and BRIN indexes to their first keys.
    fn match_other(&self, index: &IndexInfo, info: &TableInfo, places: &[usize]) -> Vec<usize> {
        let fits = |place: &&usize| {
            let test = &self.pool[**place].test;
            self.key_of(test).is_some_and(|k| (0..index.keys.len()).any(|p| is_key(k, info, index, p)))
                && matches!(
                    (test, index.method.as_str()),
                    (Test::Contains(..) | Test::Like { .. }, "gin" | "gist")
                        | (Test::Compare(..) | Test::In(..), "brin" | "gist" | "spgist")
                )
        };
        places.iter().filter(fits).copied().collect()
    }

    fn key_of<'t>(&self, test: &'t Test) -> Option<&'t Key> {
        match test {
            Test::Compare(key, ..)
            | Test::Join(key, ..)
            | Test::In(key, _)
            | Test::Any(key, ..)
            | Test::Null(key)
            | Test::Truth(key)
            | Test::Contains(key, ..)
            | Test::Like { key, .. } => Some(key),
            Test::Not(inner) => self.key_of(&inner.test),
            Test::Either(_) | Test::Fixed(_) => None,
        }
    }

    fn index_cost(
        &self,
        info: &TableInfo,
        index: &IndexInfo,
        found: &Match,
        (places, loops, given): (&[usize], f64, f64),
    ) -> IndexCost {
        let checked: Vec<usize> = found.boundary.iter().chain(&found.quals).copied().collect();
        let boundary_share = (self.share(info, &found.boundary, self.seen) / given).min(1.0);
        // The planner adds a partial index's predicate to its conditions.
        let share = (self.share(info, &checked, self.seen) / given).min(1.0) * index.share.min(1.0);
        let filter = places.iter().filter(|c| !checked.contains(c)).map(|c| self.pool[*c].operators).sum();
        let first = index.keys.first().copied().flatten().map(|c| &info.columns[c]);
        let correlation =
            first.map_or(0.0, |c| c.correlation) * if index.keys.len() > 1 { MULTI_COLUMN_ORDER } else { 1.0 };
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
        }
    }

    /// The order in which an index gives its rows, columns of one value left out.
    fn index_order(&self, rel: usize, info: &TableInfo, index: &IndexInfo) -> Vec<OrderColumn> {
        let mut order = Vec::new();
        for position in 0..index.keys.len() {
            let column = index.keys[position].map(|c| info.columns[c].name.clone());
            let key = Key { rel, column, expr: index.expressions[position].clone() };
            if self.is_constant(&key) {
                continue;
            }
            match self.order_column(&key, index.descending[position]) {
                Some(column) => order.push(column),
                None => break,
            }
        }
        order
    }

    /// Whether an index holds all columns of the table that the query uses.
    fn covers(&self, rel: usize, info: &TableInfo, index: &IndexInfo, places: &[usize]) -> bool {
        if self.block.locks.iter().any(|l| l.rels & bit(rel) != 0) || self.written == Some(rel) {
            return false;
        }
        let relation = &self.block.rels[rel];
        let held = |name: &str| {
            let column = info.column(name);
            index.keys.iter().any(|k| k.is_some() && *k == column) || column.is_some_and(|c| index.include.contains(&c))
        };
        let implied_by_predicate = |name: &str| {
            // A column only tested by the index's own predicate need not be fetched.
            let elsewhere = self.uses_outside_predicate(rel, name, index, places);
            !elsewhere
        };
        relation
            .used
            .iter()
            .zip(&relation.info.columns)
            .filter(|(used, _)| **used)
            .all(|(_, c)| held(&c.name) || (!index.predicate.is_empty() && implied_by_predicate(&c.name)))
    }

    fn uses_outside_predicate(&self, rel: usize, name: &str, index: &IndexInfo, places: &[usize]) -> bool {
        let qualifier = super::block::qualifier(rel);
        let mentions = |e: &crate::sql::tree::Expr| {
            let mut found = false;
            walk::visit(e, &mut |e| {
                found |= matches!(e, crate::sql::tree::Expr::Column { qualifier: Some(q), name: n, .. } if *q == qualifier && n == name);
            });
            found
        };
        let outputs = self.block.outputs.iter().any(|o| mentions(&o.expr))
            || self.block.order_by.iter().chain(&self.block.group_by).any(|k| mentions(&k.expr))
            || self.links[rel].iter().any(|l| walk::column_names(&self.pool[l.0].bare).iter().any(|n| n == name));
        outputs
            || places.iter().any(|p| {
                let clause = &self.pool[*p];
                walk::column_names(&clause.bare).iter().any(|n| n == name) && !index.predicate.contains(&clause.bare)
            })
    }

    /// Bitmap scans: each index alone, the best pairs, and ORs of indexable arms.
    fn bitmap_plans(
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
                // Two bitmaps help only when each checks something that the other does not.
                let extra = |x: &IndexUse, y: &IndexUse| {
                    x.boundary.iter().chain(&x.quals).any(|c| !y.boundary.contains(c) && !y.quals.contains(c))
                };
                if !extra(first, second) || !extra(second, first) || overlap(first, second) {
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

    fn or_bitmaps(&self, info: &TableInfo, places: &[usize], operators: f64, loops: f64) -> Vec<(Method, Cost)> {
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
    fn best_arm(&self, info: &TableInfo, place: usize, arm: &[Clause], loops: f64) -> Option<(IndexUse, IndexCost)> {
        let mut best: Option<(IndexUse, IndexCost)> = None;
        for (number, index) in info.indexes.iter().enumerate() {
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

fn overlap(a: &IndexUse, b: &IndexUse) -> bool {
    a.boundary.iter().chain(&a.quals).any(|c| b.boundary.contains(c) || b.quals.contains(c))
}

/// Whether a key is the index's key at `position`.
fn is_key(key: &Key, info: &TableInfo, index: &IndexInfo, position: usize) -> bool {
    match (&key.column, index.keys[position]) {
        (Some(name), Some(column)) => info.columns[column].name == *name,
        (None, None) => index.expressions[position] == key.expr,
        _ => false,
    }
}
