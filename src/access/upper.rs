//! What happens above the joins: grouping, DISTINCT, windows, ORDER BY, LIMIT.

use std::rc::Rc;

use crate::access::block::{Block, Compared, Count, SortKey};
use crate::access::cost::{self, Cost};
use crate::access::plan::{GroupKeys, Kind, OrderColumn, Plan};
use crate::access::planner::Planner;
use crate::access::select::UNKNOWN_LIMIT_SHARE;
use crate::access::selectivity::Seen;

/// The plan of a whole level.
#[derive(Debug, Clone)]
pub struct Chosen {
    /// The plan.
    pub plan: Rc<Plan>,
    /// What the planner believes it costs, LIMIT taken into account.
    pub cost: Cost,
    /// Rows the planner believes to return.
    pub rows: f64,
}

impl Planner<'_> {
    /// Plans a level from its relations to its LIMIT.
    #[must_use]
    pub fn choose(&self) -> Option<Chosen> {
        let block = self.block;
        let mut plans = self.join_plans();
        if block.aggregates > 0.0 || !block.group_by.is_empty() {
            plans = self.grouped(&plans, &block.group_by, block.aggregates, GroupKeys::GroupBy);
        }
        for window in &block.windows {
            plans = self.windowed(&plans, window);
        }
        if !block.distinct.is_empty() {
            plans = self.grouped(&plans, &block.distinct, 0.0, GroupKeys::Distinct);
        }
        let limit = self.limit();
        if limit.is_none() {
            plans = self.with_outputs(plans);
        }
        if !block.order_by.is_empty() {
            plans = self.ordered(&plans, &block.order_by, limit);
        }
        // Under LIMIT dear outputs wait until the rows are in order (make_sort_input_target, planner.c).
        if limit.is_some() {
            plans = self.with_outputs(plans);
        }
        let fraction = |plan: &Plan| match limit {
            Some(rows) if plan.rows > 0.0 => (rows / plan.rows).min(1.0),
            Some(_) | None => 1.0,
        };
        let limited = |plan: &Plan| Cost {
            startup: plan.cost.startup,
            total: plan.cost.startup + (plan.cost.total - plan.cost.startup) * fraction(plan),
        };
        plans
            .into_iter()
            .map(|plan| Chosen { cost: limited(&plan), rows: limit.map_or(plan.rows, |l| plan.rows.min(l)), plan })
            .min_by(|a, b| {
                let startup = a.cost.startup.total_cmp(&b.cost.startup);
                a.cost.total.total_cmp(&b.cost.total).then(startup)
            })
    }

    /// Plans with the subqueries among their outputs, next to which small differences count for less.
    fn with_outputs(&self, plans: Vec<Rc<Plan>>) -> Vec<Rc<Plan>> {
        if self.output_cost <= 0.0 {
            return plans;
        }
        let mut kept = Vec::new();
        for plan in plans {
            let cost = Cost { startup: plan.cost.startup, total: plan.cost.total + self.output_cost * plan.rows };
            self.keep(&mut kept, Plan { cost, ..(*plan).clone() });
        }
        kept
    }

    /// min or max read off one end of an index; `None` without such an index.
    #[must_use]
    pub fn end_of_index(&self, (rel, column, max): (usize, usize, bool)) -> Option<Chosen> {
        let wanted = [self.extreme_order(rel, column, max)];
        let plan = self
            .join_plans()
            .into_iter()
            .filter(|p| self.in_order(p, &wanted) == 1)
            .min_by(|a, b| a.cost.total.total_cmp(&b.cost.total))?;
        let first = plan.cost.startup + (plan.cost.total - plan.cost.startup) / plan.rows.max(1.0);
        Some(Chosen { cost: Cost { startup: first, total: first }, rows: 1.0, plan })
    }

    /// The order in which min or max of a column comes first.
    pub(super) fn extreme_order(&self, rel: usize, column: usize, max: bool) -> Option<OrderColumn> {
        let name = self.block.rels[rel].info.columns[column].name.clone();
        let expr = crate::sql::tree::Expr::Column { qualifier: Some(super::block::qualifier(rel)), name, span: 0..0 };
        self.order_of(&expr, max)
    }

    /// LIMIT with OFFSET as the planner sees it; a tenth of the rows when it cannot see it.
    fn limit(&self) -> Option<f64> {
        let known = |c: &Count| c.constant || self.seen == Seen::Custom;
        let limit = self.block.limit.as_ref()?;
        if !known(limit) || self.block.offset.as_ref().is_some_and(|o| !known(o)) {
            let all = (0..self.block.rels.len()).fold(0, |m, r| m | super::block::bit(r));
            return Some((self.join_rows(all, self.seen) * UNKNOWN_LIMIT_SHARE).max(1.0));
        }
        Some((limit.value + self.block.offset.as_ref().map_or(0.0, |o| o.value)).max(1.0))
    }

    pub(super) fn wanted_order(&self, keys: &[SortKey]) -> Vec<Option<OrderColumn>> {
        keys.iter().filter(|k| !self.constant_key(k)).map(|k| self.order_of(&k.expr, k.descending)).collect()
    }

    fn constant_key(&self, key: &SortKey) -> bool {
        let draws = crate::access::values::Draws::default();
        let reader = crate::access::clause::Reader { rels: &self.block.rels, draws: &draws };
        reader.key(&key.expr).is_some_and(|k| self.is_constant(&k))
    }

    /// How many leading keys a plan's order gives; a whole order may also be read backwards.
    fn in_order(&self, plan: &Plan, wanted: &[Option<OrderColumn>]) -> usize {
        let forwards = wanted.iter().zip(&plan.order).take_while(|(w, o)| w.as_ref() == Some(o)).count();
        let turned = |o: &OrderColumn| OrderColumn { descending: !o.descending, ..*o };
        let backwards = wanted.iter().zip(&plan.order).take_while(|(w, o)| **w == Some(turned(o))).count();
        // Only scans of one table can be read backwards.
        let scannable = matches!(plan.kind, Kind::Scan(_) | Kind::Append(_) | Kind::Nest { .. } | Kind::Group { .. });
        if scannable { forwards.max(backwards) } else { forwards }
    }

    fn ordered(&self, plans: &[Rc<Plan>], keys: &[SortKey], limit: Option<f64>) -> Vec<Rc<Plan>> {
        let wanted = self.wanted_order(keys);
        let compared = Compared::dearest(keys);
        let mut sorted = Vec::new();
        for plan in plans {
            let ready = self.in_order(plan, &wanted);
            if ready == wanted.len() {
                self.keep(&mut sorted, (**plan).clone());
                continue;
            }
            let cost = cost::sort(plan.cost, plan.rows, plan.width, limit, self.settings);
            let kind = Kind::Sort { input: Rc::clone(plan), compared, groups: 1.0 };
            self.keep(&mut sorted, Plan { kind, cost, order: Vec::new(), ..(**plan).clone() });
            let off = self.settings.disabled_plans.iter().any(|d| d == "enable_incremental_sort");
            if ready > 0 && self.settings.version >= 13 && !off {
                let groups = keys[..ready].iter().map(|k| k.distinct).product::<f64>().min(plan.rows);
                let cost = cost::incremental_sort(plan.cost, plan.rows, plan.width, groups, self.settings);
                let kind = Kind::Sort { input: Rc::clone(plan), compared, groups };
                self.keep(&mut sorted, Plan { kind, cost, order: Vec::new(), ..(**plan).clone() });
            }
        }
        sorted
    }

    fn windowed(&self, plans: &[Rc<Plan>], keys: &[SortKey]) -> Vec<Rc<Plan>> {
        self.ordered(plans, keys, None)
            .into_iter()
            .map(|plan| {
                let work = plan.rows * self.settings.cpu_operator_cost * 2.0;
                let cost = Cost { startup: plan.cost.startup, total: plan.cost.total + work };
                Rc::new(Plan { kind: Kind::Window(Rc::clone(&plan)), cost, ..(*plan).clone() })
            })
            .collect()
    }

    fn grouped(&self, plans: &[Rc<Plan>], keys: &[SortKey], aggregates: f64, which: GroupKeys) -> Vec<Rc<Plan>> {
        let mut grouped = Vec::new();
        let count = keys.len() as f64;
        for plan in plans {
            let having = if which == GroupKeys::GroupBy { self.block.having } else { 1.0 };
            let groups = self.groups(keys, plan.rows, self.seen);
            let make = |input: &Rc<Plan>, hashed: bool, cost: Cost, order: Vec<OrderColumn>| Plan {
                kind: Kind::Group { input: Rc::clone(input), hashed, keys: which },
                rows: (groups * having).max(1.0),
                cost,
                order,
                ..(**input).clone()
            };
            if keys.is_empty() {
                let cost = cost::group_sorted(plan.cost, plan.rows, 1.0, 0.0, aggregates, self.settings);
                self.keep(&mut grouped, make(plan, false, cost, Vec::new()));
                continue;
            }
            if !self.settings.disabled_plans.iter().any(|d| d == "enable_hashagg") {
                let cost =
                    cost::group_hashed(plan.cost, plan.rows, groups, count, aggregates, plan.width, self.settings);
                self.keep(&mut grouped, make(plan, true, cost, Vec::new()));
            }
            let wanted = self.wanted_order(keys);
            let given: Vec<_> = plan.order.iter().take(wanted.len()).copied().map(Some).collect();
            // Groups may come in any order of their keys.
            let same = |a: &Option<OrderColumn>, b: &Option<OrderColumn>| match (a, b) {
                (Some(a), Some(b)) => a.rel == b.rel && a.column == b.column,
                _ => false,
            };
            let in_order = wanted.iter().all(|w| given.iter().any(|g| same(w, g)));
            let input = if in_order {
                Rc::clone(plan)
            } else {
                let cost = cost::sort(plan.cost, plan.rows, plan.width, None, self.settings);
                let compared = Compared::dearest(keys);
                let order = wanted.iter().copied().map_while(|w| w).collect();
                let kind = Kind::Sort { input: Rc::clone(plan), compared, groups: 1.0 };
                Rc::new(Plan { kind, cost, order, ..(**plan).clone() })
            };
            let order = input.order.clone();
            let cost = cost::group_sorted(input.cost, input.rows, groups, count, aggregates, self.settings);
            self.keep(&mut grouped, make(&input, false, cost, order));
        }
        grouped
    }

    /// Groups among `rows` rows (estimate_num_groups): by relation the product of distinct values,
    /// as far as the rows that are left can show them.
    #[must_use]
    pub fn groups(&self, keys: &[SortKey], rows: f64, seen: Seen) -> f64 {
        if keys.is_empty() {
            return 1.0;
        }
        let mut other = 1.0;
        let mut columns = Vec::with_capacity(keys.len());
        for key in keys.iter().filter(|k| !self.constant_key(k)) {
            match key.column {
                Some((rel, _)) => columns.push((rel, key.distinct)),
                None => other *= key.distinct,
            }
        }
        (other * self.visible_groups(columns.into_iter(), seen)).clamp(1.0, rows.max(1.0))
    }

    /// Groups of columns, each with its relation and its distinct values, as far as the rows that are left of each
    /// relation can show them.
    pub(super) fn visible_groups(&self, columns: impl Iterator<Item = (usize, f64)>, seen: Seen) -> f64 {
        let mut by_rel: std::collections::BTreeMap<usize, f64> = std::collections::BTreeMap::new();
        columns.for_each(|(rel, distinct)| *by_rel.entry(rel).or_insert(1.0) *= distinct);
        let mut groups = 1.0;
        for (rel, distinct) in by_rel {
            let of_source = |r: &(f64, f64)| if seen == Seen::True { r.1 } else { r.0 };
            let source = self.source_rows.get(&rel).map(of_source);
            let total = source.unwrap_or(self.block.rels[rel].info.rows).max(1.0);
            let left = self.base_rows(rel, seen).min(total);
            let distinct = distinct.min(total);
            // Yao's approximation for a random sample of the rows.
            let visible = if left < total {
                distinct * (1.0 - ((total - left) / total).powf(total / distinct))
            } else {
                distinct
            };
            groups *= visible.max(1.0);
        }
        groups
    }
}

/// The number of rows that LIMIT lets through of `rows`, OFFSET skipped.
#[must_use]
pub fn limited(block: &Block, rows: f64) -> f64 {
    let after = (rows - block.offset.as_ref().map_or(0.0, |o| o.value)).max(0.0);
    block.limit.as_ref().map_or(after, |l| after.min(l.value))
}
