//! Queries to blocks: WHERE with its EXISTS and IN, grouping, order, limits, locks.

use crate::access::bind::{Binder, CteName, Level, output_info};
use crate::access::block::{
    Block, Bound, Compared, Count, Cte, Node, OuterJoin, Output, RowLock, SemiJoin, SortKey, Source, bit, place_of,
};
use crate::access::postgres::INEQUALITY;
use crate::access::pull_up::{SET_RETURNING, aggregates_in, is_aggregate};
use crate::access::walk;
use crate::diagnostic::InputError;
use crate::sql::tree::{self, Body, Distinct, Expr, Literal, OrderBy, Query, Select, Statement};

/// Share of rows that the planner assumes a LIMIT it cannot see to return.
pub(super) const UNKNOWN_LIMIT_SHARE: f64 = 0.1;
/// Rows of VALUES that are looked at one by one.
const VALUES_ROWS: usize = 16;

impl Binder<'_, '_> {
    /// Resolves a query.
    pub fn query(&mut self, query: &Query, outers: &[&Level]) -> Result<Node, InputError> {
        self.depth += 1;
        if self.depth > 64 {
            return Err(self.error(&(0..0), "subqueries nest too deeply".to_owned()));
        }
        let visible = self.ctes.len();
        self.with(&query.with, &Statement::Query(query.clone()))?;
        let node = match &query.body {
            Body::Select(select) => Node::Block(Box::new(self.select(query, select, outers)?)),
            Body::Values(rows) => self.values(rows, outers)?,
            Body::SetOperation { op, all, left, right } => {
                let sides = Box::new((self.query(left, outers)?, self.query(right, outers)?));
                let outputs = sides.0.outputs().to_vec();
                let order_by = query.order_by.iter().map(|o| set_order(o, &outputs)).collect();
                Node::SetOperation {
                    distinct: !all,
                    left_only: *op != tree::SetOperator::Union,
                    sides,
                    order_by,
                    limit: self.count(query.limit.as_ref()),
                    outputs,
                }
            }
        };
        self.ctes.truncate(visible);
        self.depth -= 1;
        Ok(node)
    }

    /// Brings the CTEs of a WITH list into sight.
    pub fn with(&mut self, list: &[tree::Cte], user: &Statement) -> Result<(), InputError> {
        for (n, cte) in list.iter().enumerate() {
            let uses: usize = super::references::count(user, &cte.name)
                + list[n + 1..].iter().map(|c| super::references::count(&c.statement, &cte.name)).sum::<usize>();
            let inside = super::references::count(&cte.statement, &cte.name);
            let recursive = cte.recursive && inside > 0;
            if let Statement::Query(query) = &*cte.statement {
                let inline = !recursive
                    && query.locks.is_empty()
                    && (cte.materialized == Some(false) || (cte.materialized.is_none() && uses <= 1))
                    && super::references::writes(&cte.statement).is_empty();
                if inline {
                    self.ctes.push((cte.name.clone(), CteName::Inline(Box::new(query.clone()), cte.columns.clone())));
                    continue;
                }
            }
            let bound = if recursive { self.recursive(cte)? } else { self.nested(&cte.statement)? };
            let writes = !super::references::writes(&cte.statement).is_empty();
            let mut outputs = bound.returning.clone();
            for (output, name) in outputs.iter_mut().zip(&cte.columns) {
                output.name.clone_from(name);
            }
            let place = self.computed.len();
            self.computed.push(Cte { name: cte.name.clone(), bound, recursive, writes });
            self.ctes.push((cte.name.clone(), CteName::Computed(place, outputs, 1.0)));
        }
        Ok(())
    }

    /// WITH RECURSIVE: its first part gives the columns, its second refers to them.
    fn recursive(&mut self, cte: &tree::Cte) -> Result<Bound, InputError> {
        let Statement::Query(query) = &*cte.statement else { return self.nested(&cte.statement) };
        let Body::SetOperation { left, .. } = &query.body else { return self.nested(&cte.statement) };
        let first = self.query(left, &[])?;
        let mut outputs = first.outputs().to_vec();
        for (output, name) in outputs.iter_mut().zip(&cte.columns) {
            output.name.clone_from(name);
        }
        // The working table stands under the CTE's own name while its second part is read.
        self.ctes.push((cte.name.clone(), CteName::Computed(super::recursion::WORKING, outputs, 10.0)));
        let bound = self.bound_query(query, &[]);
        self.ctes.pop();
        bound
    }

