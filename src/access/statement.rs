//! The footprint of one statement: planned as the plan cache would, then run with the true numbers.

use std::sync::Arc;

use crate::access::block::{Action, Block, Bound, Leaf, bit};
use crate::access::changes;
use crate::access::clause::{Clause, Reader, Test};
use crate::access::entries::{Entry, Place};
use crate::access::execute;
use crate::access::footprint::{Footprint, LockUse, Lockable};
use crate::access::foreign_keys;
use crate::access::given_plan;
use crate::access::merge;
use crate::access::new_entries::btree_entry;
use crate::access::outputs;
use crate::access::partitions;
use crate::access::planned::{self, Context, Level, Planned};
use crate::access::predicates;
use crate::access::recursion;
use crate::access::relation::{IndexInfo, TableInfo};
use crate::access::selectivity::Seen;
use crate::access::tally::{Reach, Tally};
use crate::access::targets;
use crate::access::values::Draws;
use crate::access::writes;
use crate::diagnostic::{Position, Warning, WarningCode};
use crate::machine::{PlanCacheMode, Settings};
use crate::sql::tree::{Expr, LockMode, LockWait};
use crate::units::{Bytes, Pages};
use crate::workload::Protocol;

/// A statement ready to be planned again and again.
#[derive(Debug, Clone)]
pub struct Statement {
    /// The statement with its names resolved.
    pub bound: Bound,
    /// The transaction's variables.
    pub draws: Arc<Draws>,
    /// Whether it has parameters that the plan cache may hide.
    pub parameters: bool,
    /// A plan that stands in for the model's own.
    pub plan: Option<Arc<given_plan::Plan>>,
    /// Where it is written.
    pub start: Position,
    /// Advisory locks that it takes.
    pub advisory: Vec<LockUse>,
    /// What was understood in part.
    pub warnings: Vec<crate::diagnostic::Warning>,
}

/// Rows that the transaction has locked so far: table and the key's values as written.
pub type Held = Vec<(usize, Vec<Expr>)>;

/// What a statement's plan is made of.
struct Plans<'a> {
    ctes: Vec<Plans<'a>>,
    body: Body<'a>,
    returned: (f64, f64),
}

