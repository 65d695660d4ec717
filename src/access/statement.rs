//! The footprint of one statement: planned as the plan cache would, then run with the true numbers.

use std::sync::Arc;

use crate::access::block::{Action, Block, Bound, Insert, Leaf, bit};
use crate::access::changes;
use crate::access::clause::{Clause, Reader, Test, ValueSet};
use crate::access::execute;
use crate::access::footprint::{Footprint, LockUse};
use crate::access::foreign_keys;
use crate::access::given_plan;
use crate::access::partitions;
use crate::access::planned::{self, Context, Level, Planned};
use crate::access::predicates;
use crate::access::relation::{IndexInfo, TableInfo};
use crate::access::selectivity::Seen;
use crate::access::sizes;
use crate::access::tally::{Reach, Tally};
use crate::access::touches;
use crate::access::values::{Draws, Value};
use crate::access::writes;
use crate::machine::{PlanCacheMode, Settings};
use crate::sql::tree::{Expr, LockMode, LockWait};
use crate::units::{Bytes, Pages};
use crate::workload::{Distribution, Protocol};

/// Correlation from which a column counts as growing with the table.
const ORDERED: f64 = 0.99;

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
    pub plan: Option<String>,
    /// What was understood in part.
    pub warnings: Vec<crate::diagnostic::Warning>,
}

/// Rows that the transaction has locked so far: table and the key's value as written.
pub type Held = Vec<(usize, Expr)>;

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
    Nothing,
}

impl Statement {
    /// The footprint of one execution; `held` carries the transaction's row locks from statement to statement.
    #[must_use]
    pub fn footprint(&self, settings: &Settings, protocol: Protocol, held: &mut Held) -> Footprint {
        let mut footprint = self.own_footprint(settings, protocol, held);
        if let Some(plan) = &self.plan {
            // A plan that cannot be read was refused when the statement was.
            let _ = given_plan::apply(plan, &mut footprint);
        }
        footprint
    }

    fn own_footprint(&self, settings: &Settings, protocol: Protocol, held: &mut Held) -> Footprint {
        if matches!(self.bound.action, Action::Utility) {
            let mut nothing = Footprint { warnings: self.warnings.clone(), ..Footprint::default() };
            nothing.counts.message = 1.0;
            return nothing;
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
        if let Some(relations) = planned {
            // The prices of the simple and extended protocol hold the planning of a key lookup.
            let held = if protocol == Protocol::Prepared { 0.0 } else { 1.0 };
            counts.planning = 1.0 - held;
            counts.planning_relation = (relations - held).max(0.0);
        }
        Footprint {
            relations: tally.relations,
            counts,
            pages: Pages(tally.pages),
            rows_out,
            rows_written: tally.rows_written,
            index_entries: tally.index_entries,
            hot_fraction: (tally.updated.0 > 0.0).then(|| tally.updated.1 / tally.updated.0),
            wal_bytes: Bytes(tally.wal),
            locks: tally.locks,
            touches: tally.touches,
            writes: tally.writes,
            warnings: self.warnings.clone(),
        }
    }

    /// Runs a statement and its CTEs once; the rows it returns.
    fn run(&self, bound: &Bound, plans: &Plans<'_>, settings: &Settings, held: &mut Held, tally: &mut Tally) -> f64 {
        for (cte, plan) in bound.ctes.iter().zip(&plans.ctes) {
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
                let rows = execute::level(level, 1.0, f64::INFINITY, tally);
                self.update(update, level, rows, settings, held, tally);
                rows
            }
            (Action::Delete(delete), Body::Change(level)) => {
                let rows = execute::level(level, 1.0, f64::INFINITY, tally);
                for (info, share, reach) in targets(level) {
                    writes::delete_rows(&info, rows * share, &reach, tally);
                    lock(&info, rows * share, (LockMode::Update, LockWait::Block), &reach, tally);
                }
                for key in &delete.incoming {
                    foreign_keys::parents_gone(key, rows, true, tally);
                }
                rows
            }
            _ => 0.0,
        }
    }

    fn reader<'r>(&'r self, block: &'r Block) -> Reader<'r> {
        Reader { rels: &block.rels, draws: &self.draws }
    }

