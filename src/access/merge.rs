//! MERGE: source rows joined with the target, then each row to the first WHEN clause that takes it.

use std::sync::Arc;

use crate::access::bind::{Binder, Level as Scope};
use crate::access::block::{Action, Block, Bound, Insert, Node, OUTER, Update, bit, place_of};
use crate::access::clause::{Clause, Op, Test};
use crate::access::foreign_keys::{self, Incoming};
use crate::access::planned::{self, Context, Level};
use crate::access::postgres::INEQUALITY;
use crate::access::relation::TableInfo;
use crate::access::select::mask;
use crate::access::selectivity::{self, Seen};
use crate::access::statement::{Held, Statement, lock};
use crate::access::tally::Tally;
use crate::access::targets;
use crate::access::{execute, walk, writes};
use crate::diagnostic::InputError;
use crate::machine::Settings;
use crate::sql::tree::{self, Expr, LockMode, LockWait, MergeAction, MergeRows};
use crate::workload::Distribution;

/// A MERGE with its names resolved.
#[derive(Debug, Clone)]
pub struct Merge {
    /// Source and target as the server joins them: unmatched rows included where a clause wants them.
    pub block: Block,
    /// The same without unmatched rows, for their number and for what is done to matched ones.
    pub matched: Block,
    /// Whether the source is more than one row of values.
    pub has_source: bool,
    /// WHEN clauses, in order.
    pub when: Vec<When>,
}

/// One WHEN clause.
#[derive(Debug, Clone)]
pub struct When {
    /// For which rows.
    pub rows: MergeRows,
    /// Share of those rows that pass its condition.
    pub share: f64,
    /// Its condition, when it is one comparison of the target's own.
    pub test: Option<Clause>,
    /// What happens to them.
    pub action: Then,
}

/// What a WHEN clause does.
#[derive(Debug, Clone)]
pub enum Then {
    /// UPDATE.
    Update(Box<Update>),
    /// DELETE.
    Delete(Vec<Incoming>),
    /// INSERT.
    Insert(Box<Insert>),
    /// DO NOTHING.
    Nothing,
}

/// The plans of a MERGE.
pub struct Plans<'a> {
    /// Of the join.
    pub level: Level<'a>,
    /// Of the join without unmatched rows.
    pub matched: Level<'a>,
}

impl<'a> Plans<'a> {
    /// Plans both joins.
    pub fn new(merge: &'a Merge, context: &Context<'a>) -> Self {
        Self {
            level: planned::level(&merge.block, context, Some(0)),
            matched: planned::level(&merge.matched, context, Some(0)),
        }
    }
}

impl Binder<'_, '_> {
    /// Resolves a MERGE.
    pub(super) fn merge(&mut self, merge: &tree::Merge, whole: &tree::Statement) -> Result<Bound, InputError> {
        let visible = self.ctes.len();
        self.with(&merge.with, whole)?;
        let table = self.table(&merge.table, &merge.span)?;
        let leaves = self.catalog.leaves(table.id, merge.only);
        let mut scope = self.target_level(&table, merge.alias.as_deref().unwrap_or(&merge.table.name), &leaves);
        let (source, conditions) = self.table_ref(&mut scope, &[], &merge.source)?;
        let on = self.filter(&mut scope, &[], &merge.on)?;
        let mut when = Vec::new();
        for clause in &merge.when {
            let (share, test) = self.when_share(&mut scope, &table, clause.condition.as_ref())?;
            let action = self.then(&mut scope, &table, &leaves, &clause.action)?;
            when.push(When { rows: clause.rows, share, test, action });
        }
        let returning = self.outputs(&mut scope, &[], &merge.returning)?;
        self.ctes.truncate(visible);
        let wanted = |rows: MergeRows| merge.when.iter().any(|w| w.rows == rows);
        let (inserts, leftover) = (wanted(MergeRows::NotMatched), wanted(MergeRows::NotMatchedBySource));
        let source = if source == 0 { mask(1, scope.rels.len()) } else { source };
        let has_source = source != 0;
        if has_source && (inserts || leftover) {
            let (kept, nullable) = if inserts { (source, bit(0)) } else { (bit(0), source) };
            scope.outer_joins.push((kept, nullable, inserts && leftover, on.clone()));
            let block = self.finish(scope, conditions);
            let matched = inner_join(&block);
            return Ok(self.bound_merge(Merge { block, matched, has_source, when }, returning));
        }
        let block = self.finish(scope, conditions.into_iter().chain(on).collect());
        let matched = block.clone();
        Ok(self.bound_merge(Merge { block, matched, has_source, when }, returning))
    }

