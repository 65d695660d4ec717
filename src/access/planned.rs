//! Queries planned level by level: subqueries first, since what they return enters the level above.

use crate::access::block::{Block, Node, Source, SubPlan, bit};
use crate::access::cost::Cost;
use crate::access::planner::Planner;
use crate::access::selectivity::Seen;
use crate::access::upper::{self, Chosen};
use crate::machine::Settings;

/// Cost of a row of VALUES: cpu_tuple_cost and cpu_operator_cost at their defaults (cost_valuesscan).
const VALUES_ROW: f64 = 0.01 + 0.0025;

/// What planning needs to know besides the query.
#[derive(Debug, Clone)]
pub struct Context<'a> {
    /// Server settings.
    pub settings: &'a Settings,
    /// Whether parameter values are seen.
    pub seen: Seen,
    /// Rows of each CTE computed on its own: believed and true.
    pub cte_rows: Vec<(f64, f64)>,
}

/// A query with its plan.
pub enum Planned<'a> {
    /// One level.
    Level(Box<Level<'a>>),
    /// UNION and its kin.
    Set {
        /// Both sides.
        sides: Box<(Planned<'a>, Planned<'a>)>,
        /// The query.
        node: &'a Node,
    },
    /// VALUES.
    Values {
        /// Rows.
        rows: f64,
        /// Subqueries among them.
        subplans: Vec<Sub<'a>>,
    },
}

/// A level with its plan.
pub struct Level<'a> {
    /// The planner's view.
    pub planner: Planner<'a>,
    /// The plan; `None` for a level that cannot be planned.
    pub chosen: Option<Chosen>,
    /// The plans of subqueries in FROM, by relation.
    pub sources: Vec<(usize, Planned<'a>)>,
    /// The plans of other subqueries.
    pub subplans: Vec<Sub<'a>>,
    /// The scans of the ends of indexes that min and max are read off, in the place of the plan.
    pub ends: Vec<Chosen>,
}

/// A subquery with its plan.
pub struct Sub<'a> {
    /// What it is.
    pub subplan: &'a SubPlan,
    /// Its plan.
    pub planned: Planned<'a>,
}

/// Plans a query.
#[must_use]
pub fn plan<'a>(node: &'a Node, context: &Context<'a>) -> Planned<'a> {
    match node {
        Node::Block(block) => Planned::Level(Box::new(level(block, context, None))),
        Node::SetOperation { sides, .. } => {
            Planned::Set { sides: Box::new((plan(&sides.0, context), plan(&sides.1, context))), node }
        }
        Node::Values { rows, subplans, .. } => Planned::Values { rows: *rows, subplans: plan_subs(subplans, context) },
    }
}

fn plan_subs<'a>(subplans: &'a [SubPlan], context: &Context<'a>) -> Vec<Sub<'a>> {
    subplans.iter().map(|s| Sub { subplan: s, planned: plan(&s.node, context) }).collect()
}

/// Plans one level; `written` is the relation that an UPDATE or DELETE changes.
#[must_use]
pub fn level<'a>(block: &'a Block, context: &Context<'a>, written: Option<usize>) -> Level<'a> {
    let mut planner = Planner::new(block, context.settings, context.seen);
    planner.written = written;
    let mut sources = Vec::new();
    for (rel, relation) in block.rels.iter().enumerate() {
        match &relation.source {
            Source::Table => {}
            Source::Rows(rows) => {
                planner.source_rows.insert(rel, (*rows, *rows));
            }
            Source::Cte(place) => {
                let known = context.cte_rows.get(*place).copied();
                let rows = known.unwrap_or(super::recursion::WORKING_ROWS);
                planner.source_rows.insert(rel, rows);
            }
            Source::Derived(node) => {
                let planned = plan(node, context);
                planner.source_rows.insert(rel, (planned.rows(), planned.true_rows()));
                planner.source_costs.insert(rel, planned.cost());
                sources.push((rel, planned));
            }
        }
    }
    let subplans = plan_subs(&block.subplans, context);
    planner.output_cost = subplans.iter().filter(|s| per_row(s)).map(|s| s.planned.cost().total).sum();
    let mut chosen = planner.choose();
    let mut ends = Vec::new();
    if let (false, Some(aggregated)) = (block.extremes.is_empty(), &mut chosen)
        && let Some(found) = block.extremes.iter().map(|e| planner.end_of_index(*e)).collect::<Option<Vec<_>>>()
    {
        let total = found.iter().map(|end| end.cost.total).sum();
        if total < aggregated.cost.total {
            aggregated.cost = Cost { startup: total, total };
            ends = found;
        }
    }
    Level { planner, chosen, sources, subplans, ends }
}

/// Whether a subquery is computed for each row that is returned.
fn per_row(sub: &Sub<'_>) -> bool {
    sub.subplan.correlated && !sub.subplan.in_filter
}

