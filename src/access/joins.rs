//! Join order and methods: dynamic programming over sets of relations, as the planner's standard search.

use std::collections::HashMap;
use std::rc::Rc;

use crate::access::block::bit;
use crate::access::clause::{Op, Test};
use crate::access::cost::{self, Cost};
use crate::access::plan::{JoinType, Kind, Plan};
use crate::access::planner::Planner;
use crate::access::selectivity::Seen;

/// Relations up to which all join orders are tried; beyond, the cheapest pair is joined first.
const EXHAUSTIVE: usize = 8;
/// Bytes that a cached row of a Memoize node takes besides itself.
pub(super) const MEMOIZE_ENTRY: f64 = 100.0;

/// Two sides to be joined.
pub(super) struct Pair<'p> {
    pub outer: &'p Rc<Plan>,
    pub inner: &'p Rc<Plan>,
    pub join: JoinType,
    /// Rows of the result.
    pub rows: f64,
    /// Equalities between the sides, for hashing and merging.
    pub equalities: f64,
    /// Share of outer rows with a match, and matches of each.
    pub matches: (f64, f64),
    /// Whether each outer row finds at most one.
    pub unique: bool,
    /// Bucket share of the inner side when hashed.
    pub bucket: f64,
}

impl Planner<'_> {
    /// All plans of the whole level worth keeping.
    #[must_use]
    pub fn join_plans(&self) -> Vec<Rc<Plan>> {
        let count = self.block.rels.len();
        if count == 0 {
            let cost = Cost { startup: 0.0, total: self.settings.cpu_tuple_cost };
            return vec![Rc::new(Plan {
                kind: Kind::Result,
                rows: 1.0,
                width: 8.0,
                cost,
                order: Vec::new(),
                rels: 0,
                requires: 0,
            })];
        }
        let mut best: HashMap<u64, Vec<Rc<Plan>>> = (0..count).map(|r| (bit(r), self.base_plans(r))).collect();
        let all = (0..count).fold(0, |m, r| m | bit(r));
        if count <= EXHAUSTIVE {
            self.exhaustive(&mut best, all)
        } else {
            self.greedy(&mut best)
        }
        best.remove(&all).unwrap_or_default().into_iter().filter(|p| p.requires == 0).collect()
    }

    fn exhaustive(&self, best: &mut HashMap<u64, Vec<Rc<Plan>>>, all: u64) {
        for set in 1..=all {
            if set & !all != 0 || set.count_ones() < 2 {
                continue;
            }
            let mut plans = Vec::new();
            for connected in [true, false] {
                let mut left = (set - 1) & set;
                while left != 0 {
                    let right = set & !left;
                    if best.contains_key(&left) && best.contains_key(&right) && self.connected(left, right) == connected
                    {
                        self.combine(best, left, right, &mut plans);
                    }
                    left = (left - 1) & set;
                }
                // Without any join condition only the product is left.
                if !plans.is_empty() {
                    break;
                }
                if connected && set != all && self.reachable(set) {
                    break;
                }
            }
            if !plans.is_empty() {
                best.insert(set, plans);
            }
        }
    }

    /// Whether a set without joins of its own can wait for a relation that joins it.
    fn reachable(&self, set: u64) -> bool {
        let all = (0..self.block.rels.len()).fold(0, |m, r| m | bit(r));
        self.connected(set, all & !set) && self.block.rels.len() > 2
    }

    fn greedy(&self, best: &mut HashMap<u64, Vec<Rc<Plan>>>) {
        let mut parts: Vec<u64> = (0..self.block.rels.len()).map(bit).collect();
        while parts.len() > 1 {
            let mut chosen: Option<(u64, u64, f64, Vec<Rc<Plan>>)> = None;
            for connected in [true, false] {
                for &left in &parts {
                    for &right in &parts {
                        if left == right || self.connected(left, right) != connected {
                            continue;
                        }
                        let mut plans = Vec::new();
                        self.combine(best, left, right, &mut plans);
                        let cheapest = plans.iter().map(|p| p.cost.total).fold(f64::INFINITY, f64::min);
                        if !plans.is_empty() && chosen.as_ref().is_none_or(|c| cheapest < c.2) {
                            chosen = Some((left, right, cheapest, plans));
                        }
                    }
                }
                if chosen.is_some() {
                    break;
                }
            }
            let Some((left, right, _, plans)) = chosen else { break };
            parts.retain(|p| *p != left && *p != right);
            parts.push(left | right);
            best.insert(left | right, plans);
        }
    }

    fn connected(&self, left: u64, right: u64) -> bool {
        let linked = (0..self.links.len())
            .filter(|r| left & bit(*r) != 0)
            .any(|r| self.links[r].iter().any(|(_, others)| others & right != 0));
        linked
            || self.crossing.iter().any(|c| self.pool[*c].rels & left != 0 && self.pool[*c].rels & right != 0)
            || self
                .special
                .iter()
                .any(|s| (s.inner & left != 0 && s.needs & right != 0) || (s.inner & right != 0 && s.needs & left != 0))
    }

    /// How two sets may be joined with `inner` as the inner side; `None` when they may not.
    fn legality(&self, outer: u64, inner: u64) -> Option<(JoinType, bool)> {
        let mut join = (JoinType::Inner, false);
        for special in &self.special {
            let whole = |set: u64| special.inner & !set == 0;
            let touches = |set: u64| special.inner & set != 0;
            if inner == special.inner {
                if special.needs & !outer != 0 || join.0 != JoinType::Inner {
                    return None;
                }
                join = (special.join, false);
                continue;
            }
            if outer == special.inner {
                // Only a semi-join may be turned round, its side made unique first.
                if special.join != JoinType::Semi || special.needs & !inner != 0 || join.0 != JoinType::Inner {
                    return None;
                }
                join = (JoinType::Semi, true);
                continue;
            }
            for (side, other) in [(outer, inner), (inner, outer)] {
                let strictly_inside = touches(side) && !whole(side);
                if strictly_inside && other & !special.inner != 0 {
                    return None;
                }
            }
        }
        Some(join)
    }

    fn combine(&self, best: &HashMap<u64, Vec<Rc<Plan>>>, outer: u64, inner: u64, plans: &mut Vec<Rc<Plan>>) {
        let (Some(outers), Some(inners)) = (best.get(&outer), best.get(&inner)) else { return };
        let Some((join, turned)) = self.legality(outer, inner) else { return };
        let rows = self.join_rows(outer | inner, self.seen);
        let equalities = self.equalities(outer, inner);
        let outer_rows = self.join_rows(outer, self.seen);
        let inner_rows = self.join_rows(inner, self.seen);
        let pairs = if join == JoinType::Inner { rows } else { self.pairs(outer, inner) };
        let per_outer = pairs / outer_rows.max(1.0);
        let matches = (per_outer.clamp(1e-9, 1.0), (per_outer / per_outer.clamp(1e-9, 1.0)).max(1.0));
        let unique = self.unique_inner(outer, inner);
        let matches = match join {
            JoinType::Semi | JoinType::Anti => self.believed_match(inner, outer).map_or(matches, |share| {
                let share = share.clamp(1e-9, 1.0);
                (share, (per_outer / share).max(1.0))
            }),
            _ => matches,
        };
        // For a plain join whose inner side is unique the planner takes the join's own selectivity for the
        // share of outer rows with a match (compute_semi_anti_join_factors asks as for an inner join).
        let matches = if unique && join == JoinType::Inner {
            ((pairs / (outer_rows * inner_rows).max(1.0)).clamp(1e-9, 1.0), inner_rows.max(1.0))
        } else {
            matches
        };
        let bucket = 1.0 / self.inner_distinct(outer, inner).clamp(1.0, inner_rows.max(1.0));
        for o in outers.iter().filter(|p| p.requires == 0) {
            for i in inners.iter().filter(|p| p.requires & !outer == 0) {
                if turned {
                    // The semi-join's own side, made unique, drives the rest.
                    let driving = Rc::new(self.unique(o, self.unique_rows(outer, inner)));
                    let pair = Pair {
                        outer: &driving,
                        inner: i,
                        join: JoinType::Inner,
                        rows,
                        equalities,
                        matches: (1.0, 1.0),
                        unique,
                        bucket,
                    };
                    self.methods(&pair, plans);
                    continue;
                }
                let pair = Pair { outer: o, inner: i, join, rows, equalities, matches, unique, bucket };
                self.methods(&pair, plans);
                if join == JoinType::Semi && i.requires == 0 {
                    let unique_side = Rc::new(self.unique(i, self.unique_rows(inner, outer)));
                    let pair = Pair { inner: &unique_side, join: JoinType::Inner, unique: true, ..pair };
                    self.methods(&pair, plans);
                }
            }
        }
    }

    /// Rows of the product of two sides that match, before a semi-join drops repeats.
    fn pairs(&self, outer: u64, inner: u64) -> f64 {
        let product = self.join_rows(outer, self.seen) * self.join_rows(inner, self.seen);
        let mut share = 1.0;
        let mut done: Vec<u64> = Vec::new();
        for r in (0..self.links.len()).filter(|r| inner & bit(*r) != 0) {
            for (place, others) in &self.links[r] {
                if others & outer != 0
                    && let Test::Join(l, op, right) = &self.pool[*place].test
                {
                    let columns = bit(r) | others;
                    if !done.contains(&columns) {
                        done.push(columns);
                        share *= super::selectivity::join(self.column(l), *op, self.column(right));
                    }
                }
            }
        }
        product * share
    }

    fn equalities(&self, outer: u64, inner: u64) -> f64 {
        let mut count = 0.0;
        for r in (0..self.links.len()).filter(|r| inner & bit(*r) != 0) {
            let mut keys = Vec::new();
            for (place, others) in &self.links[r] {
                if others & outer != 0
                    && let Test::Join(key, Op::Eq, _) = &self.pool[*place].test
                    && !keys.contains(&key)
                {
                    keys.push(key);
                    count += 1.0;
                }
            }
        }
        count
    }

    /// Whether the equalities cover a unique key of the inner side's one relation.
    fn unique_inner(&self, outer: u64, inner: u64) -> bool {
        if inner.count_ones() != 1 {
            return false;
        }
        let rel = inner.trailing_zeros() as usize;
        let info = &self.block.rels[rel].info;
        let fixed = |column: usize| {
            let name = &info.columns[column].name;
            self.links[rel].iter().any(|(place, others)| {
                others & outer != 0
                    && matches!(&self.pool[*place].test, Test::Join(k, Op::Eq, _) if k.column.as_ref() == Some(name))
            }) || self.local[rel]
                .iter()
                .any(|c| matches!(&self.pool[*c].test, Test::Compare(k, Op::Eq, _) if k.column.as_ref() == Some(name)))
        };
        info.indexes.iter().any(|i| i.unique && i.predicate.is_empty() && i.keys.iter().all(|k| k.is_some_and(fixed)))
    }

    fn inner_distinct(&self, outer: u64, inner: u64) -> f64 {
        let mut distinct = 1.0;
        for r in (0..self.links.len()).filter(|r| inner & bit(*r) != 0) {
            let mut keys = Vec::new();
            for (place, others) in &self.links[r] {
                if others & outer != 0
                    && let Test::Join(key, ..) = &self.pool[*place].test
                    && !keys.contains(&key)
                {
                    keys.push(key);
                    distinct *= self.column(key).map_or(200.0, |c| c.distinct);
                }
            }
        }
        distinct
    }

    /// Distinct join keys of a side.
    fn unique_rows(&self, side: u64, other: u64) -> f64 {
        let rows = self.join_rows(side, self.seen);
        rows.min(self.inner_distinct(other, side).max(1.0))
    }

    fn unique(&self, input: &Rc<Plan>, rows: f64) -> Plan {
        let cost = cost::group_hashed(input.cost, input.rows, rows, 1.0, 0.0, input.width, self.settings);
        Plan { kind: Kind::Unique(Rc::clone(input)), rows, cost, order: Vec::new(), ..(**input).clone() }
    }

    /// Rows of the join as they are.
    #[must_use]
    pub fn true_rows(&self, set: u64) -> f64 {
        self.join_rows(set, Seen::True)
    }
}
