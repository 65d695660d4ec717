//! Ways to join two sides, with what the planner believes they cost.

use crate::access::block::{Compared, bit};
use crate::access::clause::{Key, Test};
use crate::access::cost::{self, Cost};
use crate::access::joins::{MEMOIZE_ENTRY, Pair};
use crate::access::plan::{JoinType, Kind, OrderColumn, Plan};
use crate::access::planner::Planner;
use crate::access::postgres::DISABLED;
use crate::units::PAGE_BYTES;
use std::rc::Rc;

impl Planner<'_> {
    pub(super) fn methods(&self, pair: &Pair<'_>, plans: &mut Vec<Rc<Plan>>) {
        let off = |name: &str| if self.settings.disabled_plans.iter().any(|d| d == name) { DISABLED } else { 0.0 };
        if pair.join != JoinType::Full {
            self.nested_loop(pair, off("enable_nestloop"), plans);
        }
        if pair.equalities > 0.0 && pair.inner.requires == 0 {
            let hash = Plan {
                kind: Kind::Hash { outer: Rc::clone(pair.outer), inner: Rc::clone(pair.inner), join: pair.join },
                order: Vec::new(),
                ..self.joined(pair, self.hash_cost(pair), off("enable_hashjoin"))
            };
            self.keep(plans, hash);
            self.merge_join(pair, off("enable_mergejoin"), plans);
        }
    }

    pub(super) fn joined(&self, pair: &Pair<'_>, cost: Cost, penalty: f64) -> Plan {
        let rels = pair.outer.rels | pair.inner.rels;
        Plan {
            kind: Kind::Result,
            rows: pair.rows,
            width: pair.outer.width
                + if matches!(pair.join, JoinType::Semi | JoinType::Anti) { 0.0 } else { pair.inner.width },
            cost: Cost { startup: cost.startup + penalty, total: cost.total + penalty },
            order: self.useful_order(pair.outer.order.clone(), rels),
            rels,
            requires: (pair.outer.requires | pair.inner.requires) & !rels,
        }
    }

    pub(super) fn nested_loop(&self, pair: &Pair<'_>, penalty: f64, plans: &mut Vec<Rc<Plan>>) {
        let inner = pair.inner;
        let mut ways = vec![(inner.cost, false, 0.0)];
        if inner.requires == 0 && pair.outer.rows > 1.0 {
            // Material: the first run fills it, later ones read it.
            ways.push((Cost { startup: 0.0, total: inner.rows * self.settings.cpu_operator_cost }, true, 0.0));
        }
        if inner.requires != 0 && self.settings.version >= 14 && pair.join != JoinType::Full {
            let hits = self.memoize_hits(pair);
            if hits > 0.0 {
                let s = self.settings;
                // What is not found is stored, and looking it up is charged in any case.
                let rerun = Cost {
                    startup: inner.cost.startup * (1.0 - hits) + s.cpu_tuple_cost,
                    total: inner.cost.total * (1.0 - hits)
                        + s.cpu_operator_cost
                        + s.cpu_tuple_cost
                        + s.cpu_operator_cost * inner.rows,
                };
                ways.push((rerun, false, hits));
            }
        }
        for (rerun, materialized, memoized) in ways {
            let cost = self.nested_loop_cost(pair, rerun, materialized, memoized > 0.0);
            let kind = Kind::Nest {
                outer: Rc::clone(pair.outer),
                inner: Rc::clone(inner),
                join: pair.join,
                memoized,
                materialized,
                unique: pair.unique,
            };
            self.keep(plans, Plan { kind, ..self.joined(pair, cost, penalty) });
        }
    }

    /// Share of inner runs that a Memoize node answers (cost_memoize_rescan).
    pub(super) fn memoize_hits(&self, pair: &Pair<'_>) -> f64 {
        let calls = pair.outer.rows;
        let lateral = |r: usize| pair.inner.rels & bit(r) != 0 && self.block.rels[r].lateral != 0;
        if calls < 2.0 || (0..self.block.rels.len()).any(lateral) {
            // What a subquery takes from outside is hardly ever the same twice.
            return 0.0;
        }
        let mut keys: Vec<&Key> = Vec::new();
        for r in (0..self.links.len()).filter(|r| pair.inner.rels & bit(*r) != 0) {
            for (place, others) in &self.links[r] {
                if others & pair.inner.requires != 0
                    && let Test::Join(_, _, key) = &self.pool[*place].test
                    && !keys.contains(&key)
                {
                    keys.push(key);
                }
            }
        }
        // The keys of a LATERAL subquery are out of sight; taken as all different.
        if keys.is_empty() {
            return 0.0;
        }
        let columns = keys.iter().map(|k| (k.rel, self.column(k).map_or(200.0, |c| c.distinct)));
        let distinct = self.visible_groups(columns, self.seen).clamp(1.0, calls);
        let entry = pair.inner.rows * (pair.inner.width + MEMOIZE_ENTRY);
        let fits = (cost::hash_memory(self.settings) / entry.max(1.0)).floor().max(1.0);
        (((calls - distinct) / calls) * (fits.min(distinct) / distinct)).clamp(0.0, 1.0)
    }

    /// initial_cost_nestloop and final_cost_nestloop.
    pub(super) fn nested_loop_cost(&self, pair: &Pair<'_>, rerun: Cost, materialized: bool, memoized: bool) -> Cost {
        let s = self.settings;
        let (o, i) = (&pair.outer.cost, &pair.inner.cost);
        let outer_rows = pair.outer.rows.max(1.0);
        let startup = o.startup + i.startup;
        let mut run = o.total - o.startup;
        let inner_run =
            i.total - i.startup + if materialized { 2.0 * s.cpu_operator_cost * pair.inner.rows } else { 0.0 };
        let rerun_run = rerun.total - rerun.startup;
        if outer_rows > 1.0 {
            run += (outer_rows - 1.0) * rerun.startup;
        }
        let tuples = if matches!(pair.join, JoinType::Semi | JoinType::Anti) || pair.unique {
            let matched = (outer_rows * pair.matches.0).round();
            let share = 2.0 / (pair.matches.1 + 1.0);
            let mut tuples = matched * pair.inner.rows * share;
            // Only an index finds quickly that there is nothing (has_indexed_join_quals).
            let indexed = pair.inner.requires != 0 && !memoized && matches!(pair.inner.kind, Kind::Scan(_));
            if indexed {
                run += inner_run * share;
                if matched > 1.0 {
                    run += (matched - 1.0) * rerun_run * share;
                }
                run += (outer_rows - matched).max(0.0) * rerun_run / pair.inner.rows.max(1.0);
            } else {
                // The first run is a whole one, of an outer row without a match if there is any.
                let unmatched = (outer_rows - matched).max(0.0);
                let (stopped, whole) =
                    if unmatched >= 1.0 { (matched, unmatched - 1.0) } else { (matched - 1.0, unmatched) };
                run += inner_run + stopped.max(0.0) * rerun_run * share + whole * rerun_run;
                tuples += unmatched * pair.inner.rows;
            }
            tuples
        } else {
            run += inner_run + (outer_rows - 1.0) * rerun_run;
            outer_rows * pair.inner.rows
        };
        // Equalities that the inner side does not check itself are checked here.
        let checks = if pair.inner.requires == 0 { pair.equalities } else { 0.0 };
        run += tuples * (s.cpu_tuple_cost + s.cpu_operator_cost * checks);
        Cost { startup, total: startup + run }
    }

    /// initial_cost_hashjoin and final_cost_hashjoin.
    pub(super) fn hash_cost(&self, pair: &Pair<'_>) -> Cost {
        let s = self.settings;
        let (o, i) = (&pair.outer.cost, &pair.inner.cost);
        let (outer_rows, inner_rows) = (pair.outer.rows, pair.inner.rows);
        let mut startup = o.startup + i.total + (s.cpu_operator_cost * pair.equalities + s.cpu_tuple_cost) * inner_rows;
        let mut run = o.total - o.startup + s.cpu_operator_cost * pair.equalities * outer_rows;
        let bytes = inner_rows * (pair.inner.width + 32.0);
        if bytes > cost::hash_memory(s) {
            let pages = |rows: f64, width: f64| (rows * (width + 24.0) / PAGE_BYTES).ceil();
            startup += s.seq_page_cost * pages(inner_rows, pair.inner.width);
            run += s.seq_page_cost * (pages(inner_rows, pair.inner.width) + 2.0 * pages(outer_rows, pair.outer.width));
        }
        let tests = s.cpu_operator_cost * pair.equalities;
        let tuples = if matches!(pair.join, JoinType::Semi | JoinType::Anti) || pair.unique {
            let matched = (outer_rows * pair.matches.0).round();
            let share = 2.0 / (pair.matches.1 + 1.0);
            run += tests * matched * cost::clamp_rows(inner_rows * pair.bucket * share) * 0.5;
            run += tests * (outer_rows - matched).max(0.0) * 0.05;
            if pair.join == JoinType::Anti { outer_rows - matched } else { matched }
        } else {
            run += tests * outer_rows * cost::clamp_rows(inner_rows * pair.bucket) * 0.5;
            pair.rows
        };
        run += tuples.max(0.0) * s.cpu_tuple_cost;
        Cost { startup, total: startup + run }
    }

    /// A merge join on one equality, each side sorted where it is not in order.
    pub(super) fn merge_join(&self, pair: &Pair<'_>, penalty: f64, plans: &mut Vec<Rc<Plan>>) {
        if pair.join == JoinType::Semi {
            return;
        }
        let Some((outer_on, inner_on)) = self.merge_order(pair) else { return };
        let s = self.settings;
        let side = |plan: &Rc<Plan>, on: OrderColumn| {
            if plan.order.first().is_some_and(|o| o.rel == on.rel && o.column == on.column) {
                return Rc::clone(plan);
            }
            let cost = cost::sort(plan.cost, plan.rows, plan.width, None, s);
            let kind = Kind::Sort { input: Rc::clone(plan), compared: Compared::Plain, groups: 1.0 };
            Rc::new(Plan { kind, cost, order: vec![on], ..(**plan).clone() })
        };
        let (outer, inner) = (side(pair.outer, outer_on), side(pair.inner, inner_on));
        if outer.order.first().map(|o| o.descending) != inner.order.first().map(|o| o.descending) {
            return;
        }
        let startup = outer.cost.startup + inner.cost.startup;
        let run = outer.cost.total - outer.cost.startup + inner.cost.total - inner.cost.startup;
        let compared = (outer.rows + inner.rows) * s.cpu_operator_cost * pair.equalities;
        let cost = Cost { startup, total: startup + run + compared + pair.rows * s.cpu_tuple_cost };
        let order = self.useful_order(outer.order.clone(), outer.rels | inner.rels);
        let kind = Kind::Merge { outer, inner, join: pair.join };
        self.keep(plans, Plan { kind, order, ..self.joined(pair, cost, penalty) });
    }

    /// The orders in which the two sides meet: a class of equal columns, or the columns of an equality that
    /// an outer or anti-join keeps to itself.
    pub(super) fn merge_order(&self, pair: &Pair<'_>) -> Option<(OrderColumn, OrderColumn)> {
        let class = self.classes.iter().position(|c| {
            c.constant.is_none()
                && c.keys.iter().any(|k| pair.outer.rels & bit(k.rel) != 0)
                && c.keys.iter().any(|k| pair.inner.rels & bit(k.rel) != 0)
        });
        if let Some(place) = class {
            let on = OrderColumn { rel: super::plan::CLASS, column: place, descending: false };
            return Some((on, on));
        }
        (0..self.links.len()).filter(|r| pair.inner.rels & bit(*r) != 0).find_map(|r| {
            self.links[r].iter().find_map(|(place, _)| match &self.pool[*place].test {
                Test::Join(inner, _, outer) if pair.outer.rels & bit(outer.rel) != 0 => {
                    Some((self.order_column(outer, false)?, self.order_column(inner, false)?))
                }
                _ => None,
            })
        })
    }
}