    fn insert(&self, insert: &Insert, rows: f64, settings: &Settings, held: &mut Held, tally: &mut Tally) -> f64 {
        let empty = Block::default();
        let value = |column: usize| -> Option<ValueSet> {
            let at = insert.columns.iter().position(|c| *c == column)?;
            insert.values.get(at).map(|v| self.reader(&empty).value(v))
        };
        let (fresh, conflicting) = match &insert.conflict {
            Some(conflict) => (rows * (1.0 - conflict.share), rows * conflict.share),
            None => (rows, 0.0),
        };
        for (leaf, share) in self.insert_leaves(insert, &value) {
            let info = &leaf.info;
            let before = tally.pages;
            let drawn = insert.table.columns.iter().enumerate().filter(|(place, column)| {
                column.from_sequence && (insert.source.is_none() || !insert.columns.contains(place))
            });
            writes::sequence_values(rows * share * drawn.count() as f64, tally);
            if let Some(conflict) = &insert.conflict {
                self.arbiter(info, conflict, (fresh * share, conflicting * share), tally);
            }
            let bytes = self.row_bytes(insert, info, &value);
            let fits = |index: &IndexInfo| {
                let share = predicates::share_of_rows(info, index, &|name| self.inserted_value(insert, name));
                (share, self.entry_place(insert, info, index))
            };
            writes::insert_rows(info, fresh * share, bytes, &fits, tally);
            if let Some(conflict) = &insert.conflict
                && let Some(assignments) = &conflict.update
            {
                self.update_conflicting(
                    insert,
                    info,
                    assignments,
                    conflicting * share * conflict.kept,
                    settings,
                    tally,
                );
            }
            writes::note_insert(info, fresh * share, tally.pages - before, tally);
        }
        for key in &insert.outgoing {
            let values: Vec<Option<ValueSet>> = key.columns.iter().map(|c| value(*c)).collect();
            let null = values.iter().all(|v| v.as_ref().is_some_and(|v| v.values.iter().all(|x| *x == Value::Null)));
            let omitted = insert.source.is_some() && key.columns.iter().any(|c| !insert.columns.contains(c));
            if null || (omitted && !insert.columns.is_empty()) {
                continue;
            }
            let nulls: f64 = if values.iter().all(Option::is_none) {
                key.columns.iter().map(|c| insert.table.columns[*c].null_fraction).fold(0.0, f64::max)
            } else {
                0.0
            };
            let expr = key.columns.first().and_then(|c| {
                let at = insert.columns.iter().position(|x| x == c)?;
                insert.values.get(at).map(super::walk::bare)
            });
            let known = expr.as_ref().is_some_and(|e| held.iter().any(|h| h.0 == key.parent.id && h.1 == *e));
            foreign_keys::check(key, fresh * (1.0 - nulls), values.first().and_then(Option::as_ref), known, tally);
            if let Some(e) = expr {
                held.push((key.parent.id, e));
            }
        }
        fresh + if insert.conflict.as_ref().is_some_and(|c| c.update.is_some()) { conflicting } else { 0.0 }
    }

    /// Where an inserted row's entry goes: to the right edge when its first key grows with time.
    fn entry_place(&self, insert: &Insert, info: &TableInfo, index: &IndexInfo) -> writes::Place {
        let Some(column) = index.keys.first().copied().flatten().map(|c| &info.columns[c]) else {
            return writes::Place::Anywhere;
        };
        let given = insert.table.column(&column.name).is_some_and(|c| insert.columns.contains(&c));
        let grows = match self.inserted_value(insert, &column.name) {
            _ if !given && column.from_sequence => true,
            Some(set) if set.values.iter().all(|v| matches!(v, Value::Now(_))) => true,
            Some(set) => match &set.distribution {
                Some(Distribution::Sequence { .. } | Distribution::Uuid { version: 7 }) => true,
                Some(Distribution::Uuid { .. }) => false,
                // Made by an earlier statement, or by a query: as the column's order suggests.
                _ => set.unknown() && column.correlation > ORDERED,
            },
            None => column.correlation > ORDERED,
        };
        if grows { writes::Place::Edge } else { writes::Place::Anywhere }
    }

    /// The value that an inserted row has in a column: as given, or its constant default.
    fn inserted_value(&self, insert: &Insert, name: &str) -> Option<ValueSet> {
        let empty = Block::default();
        let column = insert.table.column(name)?;
        match insert.columns.iter().position(|c| *c == column) {
            Some(at) => insert.values.get(at).map(|v| self.reader(&empty).value(v)),
            None => {
                let null = Expr::Literal(crate::sql::tree::Literal::Null);
                let value = insert.table.columns[column].default.as_ref().unwrap_or(&null);
                Some(self.reader(&empty).value(value))
            }
        }
    }