    fn values(&mut self, rows: &[Vec<Expr>], outers: &[&Level]) -> Result<Node, InputError> {
        let mut level = Level::default();
        let mut resolved = Vec::new();
        for row in rows {
            let row: Result<Vec<Expr>, InputError> =
                row.iter().map(|value| self.resolve(&mut level, outers, value)).collect();
            resolved.push(row?);
        }
        let first = resolved.first().map_or(&[][..], |row| &row[..]);
        let outputs = first
            .iter()
            .enumerate()
            .map(|(n, e)| Output { name: format!("column{}", n + 1), expr: e.clone(), info: output_info(&level, e) })
            .collect();
        // Of many rows some stand for the others.
        let step = rows.len().div_ceil(VALUES_ROWS).max(1);
        let values = resolved.into_iter().step_by(step).collect();
        Ok(Node::Values { rows: rows.len() as f64, outputs, values, subplans: level.subplans })
    }

    /// A LIMIT or OFFSET.
    fn count(&self, expr: Option<&Expr>) -> Option<Count> {
        let expr = expr?;
        if matches!(expr, Expr::Literal(Literal::Null)) {
            return None;
        }
        let numbers: Vec<f64> = self.draws.evaluate_all(expr).iter().filter_map(|v| v.number()).collect();
        let value = if numbers.is_empty() { 1.0 } else { numbers.iter().sum::<f64>() / numbers.len() as f64 };
        Some(Count { value: value.max(0.0), constant: !walk::has_parameter(expr) })
    }

    /// Turns a finished level into a block with its conditions.
    pub fn finish(&mut self, mut level: Level, conditions: Vec<Expr>) -> Block {
        let outer_joins = std::mem::take(&mut level.outer_joins);
        let semi_joins = std::mem::take(&mut level.semi_joins);
        let reader = self.reader(&level);
        let read = |exprs: &[Expr]| exprs.iter().flat_map(|e| reader.clauses(e)).collect::<Vec<_>>();
        let clauses = read(&conditions);
        let kept = outer_joins
            .into_iter()
            .map(|(kept, nullable, full, on)| OuterJoin { kept, nullable, full, clauses: read(&on) })
            .collect();
        let semi_joins = semi_joins
            .into_iter()
            .map(|(inner, anti, conditions)| SemiJoin { inner, anti, clauses: read(&conditions) })
            .collect();
        Block {
            clauses,
            outer_joins: kept,
            semi_joins,
            subplans: level.subplans,
            rels: level.rels,
            having: 1.0,
            row_factor: 1.0,
            ..Block::default()
        }
    }

    fn select(&mut self, query: &Query, select: &Select, outers: &[&Level]) -> Result<Block, InputError> {
        let mut level = Level::default();
        let mut conditions = Vec::new();
        for item in &select.from {
            let (_, mut more) = self.table_ref(&mut level, outers, item)?;
            conditions.append(&mut more);
        }
        if let Some(filter) = &select.filter {
            conditions.extend(self.filter(&mut level, outers, filter)?);
        }
        let outputs = self.outputs(&mut level, outers, &select.items)?;
        let mut group_by = Vec::new();
        for expr in &select.group_by {
            group_by.push(self.sort_key(&mut level, outers, (expr, false), &outputs)?);
        }
        let mut aggregates: usize = outputs.iter().map(|o| aggregates_in(&o.expr)).sum();
        let mut having = 1.0;
        if let Some(expr) = &select.having {
            let resolved = self.resolve(&mut level, outers, expr)?;
            aggregates += aggregates_in(&resolved);
            having = INEQUALITY.powi(walk::conjuncts(expr).len() as i32);
        }
        let mut order_by = Vec::new();
        for order in &query.order_by {
            order_by.push(self.sort_key(&mut level, outers, (&order.expr, order.descending), &outputs)?);
        }
        let mut distinct = Vec::new();
        match &select.distinct {
            Distinct::No => {}
            Distinct::All => distinct.extend(outputs.iter().map(|o| key_of(&level, o.expr.clone(), false))),
            Distinct::On(exprs) => {
                for expr in exprs {
                    distinct.push(self.sort_key(&mut level, outers, (expr, false), &outputs)?);
                }
            }
        }
        let (windows, row_factor) = windows_and_sets(&level, &outputs);
        let locks = query.locks.iter().map(|l| row_lock(&level, l)).collect();
        let extremes = extremes(&level, &outputs, &group_by).unwrap_or_default();
        let block = self.finish(level, conditions);
        let mut block = Block {
            group_by,
            aggregates: aggregates as f64,
            extremes,
            having,
            distinct,
            windows,
            order_by,
            limit: self.count(query.limit.as_ref()),
            offset: self.count(query.offset.as_ref()),
            locks,
            outputs,
            row_factor,
            ..block
        };
        block.push_down();
        Ok(block)
    }