impl Level<'_> {
    /// Rows after grouping, DISTINCT and LIMIT, as they are.
    #[must_use]
    pub fn true_rows(&self) -> f64 {
        if !self.ends.is_empty() {
            return 1.0;
        }
        upper::limited(self.planner.block, self.rows_before_limit())
    }

    /// The same before LIMIT.
    #[must_use]
    pub fn rows_before_limit(&self) -> f64 {
        let block = self.planner.block;
        let mut rows = self.joined_rows() * block.row_factor;
        if block.aggregates > 0.0 || !block.group_by.is_empty() {
            rows = if block.group_by.is_empty() {
                1.0
            } else {
                self.planner.groups(&block.group_by, rows, Seen::True).min(rows)
            } * block.having;
        }
        if !block.distinct.is_empty() {
            rows = self.planner.groups(&block.distinct, rows, Seen::True).min(rows);
        }
        rows
    }

    /// Rows of the joins, conditions on subqueries included.
    #[must_use]
    pub fn joined_rows(&self) -> f64 {
        let count = self.planner.block.rels.len();
        if count == 0 {
            return 1.0;
        }
        let all = (0..count).fold(0, |m, r| m | bit(r));
        self.planner.join_rows(all, Seen::True)
    }

    /// Relations of the level and its subqueries; partitions that are pruned are not counted.
    #[must_use]
    pub fn relations(&self) -> f64 {
        let planner = &self.planner;
        let mut own = 0.0;
        for (place, rel) in planner.block.rels.iter().enumerate() {
            let clauses = planner.clauses(&planner.local[place]);
            own += 1.0;
            for bound in rel.leaves.iter().filter_map(|l| l.bound.as_ref()) {
                let visit = super::partitions::visit(&rel.info, bound, &clauses);
                own += if planner.seen == Seen::Custom { visit.probability } else { 1.0 };
            }
        }
        own + self.sources.iter().map(|s| s.1.relations()).sum::<f64>()
            + self.subplans.iter().map(|s| s.planned.relations()).sum::<f64>()
    }

    /// What the planner believes the level costs.
    #[must_use]
    pub fn cost(&self) -> Cost {
        let mut cost = self.chosen.as_ref().map_or_else(Cost::default, |c| c.cost);
        let rows = self.chosen.as_ref().map_or(1.0, |c| c.rows);
        // Those per row returned are in the plan's own cost.
        for sub in self.subplans.iter().filter(|s| !per_row(s)) {
            let runs = if sub.subplan.correlated { rows.max(1.0) } else { 1.0 };
            cost.total += sub.planned.cost().total * runs;
        }
        cost
    }
}

impl Planned<'_> {
    /// Rows the planner believes to get.
    #[must_use]
    pub fn rows(&self) -> f64 {
        match self {
            Self::Level(level) => level.chosen.as_ref().map_or(1.0, |c| c.rows),
            Self::Set { sides, node } => set_rows(node, sides.0.rows(), sides.1.rows()),
            Self::Values { rows, .. } => *rows,
        }
    }

    /// Rows that it returns.
    #[must_use]
    pub fn true_rows(&self) -> f64 {
        match self {
            Self::Level(level) => level.true_rows(),
            Self::Set { sides, node } => set_rows(node, sides.0.true_rows(), sides.1.true_rows()),
            Self::Values { rows, .. } => *rows,
        }
    }

    /// What the planner believes it costs.
    #[must_use]
    pub fn cost(&self) -> Cost {
        match self {
            Self::Level(level) => level.cost(),
            Self::Set { sides, .. } => {
                let (a, b) = (sides.0.cost(), sides.1.cost());
                Cost { startup: a.startup, total: a.total + b.total }
            }
            Self::Values { rows, subplans } => {
                let subs: f64 = subplans.iter().map(|s| s.planned.cost().total).sum();
                Cost { startup: 0.0, total: rows * VALUES_ROW + subs }
            }
        }
    }

    /// Relations in all, as the plan cache counts them.
    #[must_use]
    pub fn relations(&self) -> f64 {
        match self {
            Self::Level(level) => level.relations(),
            Self::Set { sides, .. } => sides.0.relations() + sides.1.relations(),
            Self::Values { subplans, .. } => 1.0 + subplans.iter().map(|s| s.planned.relations()).sum::<f64>(),
        }
    }
}

fn set_rows(node: &Node, left: f64, right: f64) -> f64 {
    let Node::SetOperation { left_only, limit, .. } = node else { return left + right };
    let rows = if *left_only { left } else { left + right };
    // Duplicates between unrelated sides are taken to be few.
    limit.as_ref().map_or(rows, |l| rows.min(l.value))
}

/// Cost of planning that the plan cache charges a custom plan (cached_plan_cost).
#[must_use]
pub fn planning_cost(relations: f64, settings: &Settings) -> f64 {
    1000.0 * settings.cpu_operator_cost * (relations + 1.0)
}