    /// The partitions that inserted rows go to.
    fn insert_leaves<'i>(&self, insert: &'i Insert, value: &dyn Fn(usize) -> Option<ValueSet>) -> Vec<(&'i Leaf, f64)> {
        if insert.leaves.len() == 1 {
            return vec![(&insert.leaves[0], 1.0)];
        }
        // The values stand in for conditions on the partition key.
        let clauses: Vec<Clause> = insert
            .table
            .columns
            .iter()
            .enumerate()
            .filter_map(|(place, column)| {
                let set = value(place).filter(|v| !v.unknown())?;
                let key = crate::access::clause::Key { rel: 0, column: Some(column.name.clone()), expr: Expr::Default };
                let test = Test::Compare(key, crate::access::clause::Op::Eq, set);
                Some(Clause { test, bare: Expr::Default, rels: 1, operators: 0.0, text_tests: 0.0 })
            })
            .collect();
        let chosen = shares(&insert.leaves, &insert.table, &clauses.iter().collect::<Vec<_>>());
        if clauses.is_empty() || chosen.is_empty() {
            // Rows without a known key go to the newest partition of a range, evenly otherwise.
            let even = 1.0 / insert.leaves.len() as f64;
            return insert.leaves.iter().map(|l| (l, even)).collect();
        }
        chosen
    }

    /// Bytes of an inserted row: columns that are not given are null, unless they have a default.
    fn row_bytes(&self, insert: &Insert, info: &TableInfo, value: &dyn Fn(usize) -> Option<ValueSet>) -> f64 {
        let mut columns = Vec::with_capacity(info.columns.len());
        for column in &info.columns {
            let mut stored = column.width;
            let place = insert.table.column(&column.name);
            let given = place.is_some_and(|p| insert.columns.contains(&p));
            let mut present = if given || insert.source.is_none() {
                1.0 - column.null_fraction
            } else {
                f64::from(u8::from(column.has_default))
            };
            if let Some(set) = place.and_then(value) {
                let nulls = set.values.iter().filter(|v| **v == Value::Null).count();
                let known = !set.unknown();
                if known {
                    present = 1.0 - nulls as f64 / set.values.len() as f64;
                }
                if column.width.varlena
                    && matches!(column.family, crate::schema::TypeFamily::Text | crate::schema::TypeFamily::Json)
                {
                    let lengths: Vec<f64> = set
                        .values
                        .iter()
                        .filter_map(Value::text)
                        .map(|t| t.len() as f64 + if t.len() < 127 { 1.0 } else { 4.0 })
                        .collect();
                    if !lengths.is_empty() && column.fixed_text.is_none() {
                        stored.bytes = lengths.iter().sum::<f64>() / lengths.len() as f64;
                    }
                }
            }
            stored.null_fraction = 1.0 - present;
            columns.push(stored);
        }
        sizes::logged_bytes(&columns)
    }

    /// The lookup of ON CONFLICT in its arbiter, and what its speculative inserts add to the log.
    fn arbiter(
        &self,
        info: &TableInfo,
        conflict: &crate::access::block::Conflict,
        (fresh, conflicting): (f64, f64),
        tally: &mut Tally,
    ) {
        let reach = touches::everything(info);
        let arbiters: Vec<_> = match conflict.arbiter {
            Some(place) => info.indexes.get(place).into_iter().collect(),
            None => info.indexes.iter().filter(|i| i.unique).collect(),
        };
        for index in arbiters {
            tally.index_visits(info, index, (1.0, index.levels, 1.0), fresh + conflicting, &reach);
        }
        tally.heap_visits(info, 1.0, conflicting, &reach);
        if !info.unlogged {
            tally.wal += fresh * crate::access::wal::speculative_confirm();
        }
    }

    fn update_conflicting(
        &self,
        insert: &Insert,
        info: &TableInfo,
        assignments: &[(usize, Expr)],
        rows: f64,
        settings: &Settings,
        tally: &mut Tally,
    ) {
        let refs: Vec<(usize, &Expr)> = assignments.iter().map(|(c, e)| (*c, e)).collect();
        let change = changes::of(info, &refs, &[], (&[], &self.draws), settings.version);
        let reach = self.arbiter_reach(insert, info);
        // The row is locked before it is changed.
        writes::lock_rows(info, rows, &reach, tally);
        tally.counts.row_written -= rows;
        writes::update_rows(info, rows, change, &|i| i.share, &reach, tally);
        let mode = if changes::touches_key(info, &refs) { LockMode::Update } else { LockMode::NoKeyUpdate };
        lock(info, rows, (mode, LockWait::Block), &reach, tally);
    }

    fn arbiter_reach(&self, insert: &Insert, info: &TableInfo) -> Reach {
        let empty = Block::default();
        let arbiter = insert.conflict.as_ref().and_then(|c| c.arbiter).and_then(|i| info.indexes.get(i));
        let key = arbiter.and_then(|i| i.keys.first().copied().flatten());
        let value = key.and_then(|c| {
            let at = insert.columns.iter().position(|x| *x == c)?;
            insert.values.get(at).map(|v| self.reader(&empty).value(v))
        });
        match (key, value) {
            (Some(column), Some(value)) => {
                let named = crate::access::clause::Key {
                    rel: 0,
                    column: Some(info.columns[column].name.clone()),
                    expr: Expr::Default,
                };
                touches::of_key(&named, &value, info)
            }
            _ => touches::everything(info),
        }
    }

    fn update(
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
        hold(&own, block.rels[0].info.id, held);
        let mode =
            if changes::touches_key(&block.rels[0].info, &refs) { LockMode::Update } else { LockMode::NoKeyUpdate };
        for (info, share, reach) in targets(level) {
            let change = changes::of(&info, &refs, &own, (&block.rels, &self.draws), settings.version);
            let fits = |index: &IndexInfo| {
                predicates::share_of_rows(&info, index, &|name| {
                    let (_, value) = refs.iter().find(|(c, _)| info.columns[*c].name == name)?;
                    Some(self.reader(block).value(value))
                })
            };
            writes::update_rows(&info, rows * share, change, &fits, &reach, tally);
            lock(&info, rows * share, (mode, LockWait::Block), &reach, tally);
        }
        for key in &update.outgoing {
            foreign_keys::check(key, rows, None, false, tally);
        }
        for key in &update.incoming {
            foreign_keys::parents_gone(key, rows, false, tally);
        }
    }
}

