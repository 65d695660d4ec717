//! Which tables a statement names, before anything is resolved.

use crate::access::walk;
use crate::sql::tree::{
    Body, Command, Expr, JoinCondition, Merge, MergeAction, QualifiedName, Query, SelectItem, Statement, TableRef,
};

/// What a statement names.
#[derive(Default)]
struct Found<'a> {
    read: Vec<&'a QualifiedName>,
    written: Vec<(&'a QualifiedName, Write<'a>)>,
}

/// How a table is written.
#[derive(Debug, Clone, PartialEq)]
pub enum Write<'a> {
    /// INSERT, with the columns that ON CONFLICT DO UPDATE sets.
    Insert(Vec<&'a str>),
    /// UPDATE of these columns.
    Update(Vec<&'a str>),
    /// DELETE.
    Delete,
}

/// How often a statement reads from a table or CTE of that unqualified name.
#[must_use]
pub fn count(statement: &Statement, name: &str) -> usize {
    let mut found = Found::default();
    found.statement(statement);
    found.read.iter().filter(|n| n.schema.is_none() && n.name == name).count()
}

/// The tables that a statement writes.
#[must_use]
pub fn writes(statement: &Statement) -> Vec<(&QualifiedName, Write<'_>)> {
    let mut found = Found::default();
    found.statement(statement);
    found.written
}

impl<'a> Found<'a> {
    fn statement(&mut self, statement: &'a Statement) {
        match statement {
            Statement::Query(query) => self.query(query),
            Statement::Insert(insert) => {
                let updated = insert.on_conflict.iter().flat_map(|c| c.update.iter().flatten());
                self.written.push((&insert.table, Write::Insert(updated.clone().map(|a| a.column.as_str()).collect())));
                insert.with.iter().for_each(|c| self.statement(&c.statement));
                insert.source.iter().for_each(|q| self.query(q));
                updated.for_each(|a| self.expr(&a.value));
                self.items(&insert.returning);
            }
            Statement::Update(update) => {
                let columns = update.assignments.iter().map(|a| a.column.as_str()).collect();
                self.written.push((&update.table, Write::Update(columns)));
                update.with.iter().for_each(|c| self.statement(&c.statement));
                update.from.iter().for_each(|t| self.table(t));
                update.filter.iter().for_each(|e| self.expr(e));
                update.assignments.iter().for_each(|a| self.expr(&a.value));
                self.items(&update.returning);
            }
            Statement::Delete(delete) => {
                self.written.push((&delete.table, Write::Delete));
                delete.with.iter().for_each(|c| self.statement(&c.statement));
                delete.using.iter().for_each(|t| self.table(t));
                delete.filter.iter().for_each(|e| self.expr(e));
                self.items(&delete.returning);
            }
            Statement::Merge(merge) => self.merge(merge),
            Statement::Command(Command::CopyFrom { table, .. }) => {
                self.written.push((&table.0, Write::Insert(Vec::new())));
            }
            Statement::Command(Command::Declare { query, .. }) => self.query(query),
            Statement::Command(Command::Prepare { statement, .. }) => self.statement(statement),
            _ => {}
        }
    }

    fn merge(&mut self, merge: &'a Merge) {
        merge.with.iter().for_each(|c| self.statement(&c.statement));
        self.table(&merge.source);
        self.expr(&merge.on);
        for when in &merge.when {
            when.condition.iter().for_each(|e| self.expr(e));
            let write = match &when.action {
                MergeAction::Nothing => continue,
                MergeAction::Delete => Write::Delete,
                MergeAction::Update(set) => {
                    set.iter().for_each(|a| self.expr(&a.value));
                    Write::Update(set.iter().map(|a| a.column.as_str()).collect())
                }
                MergeAction::Insert { values, .. } => {
                    values.iter().flatten().for_each(|e| self.expr(e));
                    Write::Insert(Vec::new())
                }
            };
            self.written.push((&merge.table, write));
        }
        self.items(&merge.returning);
    }

    fn query(&mut self, query: &'a Query) {
        query.with.iter().for_each(|c| self.statement(&c.statement));
        match &query.body {
            Body::Select(select) => {
                select.from.iter().for_each(|t| self.table(t));
                self.items(&select.items);
                let exprs = select.filter.iter().chain(&select.having).chain(&select.group_by);
                exprs.for_each(|e| self.expr(e));
            }
            Body::SetOperation { left, right, .. } => {
                self.query(left);
                self.query(right);
            }
            Body::Values(rows) => rows.iter().flatten().for_each(|e| self.expr(e)),
        }
        query.order_by.iter().for_each(|o| self.expr(&o.expr));
        query.limit.iter().chain(&query.offset).for_each(|e| self.expr(e));
    }

    fn items(&mut self, items: &'a [SelectItem]) {
        for item in items {
            if let SelectItem::Expr { expr, .. } = item {
                self.expr(expr);
            }
        }
    }

    fn table(&mut self, table: &'a TableRef) {
        match table {
            TableRef::Table { name, .. } => self.read.push(name),
            TableRef::Subquery { query, .. } => self.query(query),
            TableRef::Function { args, .. } => args.iter().for_each(|e| self.expr(e)),
            TableRef::Join { left, right, condition, .. } => {
                self.table(left);
                self.table(right);
                if let JoinCondition::On(expr) = condition {
                    self.expr(expr);
                }
            }
        }
    }

    fn expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Exists(query) | Expr::Subquery(query) => self.query(query),
            Expr::InSubquery { query, expr, .. } => {
                self.query(query);
                self.expr(expr);
            }
            other => {
                for child in walk::children(other) {
                    self.expr(child);
                }
            }
        }
    }
}
