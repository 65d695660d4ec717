//! Which part of an order anything above can use. An order of no use does not keep a plan alive that costs more
//! (truncate_useless_pathkeys, pathkeys.c).

use crate::access::block::bit;
use crate::access::clause::{Op, Test};
use crate::access::plan::{CLASS, OrderColumn};
use crate::access::planner::Planner;

/// The orders that the level asks for above its joins.
#[derive(Debug, Default)]
pub struct Asked {
    /// ORDER BY, windows, and ends of indexes: in this sequence, or all of it backwards.
    sorted: Vec<Vec<Option<OrderColumn>>>,
    /// GROUP BY and DISTINCT: in any sequence.
    grouped: Vec<Option<OrderColumn>>,
}

fn same_column(a: &OrderColumn, b: &OrderColumn) -> bool {
    a.rel == b.rel && a.column == b.column
}

impl Planner<'_> {
    /// The leading columns of the order of a plan of `rels` that a join to others or the level itself can use.
    #[must_use]
    pub(super) fn useful_order(&self, mut order: Vec<OrderColumn>, rels: u64) -> Vec<OrderColumn> {
        if order.is_empty() {
            return order;
        }
        let asked = self.asked.get_or_init(|| self.orders_asked_for());
        let merged = order.iter().take_while(|o| self.joins_further(o, rels)).count();
        let sorted = asked.sorted.iter().map(|wanted| {
            let fits = |turned: bool| {
                let same = |(w, o): &(&Option<OrderColumn>, &OrderColumn)| {
                    w.is_some_and(|w| same_column(&w, o) && (w.descending != o.descending) == turned)
                };
                wanted.iter().zip(&order).take_while(same).count()
            };
            fits(false).max(fits(true))
        });
        let sorted = sorted.max().unwrap_or(0);
        let of_groups = |o: &&OrderColumn| asked.grouped.iter().flatten().any(|g| same_column(g, o));
        let grouped = order.iter().take_while(of_groups).count();
        order.truncate(merged.max(sorted).max(grouped));
        order
    }

    fn orders_asked_for(&self) -> Asked {
        let block = self.block;
        let mut sorted: Vec<Vec<Option<OrderColumn>>> = block.windows.iter().map(|w| self.wanted_order(w)).collect();
        sorted.push(self.wanted_order(&block.order_by));
        for (rel, column, max) in &block.extremes {
            sorted.push(vec![self.extreme_order(*rel, *column, *max)]);
        }
        let grouped = block.group_by.iter().chain(&block.distinct);
        let grouped = grouped.map(|k| self.order_of(&k.expr, k.descending)).collect();
        Asked { sorted, grouped }
    }

    /// Whether a column joins the relations to others, so that a merge can use its order.
    fn joins_further(&self, order: &OrderColumn, rels: u64) -> bool {
        if order.rel == CLASS {
            let class = &self.classes[order.column];
            return class.constant.is_none() && class.keys.iter().any(|k| rels & bit(k.rel) == 0);
        }
        self.links.iter().flatten().any(|(place, _)| match &self.pool[*place].test {
            Test::Join(a, Op::Eq, b) => [(a, b), (b, a)].into_iter().any(|(own, other)| {
                rels & bit(own.rel) != 0
                    && rels & bit(other.rel) == 0
                    && self.order_column(own, order.descending).is_some_and(|o| same_column(&o, order))
            }),
            _ => false,
        })
    }
}