    /// A key of ORDER BY, GROUP BY or DISTINCT ON: a number or alias of the select list, or an expression.
    fn sort_key(
        &mut self,
        level: &mut Level,
        outers: &[&Level],
        (expr, descending): (&Expr, bool),
        outputs: &[Output],
    ) -> Result<SortKey, InputError> {
        let chosen = match expr {
            Expr::Literal(Literal::Number(n)) if *n >= 1.0 => outputs.get(*n as usize - 1).map(|o| o.expr.clone()),
            Expr::Column { qualifier: None, name, .. } => {
                outputs.iter().find(|o| o.name == *name).map(|o| o.expr.clone())
            }
            _ => None,
        };
        let expr = match chosen {
            Some(expr) => expr,
            None => self.resolve(level, outers, expr)?,
        };
        Ok(key_of(level, expr, descending))
    }
}

pub(super) fn mask(from: usize, to: usize) -> u64 {
    (from..to).map(bit).fold(0, |m, b| m | b)
}

pub(super) fn key_of(level: &Level, expr: Expr, descending: bool) -> SortKey {
    let info = output_info(level, &expr);
    let column = match &expr {
        Expr::Column { qualifier, name, .. } => place_of(qualifier.as_deref())
            .and_then(|place| level.rels[place].info.column(name).map(|column| (place, column))),
        _ => None,
    };
    SortKey { column, expr, descending, compared: Compared::of(&info), distinct: info.distinct }
}

fn set_order(order: &OrderBy, outputs: &[Output]) -> SortKey {
    let output = match &order.expr {
        Expr::Literal(Literal::Number(n)) if *n >= 1.0 => outputs.get(*n as usize - 1),
        Expr::Column { name, .. } => outputs.iter().find(|o| o.name == *name),
        _ => None,
    };
    SortKey {
        column: None,
        expr: order.expr.clone(),
        descending: order.descending,
        compared: output.map_or_else(Compared::default, |o| Compared::of(&o.info)),
        distinct: output.map_or(200.0, |o| o.info.distinct),
    }
}

fn row_lock(level: &Level, clause: &tree::LockClause) -> RowLock {
    let rels = level
        .names
        .iter()
        .filter_map(|n| match n.target {
            super::bind::Target::Rel(place) => Some((n, place)),
            super::bind::Target::Merged(_) => None,
        })
        .filter(|(n, place)| {
            matches!(level.rels[*place].source, Source::Table) && (clause.of.is_empty() || clause.of.contains(&n.alias))
        })
        .fold(0, |m, (_, place)| m | bit(place));
    RowLock { rels, mode: clause.mode, wait: clause.wait }
}

/// The sorts that window functions need, and how many rows set-returning functions make of one.
fn windows_and_sets(level: &Level, outputs: &[Output]) -> (Vec<Vec<SortKey>>, f64) {
    let mut windows: Vec<Vec<SortKey>> = Vec::new();
    let mut factor = 1.0;
    for output in outputs {
        walk::visit(&output.expr, &mut |e| match e {
            Expr::Call { over: Some(window), .. } => {
                let keys: Vec<SortKey> = window
                    .partition_by
                    .iter()
                    .map(|e| key_of(level, e.clone(), false))
                    .chain(window.order_by.iter().map(|o| key_of(level, o.expr.clone(), o.descending)))
                    .collect();
                let same = |w: &Vec<SortKey>| w.iter().map(|k| &k.expr).eq(keys.iter().map(|k| &k.expr));
                if !windows.iter().any(same) {
                    windows.push(keys);
                }
            }
            Expr::Call { name, over: None, .. } => {
                if let Some((_, rows)) = SET_RETURNING.iter().find(|s| s.0 == name.name) {
                    factor *= rows;
                }
            }
            _ => {}
        });
    }
    (windows, factor)
}

/// The columns whose min or max a level of one relation takes, if it takes nothing else of all its rows
/// (can_minmax_aggs, planagg.c).
fn extremes(level: &Level, outputs: &[Output], group_by: &[SortKey]) -> Option<Vec<(usize, usize, bool)>> {
    if !group_by.is_empty() || level.rels.len() != 1 {
        return None;
    }
    let mut found = Some(Vec::new());
    for output in outputs {
        walk::visit(&output.expr, &mut |e| {
            if is_aggregate(e) {
                match (extreme(level, e), &mut found) {
                    (Some(one), Some(all)) if !all.contains(&one) => all.push(one),
                    (Some(_), _) => {}
                    (None, _) => found = None,
                }
            }
        });
    }
    found
}

fn extreme(level: &Level, aggregate: &Expr) -> Option<(usize, usize, bool)> {
    let Expr::Call { name, args, over: None, filter: None, .. } = aggregate else { return None };
    let [Expr::Column { qualifier, name: column, .. }] = &args[..] else { return None };
    if !["min", "max"].contains(&name.name.as_str()) {
        return None;
    }
    let place = place_of(qualifier.as_deref())?;
    Some((place, level.rels.get(place)?.info.column(column)?, name.name == "max"))
}
