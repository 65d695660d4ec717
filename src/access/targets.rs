//! The rows that an UPDATE or DELETE changes: in which tables, and how many of those that its joins return.

use std::sync::Arc;

use crate::access::block::{Block, Node, Rel, Source, bit};
use crate::access::clause::Clause;
use crate::access::plan::{Kind, Method, Plan};
use crate::access::planned::Level;
use crate::access::relation::TableInfo;
use crate::access::statement::shares;
use crate::access::tally::Reach;
use crate::access::touches;

/// The tables that are changed, with their share of the rows.
#[must_use]
pub fn tables(level: &Level<'_>) -> Vec<(Arc<TableInfo>, f64, Reach)> {
    let block = level.planner.block;
    let rel = &block.rels[0];
    let clauses = level.planner.clauses(&level.planner.local[0]);
    let swept =
        |info: &TableInfo| info.pages > 0.0 && level.chosen.as_ref().is_some_and(|c| sweeps(&c.plan, rel, info.id));
    shares(&rel.leaves, &rel.info, &clauses)
        .into_iter()
        .map(|(leaf, share)| {
            let reach = Reach { sweeps: swept(&leaf.info), ..touches::of_changed(&clauses, &leaf.info) };
            (Arc::clone(&leaf.info), share, reach)
        })
        .collect()
}

/// Conditions under which a subquery of the same table chooses the rows that are changed, as in
/// `WHERE id = (SELECT id FROM jobs WHERE state = 'new' LIMIT 1)`: they held before the change.
pub fn chosen_by(block: &Block) -> Vec<&Clause> {
    let table = block.rels[0].info.id;
    let derived = block
        .rels
        .iter()
        .skip(1)
        .filter_map(|r| if let Source::Derived(node) = &r.source { Some(&**node) } else { None });
    let filters = block.subplans.iter().filter(|s| s.in_filter && !s.correlated).map(|s| &s.node);
    let inside = derived.chain(filters).filter_map(|node| match node {
        Node::Block(inner) if inner.rels.len() == 1 && inner.rels[0].info.id == table => Some(&inner.clauses),
        _ => None,
    });
    let joined = block.semi_joins.iter().filter(|s| !s.anti && s.inner.count_ones() == 1);
    let joined = joined.filter(|s| block.rels[s.inner.trailing_zeros() as usize].info.id == table);
    inside.flatten().chain(joined.flat_map(|s| s.clauses.iter().filter(|c| c.rels == s.inner))).collect()
}

/// Whether a plan reads all pages of a table, one of those of relation 0.
fn sweeps(plan: &Plan, rel: &Rel, table: usize) -> bool {
    let sweeps = |plan: &Plan| sweeps(plan, rel, table);
    match &plan.kind {
        Kind::Scan(scan) => {
            scan.rel == 0 && matches!(scan.method, Method::Seq) && rel.leaves[scan.leaf].info.id == table
        }
        Kind::Append(children) => children.iter().any(|c| sweeps(c)),
        Kind::Nest { outer, inner, .. } | Kind::Hash { outer, inner, .. } | Kind::Merge { outer, inner, .. } => {
            sweeps(outer) || sweeps(inner)
        }
        Kind::Sort { input, .. } | Kind::Unique(input) | Kind::Window(input) | Kind::Group { input, .. } => {
            sweeps(input)
        }
        Kind::Result | Kind::Source(..) => false,
    }
}

/// Rows changed, of `joined` rows that the joins return: a row that several rows of the other tables match
/// is changed once.
#[must_use]
pub fn rows(level: &Level<'_>, joined: f64) -> f64 {
    let planner = &level.planner;
    let rels = &planner.block.rels;
    let mut matches: f64 = 1.0;
    for (place, other) in rels.iter().enumerate().skip(1) {
        // A semi-join returns a row once by itself.
        if planner.special.iter().any(|s| s.inner & bit(place) != 0) {
            continue;
        }
        let shared = planner.classes.iter().filter(|c| c.keys.iter().any(|k| k.rel == 0));
        let keys: Vec<f64> = shared
            .flat_map(|c| c.keys.iter().filter(|k| k.rel == place))
            .map(|k| planner.column(k).map_or(1.0, |c| c.distinct))
            .collect();
        if !keys.is_empty() {
            matches *= (other.info.rows / keys.iter().product::<f64>()).max(1.0);
        }
    }
    joined / matches
}