enum Body<'a> {
    Query(Planned<'a>),
    Insert(Option<Planned<'a>>),
    Change(Box<Level<'a>>),
    Merge(Box<merge::Plans<'a>>),
    Nothing,
}

impl Statement {
    /// The footprint of one execution; `held` carries the transaction's row locks from statement to statement.
    #[must_use]
    pub fn footprint(&self, settings: &Settings, protocol: Protocol, held: &mut Held) -> Footprint {
        let mut footprint = self.own_footprint(settings, protocol, held);
        if let Some(plan) = &self.plan {
            plan.lay_over(&mut footprint);
        }
        footprint
    }

    fn own_footprint(&self, settings: &Settings, protocol: Protocol, held: &mut Held) -> Footprint {
        match &self.bound.action {
            Action::Utility => {
                let mut nothing = Footprint { warnings: self.warnings.clone(), ..Footprint::default() };
                nothing.counts.message = 1.0;
                return nothing;
            }
            Action::Tables(command) => return command.footprint(&self.warnings),
            _ => {}
        }
        let (plans, custom) = self.plan(settings, protocol);
        let mut tally = Tally::default();
        let rows = self.run(&self.bound, &plans, settings, held, &mut tally);
        self.finish(rows, tally, custom.then(|| plans.relations()), protocol)
    }

    /// The plan that the plan cache settles on (choose_custom_plan), and whether it is made anew each time.
    fn plan<'a>(&'a self, settings: &'a Settings, protocol: Protocol) -> (Plans<'a>, bool) {
        if protocol != Protocol::Prepared {
            return (Plans::new(&self.bound, settings, Seen::Custom), true);
        }
        let generic = Plans::new(&self.bound, settings, Seen::Generic);
        if !self.parameters || settings.plan_cache_mode == PlanCacheMode::ForceGeneric {
            return (generic, false);
        }
        let custom = Plans::new(&self.bound, settings, Seen::Custom);
        if settings.plan_cache_mode == PlanCacheMode::ForceCustom {
            return (custom, true);
        }
        let custom_cost = custom.cost() + planned::planning_cost(custom.relations(), settings);
        if generic.cost() < custom_cost { (generic, false) } else { (custom, true) }
    }

    fn finish(&self, rows: f64, tally: Tally, planned: Option<f64>, protocol: Protocol) -> Footprint {
        let mut counts = tally.counts;
        counts.message = 1.0;
        counts.executor_run += 1.0;
        let rows_out = if returns_rows(&self.bound) { rows } else { 0.0 };
        let width: f64 = self.bound.returning.iter().map(|o| o.info.width.bytes * (1.0 - o.info.null_fraction)).sum();
        counts.row_sent = rows_out;
        counts.kb_sent = rows_out * width / 1024.0;
        outputs::charge(&self.bound, rows_out, &mut counts);
        counts.output_column = self.bound.returning.len() as f64;
        counts.foreign_key_statement = counts.foreign_key_check.min(1.0);
        if let Some(relations) = planned {
            // The prices of the simple and extended protocol hold the planning of a key lookup.
            let held = if protocol == Protocol::Prepared { 0.0 } else { 1.0 };
            counts.planning = 1.0 - held;
            counts.planning_relation = (relations - held).max(0.0);
            counts.planning_join = (relations - 1.0).max(0.0);
        }
        let mut warnings = self.warnings.clone();
        warnings.extend(
            tally.notes.into_iter().map(|n| Warning::new(WarningCode::AssumedStatistics, n).at(self.start.clone())),
        );
        Footprint {
            relations: tally.relations,
            counts,
            pages: Pages(tally.pages),
            rows_out,
            rows_written: tally.rows_written,
            index_entries: tally.index_entries,
            hot_fraction: (tally.updated.0 > 0.0).then(|| tally.updated.1 / tally.updated.0),
            wal_bytes: Bytes(tally.wal),
            locks: self.advisory.iter().cloned().chain(tally.locks).collect(),
            touches: tally.touches,
            writes: tally.writes,
            warnings,
        }
    }

    /// Runs a statement and its CTEs once; the rows it returns.
    fn run(&self, bound: &Bound, plans: &Plans<'_>, settings: &Settings, held: &mut Held, tally: &mut Tally) -> f64 {
        for (cte, plan) in bound.ctes.iter().zip(&plans.ctes) {
            if let Body::Query(planned) = &plan.body
                && cte.recursive
                && let Some(course) = recursion::run(planned, tally)
            {
                if course.guessed {
                    tally.notes.push(format!(
                        "nothing says how often recursive query `{}` repeats; {} steps were assumed",
                        cte.name,
                        recursion::ASSUMED_STEPS
                    ));
                }
                continue;
            }
            self.run(&cte.bound, plan, settings, held, tally);
        }
        match (&bound.action, &plans.body) {
            (Action::Query(_), Body::Query(planned)) => {
                let rows = execute::query(planned, 1.0, f64::INFINITY, tally);
                if let Planned::Level(level) = planned {
                    let block = level.planner.block;
                    for place in (0..block.rels.len()).filter(|p| block.locks.iter().any(|l| l.rels & bit(*p) != 0)) {
                        let own: Vec<&Clause> = block.clauses.iter().filter(|c| c.rels == bit(place)).collect();
                        hold(&own, block.rels[place].info.id, held);
                    }
                }
                rows
            }
            (Action::Insert(insert), Body::Insert(source)) => {
                let rows = source.as_ref().map_or(1.0, |s| execute::query(s, 1.0, f64::INFINITY, tally));
                self.insert(insert, rows, settings, held, tally)
            }
            (Action::Update(update), Body::Change(level)) => {
                let rows = targets::rows(level, execute::level(level, 1.0, f64::INFINITY, tally));
                self.update(update, level, rows, settings, held, tally);
                rows
            }
            (Action::Delete(delete), Body::Change(level)) => {
                let joined = execute::level(level, 1.0, f64::INFINITY, tally);
                let rows = targets::rows(level, joined);
                merge::delete(level, &delete.incoming, rows, tally);
                rows
            }
            (Action::Merge(merge), Body::Merge(plans)) => self.merge(merge, plans, settings, held, tally),
            _ => 0.0,
        }
    }

    pub(super) fn reader<'r>(&'r self, block: &'r Block) -> Reader<'r> {
        Reader { rels: &block.rels, draws: &self.draws }
    }

    pub(super) fn update(
        &self,
        update: &crate::access::block::Update,
        level: &Level<'_>,
        rows: f64,
        settings: &Settings,
        held: &mut Held,
        tally: &mut Tally,
    ) {
        let block = &update.block;
        let own: Vec<&Clause> = block.clauses.iter().filter(|c| c.rels == 1).collect();
        let refs: Vec<(usize, &Expr)> = update.assignments.iter().map(|(c, e)| (*c, e)).collect();
        let known: Vec<&Clause> = own.iter().copied().chain(targets::chosen_by(block)).collect();
        hold(&own, block.rels[0].info.id, held);
        let mode =
            if changes::touches_key(&block.rels[0].info, &refs) { LockMode::Update } else { LockMode::NoKeyUpdate };
        for (info, share, reach) in targets::tables(level) {
            let repeats = changes::repeats(rows * share, &reach);
            let change = changes::of(&info, &refs, &known, (&block.rels, &self.draws), (settings.version, repeats));
            let fits = |index: &IndexInfo| {
                let share = predicates::share_of_rows(&info, index, &|name| {
                    let (_, value) = refs.iter().find(|(c, _)| info.columns[*c].name == name)?;
                    Some(self.reader(block).value(value))
                });
                // Vacuum gives the room of old entries back, so that an index does not grow with its table's
                // updates; only keys that are the present moment go where there was no entry before.
                let moment = |value: &Expr| {
                    self.reader(block)
                        .value(value)
                        .values
                        .iter()
                        .all(|v| matches!(v, crate::access::values::Value::Now(_)))
                };
                let grows = refs.iter().any(|(c, value)| index.keys.first() == Some(&Some(*c)) && moment(value));
                let place = if grows { Place::Edge } else { Place::Beside };
                Entry { share, place, bytes: btree_entry(index, &change.columns) }
            };
            writes::update_rows(&info, rows * share, &change, &fits, &reach, tally);
            lock(&info, rows * share, (mode, LockWait::Block), &reach, tally);
        }
        for key in &update.outgoing {
            foreign_keys::check(key, rows, (None, None), rows, tally);
        }
        for key in &update.incoming {
            foreign_keys::parents_gone(key, rows, false, tally);
        }
    }
}

/// Shares of the rows by partition.
pub(super) fn shares<'l>(leaves: &'l [Leaf], head: &TableInfo, clauses: &[&Clause]) -> Vec<(&'l Leaf, f64)> {
    if leaves.len() == 1 {
        return vec![(&leaves[0], 1.0)];
    }
    let visited = |leaf: &Leaf| leaf.bound.as_ref().map_or(1.0, |b| partitions::visit(head, b, clauses).probability);
    let found = |leaf: &Leaf| match visited(leaf) {
        0.0 => 0.0,
        _ => leaf.info.rows * crate::access::selectivity::all(clauses, &leaf.info, Seen::True),
    };
    let mut weights: Vec<f64> = leaves.iter().map(found).collect();
    if weights.iter().all(|w| *w <= 0.0) {
        weights = leaves.iter().map(visited).collect();
    }
    let total: f64 = weights.iter().sum();
    leaves.iter().zip(weights).filter(|(_, w)| *w > 0.0).map(|(l, w)| (l, w / total)).collect()
}

/// Notes that the transaction holds the row that an equality names.
fn hold(clauses: &[&Clause], table: usize, held: &mut Held) {
    for clause in clauses {
        if let (Test::Compare(_, crate::access::clause::Op::Eq, _), Expr::Binary { left, right, .. }) =
            (&clause.test, &clause.bare)
        {
            let value = if matches!(**left, Expr::Column { .. }) { right } else { left };
            held.push((table, vec![(**value).clone()]));
        }
    }
}

pub(super) fn lock(info: &TableInfo, rows: f64, (mode, wait): (LockMode, LockWait), reach: &Reach, tally: &mut Tally) {
    if rows > 0.0 {
        tally.locks.push(LockUse {
            table: info.id,
            of: Lockable::Row,
            rows,
            mode,
            wait,
            popularity: reach.rows.clone(),
            which: reach.which.clone(),
        });
    }
}

fn returns_rows(bound: &Bound) -> bool {
    matches!(bound.action, Action::Query(_)) || !bound.returning.is_empty()
}

impl<'a> Plans<'a> {
    fn new(bound: &'a Bound, settings: &'a Settings, seen: Seen) -> Self {
        let mut context = Context { settings, seen, cte_rows: Vec::new() };
        let mut ctes = Vec::new();
        for cte in &bound.ctes {
            let mut plan = Self::of(&cte.bound, &context);
            if cte.recursive {
                // The planner takes ten times the first part's rows.
                plan.returned.0 *= 10.0;
                if let Body::Query(planned) = &plan.body
                    && let Some(course) = recursion::of(planned)
                {
                    plan.returned.1 = course.rows;
                }
            }
            context.cte_rows.push(plan.returned);
            ctes.push(plan);
        }
        Self { ctes, ..Self::of(bound, &context) }
    }

    fn of(bound: &'a Bound, context: &Context<'a>) -> Self {
        let (body, returned) = match &bound.action {
            Action::Query(node) => {
                let planned = planned::plan(node, context);
                let rows = (planned.rows(), planned.true_rows());
                (Body::Query(planned), rows)
            }
            Action::Insert(insert) => {
                let source = insert.source.as_ref().map(|s| planned::plan(s, context));
                let rows = source.as_ref().map_or((1.0, 1.0), |s| (s.rows(), s.true_rows()));
                (Body::Insert(source), rows)
            }
            Action::Update(update) => Self::change(&update.block, context),
            Action::Delete(delete) => Self::change(&delete.block, context),
            Action::Merge(merge) => {
                let plans = merge::Plans::new(merge, context);
                let rows = (plans.level.chosen.as_ref().map_or(1.0, |c| c.rows), plans.level.true_rows());
                (Body::Merge(Box::new(plans)), rows)
            }
            Action::Utility | Action::Tables(_) => (Body::Nothing, (0.0, 0.0)),
        };
        Self { ctes: Vec::new(), body, returned }
    }

    fn change(block: &'a Block, context: &Context<'a>) -> (Body<'a>, (f64, f64)) {
        let level = planned::level(block, context, Some(0));
        let rows = (level.chosen.as_ref().map_or(1.0, |c| c.rows), level.true_rows());
        (Body::Change(Box::new(level)), rows)
    }

    fn cost(&self) -> f64 {
        let own = match &self.body {
            Body::Query(planned) => planned.cost().total,
            Body::Insert(source) => source.as_ref().map_or(0.01, |s| s.cost().total),
            Body::Change(level) => level.cost().total,
            Body::Merge(plans) => plans.level.cost().total,
            Body::Nothing => 0.0,
        };
        own + self.ctes.iter().map(Plans::cost).sum::<f64>()
    }

    fn relations(&self) -> f64 {
        let own = match &self.body {
            Body::Query(planned) => planned.relations(),
            Body::Insert(source) => 1.0 + source.as_ref().map_or(0.0, Planned::relations),
            Body::Change(level) => level.relations(),
            Body::Merge(plans) => plans.level.relations(),
            Body::Nothing => 0.0,
        };
        own + self.ctes.iter().map(Plans::relations).sum::<f64>()
    }
}