/// The tables that an UPDATE or DELETE changes, with their share of the rows.
fn targets(level: &Level<'_>) -> Vec<(Arc<TableInfo>, f64, Reach)> {
    let block = level.planner.block;
    let rel = &block.rels[0];
    let places = &level.planner.local[0];
    let clauses = level.planner.clauses(places);
    shares(&rel.leaves, &rel.info, &clauses)
        .into_iter()
        .map(|(leaf, share)| (Arc::clone(&leaf.info), share, touches::of_clauses(&clauses, &leaf.info)))
        .collect()
}

/// Shares of the rows by partition.
pub(super) fn shares<'l>(leaves: &'l [Leaf], head: &TableInfo, clauses: &[&Clause]) -> Vec<(&'l Leaf, f64)> {
    if leaves.len() == 1 {
        return vec![(&leaves[0], 1.0)];
    }
    let weights: Vec<f64> = leaves
        .iter()
        .map(|leaf| match &leaf.bound {
            Some(bound) => partitions::visit(head, bound, clauses).probability,
            None => leaf.info.rows,
        })
        .collect();
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
            held.push((table, (**value).clone()));
        }
    }
}

pub(super) fn lock(info: &TableInfo, rows: f64, (mode, wait): (LockMode, LockWait), reach: &Reach, tally: &mut Tally) {
    if rows > 0.0 {
        tally.locks.push(LockUse { table: info.id, rows, mode, wait, popularity: reach.rows.clone() });
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
            Action::Utility => (Body::Nothing, (0.0, 0.0)),
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
            Body::Nothing => 0.0,
        };
        own + self.ctes.iter().map(Plans::cost).sum::<f64>()
    }

    fn relations(&self) -> f64 {
        let own = match &self.body {
            Body::Query(planned) => planned.relations(),
            Body::Insert(source) => 1.0 + source.as_ref().map_or(0.0, Planned::relations),
            Body::Change(level) => level.relations(),
            Body::Nothing => 0.0,
        };
        own + self.ctes.iter().map(Plans::relations).sum::<f64>()
    }
}