    fn bound_merge(&self, mut merge: Merge, returning: Vec<super::block::Output>) -> Bound {
        // A row that comes to a clause has failed the conditions of those before it.
        let mut failed: Vec<Clause> = Vec::new();
        for when in merge.when.iter_mut().filter(|w| w.rows == MergeRows::Matched) {
            if let Then::Update(update) = &mut when.action {
                update.block = merge.matched.clone();
                update.block.clauses.extend(failed.iter().cloned().chain(when.test.clone()));
            }
            failed.extend(when.test.as_ref().map(opposite));
        }
        for when in merge.when.iter_mut().filter(|w| w.rows != MergeRows::Matched) {
            if let Then::Update(update) = &mut when.action {
                update.block = merge.matched.clone();
            }
        }
        Bound { ctes: Vec::new(), action: Action::Merge(Box::new(merge)), returning }
    }

    /// The share of a WHEN clause's rows that its condition keeps.
    fn when_share(
        &mut self,
        scope: &mut Scope,
        table: &TableInfo,
        condition: Option<&Expr>,
    ) -> Result<(f64, Option<Clause>), InputError> {
        let Some(condition) = condition else { return Ok((1.0, None)) };
        let resolved = self.resolve(scope, &[], condition)?;
        let clauses = self.reader(scope).clauses(&resolved);
        let share = clauses
            .iter()
            .map(|c| if c.rels == bit(0) { selectivity::one(c, table, Seen::True) } else { INEQUALITY })
            .product();
        let test = match &clauses[..] {
            [only] if only.rels == bit(0) && matches!(only.test, Test::Compare(..)) => Some(only.clone()),
            _ => None,
        };
        Ok((share, test))
    }

    fn then(
        &mut self,
        scope: &mut Scope,
        table: &Arc<TableInfo>,
        leaves: &[super::block::Leaf],
        action: &MergeAction,
    ) -> Result<Then, InputError> {
        Ok(match action {
            MergeAction::Nothing => Then::Nothing,
            MergeAction::Delete => Then::Delete(self.incoming(table, 0)),
            MergeAction::Update(assignments) => {
                let mut set = Vec::new();
                for assignment in assignments {
                    let column = self.target(table, &assignment.column, &assignment.span)?;
                    set.push((column, self.resolve(scope, &[], &assignment.value)?));
                }
                let assigned = |name: &String| set.iter().any(|a| table.columns[a.0].name == *name);
                let outgoing = self.outgoing(table, assigned);
                let mut incoming = self.incoming(table, 0);
                incoming.retain(|k| k.referenced.iter().any(assigned));
                Then::Update(Box::new(Update { block: Block::default(), assignments: set, outgoing, incoming }))
            }
            MergeAction::Insert { columns, values } => {
                let columns: Vec<usize> = if columns.is_empty() {
                    (0..table.columns.len()).collect()
                } else {
                    columns.iter().map(|(name, span)| self.target(table, name, span)).collect::<Result<_, _>>()?
                };
                let mut row = Vec::new();
                for value in values.iter().flatten() {
                    row.push(from_outside(&self.resolve(scope, &[], value)?)?);
                }
                let source = values.is_some().then(|| Node::Values {
                    rows: 1.0,
                    outputs: Vec::new(),
                    values: Vec::new(),
                    subplans: Vec::new(),
                });
                let columns = if values.is_some() { columns } else { Vec::new() };
                Then::Insert(Box::new(Insert {
                    table: Arc::clone(table),
                    leaves: leaves.to_vec(),
                    columns,
                    source,
                    values: row,
                    further: Vec::new(),
                    conflict: None,
                    outgoing: self.outgoing(table, |_| true),
                    copied: false,
                }))
            }
        })
    }
}

/// The clause that holds where this comparison does not.
fn opposite(clause: &Clause) -> Clause {
    let mut opposite = clause.clone();
    if let Test::Compare(_, op, _) = &mut opposite.test {
        *op = op.negated();
    }
    opposite
}

/// Columns of the source as values that come from elsewhere, as an INSERT sees them.
fn from_outside(expr: &Expr) -> Result<Expr, InputError> {
    walk::rewrite(expr, &mut |e| {
        Ok(match e {
            Expr::Column { qualifier, name, span } if place_of(qualifier.as_deref()).is_some() => {
                Some(Expr::Column { qualifier: Some(OUTER.to_owned()), name: name.clone(), span: span.clone() })
            }
            _ => None,
        })
    })
}

/// A block whose last outer join keeps no unmatched rows.
fn inner_join(block: &Block) -> Block {
    let mut inner = block.clone();
    if let Some(join) = inner.outer_joins.pop() {
        inner.clauses.extend(join.clauses);
    }
    inner
}

/// Whether the source's key is one that no row can have yet: a value that grows, or a new uuid.
fn meets_nothing(block: &Block) -> bool {
    block.clauses.iter().any(|c| match &c.test {
        Test::Compare(key, Op::Eq, value) => {
            key.rel == 0
                && matches!(value.distribution, Some(Distribution::Sequence { .. } | Distribution::Uuid { .. }))
        }
        _ => false,
    })
}

impl Statement {
    /// Runs a MERGE; the rows that its actions touch.
    pub(super) fn merge(
        &self,
        merge: &Merge,
        plans: &Plans<'_>,
        settings: &Settings,
        held: &mut Held,
        tally: &mut Tally,
    ) -> f64 {
        let joined = execute::level(&plans.level, 1.0, f64::INFINITY, tally);
        let matched = if meets_nothing(&merge.matched) { 0.0 } else { plans.matched.true_rows() };
        let target = merge.block.rels[0].info.rows;
        let unmatched = if merge.has_source { joined - matched } else { 1.0 - matched };
        let mut left = [matched, unmatched.max(0.0), (target - matched).max(0.0)];
        let mut touched = 0.0;
        for when in &merge.when {
            let waiting = &mut left[match when.rows {
                MergeRows::Matched => 0,
                MergeRows::NotMatched => 1,
                MergeRows::NotMatchedBySource => 2,
            }];
            let rows = *waiting * when.share;
            *waiting -= rows;
            touched += if matches!(when.action, Then::Nothing) { 0.0 } else { rows };
            match &when.action {
                _ if rows <= 0.0 => {}
                Then::Nothing => {}
                Then::Update(update) => self.update(update, &plans.matched, rows, settings, held, tally),
                Then::Delete(incoming) => delete(&plans.matched, incoming, rows, tally),
                Then::Insert(insert) => {
                    self.insert(insert, rows, settings, held, tally);
                }
            }
        }
        touched
    }
}

/// `rows` rows that a level found are deleted, and what refers to them as its foreign keys say.
pub(super) fn delete(level: &Level<'_>, incoming: &[Incoming], rows: f64, tally: &mut Tally) {
    for (info, share, reach) in targets::tables(level) {
        writes::delete_rows(&info, rows * share, &reach, tally);
        lock(&info, rows * share, (LockMode::Update, LockWait::Block), &reach, tally);
    }
    for key in incoming {
        foreign_keys::parents_gone(key, rows, true, tally);
    }
}
