//! INSERT, UPDATE, DELETE and whole statements to their bound form.

use std::sync::Arc;

use crate::access::bind::{Binder, Level, Name, Target};
use crate::access::block::{Action, Bound, Conflict, Insert, Leaf, Node, OUTER, Rel, Source};
use crate::access::foreign_keys::{Incoming, MAX_CASCADE, Outgoing};
use crate::access::relation::TableInfo;
use crate::access::selectivity::{self, Seen};
use crate::access::walk;
use crate::diagnostic::{InputError, Warning, WarningCode};
use crate::schema::ReferentialAction;
use crate::sql::tree::{self, Expr, QualifiedName, Span, Statement, TableRef};

impl Binder<'_, '_> {
    /// Resolves a whole statement.
    pub fn statement(&mut self, statement: &Statement) -> Result<Bound, InputError> {
        let mut bound = self.nested(statement)?;
        bound.ctes = std::mem::take(&mut self.computed);
        Ok(bound)
    }

    /// Resolves a statement whose CTEs go to the statement around it.
    pub fn nested(&mut self, statement: &Statement) -> Result<Bound, InputError> {
        match statement {
            Statement::Query(query) => self.bound_query(query, &[]),
            Statement::Insert(insert) => self.insert(insert, statement),
            Statement::Update(update) => self.update(update, statement),
            Statement::Delete(delete) => self.delete(delete, statement),
            Statement::Merge(merge) => self.merge(merge, statement),
            Statement::Command(command) => self.command(command),
            Statement::Begin | Statement::Commit | Statement::Rollback | Statement::Utility { .. } => {
                Ok(Bound { ctes: Vec::new(), action: Action::Utility, returning: Vec::new() })
            }
        }
    }

    fn insert(&mut self, insert: &tree::Insert, whole: &Statement) -> Result<Bound, InputError> {
        let visible = self.ctes.len();
        self.with(&insert.with, whole)?;
        let table = self.table(&insert.table, &insert.span)?;
        let columns: Vec<usize> = if insert.columns.is_empty() {
            (0..table.columns.len()).collect()
        } else {
            insert.columns.iter().map(|(name, span)| self.target(&table, name, span)).collect::<Result<_, _>>()?
        };
        let source = insert.source.as_ref().map(|q| self.query(q, &[])).transpose()?;
        let mut rows = match &source {
            Some(Node::Values { values, .. }) => values.clone().into_iter(),
            _ => Vec::new().into_iter(),
        };
        let values = rows.next().unwrap_or_default();
        let leaves = self.catalog.leaves(table.id, false);
        let mut level = self.target_level(&table, insert.alias.as_deref().unwrap_or(&insert.table.name), &leaves);
        let excluded = table.columns.iter().map(|c| (c.name.clone(), outer(&c.name))).collect();
        level.names.push(Name { alias: "excluded".into(), target: Target::Merged(excluded), open: false });
        let conflict = match &insert.on_conflict {
            Some(conflict) => Some(self.conflict(&mut level, &table, conflict, (&columns, &values))?),
            None => None,
        };
        level.names.truncate(1);
        let returning = self.outputs(&mut level, &[], &insert.returning)?;
        self.ctes.truncate(visible);
        let outgoing = self.outgoing(&table, |_| true);
        let further = Vec::new();
        let mut insert = Insert { table, leaves, columns, source, values, further, conflict, outgoing, copied: false };
        let further = rows.map(|values| self.with_values(&level, &insert, values)).collect();
        insert.further = further;
        Ok(Bound { ctes: Vec::new(), action: Action::Insert(Box::new(insert)), returning })
    }

    /// The INSERT with another row of VALUES, whose key may be in the table more or less often.
    fn with_values(&self, level: &Level, insert: &Insert, values: Vec<Expr>) -> Insert {
        let mut other = Insert { values, ..insert.clone() };
        if let Some(conflict) = &mut other.conflict {
            conflict.share =
                self.arbiter_share(level, &insert.table, conflict.arbiter, (&insert.columns, &other.values));
        }
        other
    }

    pub(super) fn target_level(&self, table: &Arc<TableInfo>, alias: &str, leaves: &[Leaf]) -> Level {
        let mut level = Level::default();
        level.names.push(Name { alias: alias.to_owned(), target: Target::Rel(0), open: false });
        level.rels.push(Rel {
            source: Source::Table,
            alias: alias.to_owned(),
            info: Arc::clone(table),
            leaves: leaves.to_vec(),
            lateral: 0,
            used: vec![false; table.columns.len()],
        });
        level
    }

    pub(super) fn target(&self, table: &TableInfo, name: &str, span: &Span) -> Result<usize, InputError> {
        table.column(name).ok_or_else(|| {
            self.error(span, format!("unknown column `{name}` of table `{}`", table.name))
                .expected("a column of the table")
                .nearest_of(name, table.columns.iter().map(|c| c.name.as_str()))
        })
    }

    fn conflict(
        &mut self,
        level: &mut Level,
        table: &Arc<TableInfo>,
        conflict: &tree::OnConflict,
        (columns, values): (&[usize], &[Expr]),
    ) -> Result<Conflict, InputError> {
        let targets: Vec<Expr> = conflict.target.iter().map(walk::bare).collect();
        let arbiter = table.indexes.iter().position(|i| match &conflict.constraint {
            Some(name) => i.name == *name,
            None => {
                i.unique
                    && !targets.is_empty()
                    && i.expressions.len() == targets.len()
                    && targets.iter().all(|t| i.expressions.contains(t))
            }
        });
        let share = self.arbiter_share(level, table, arbiter, (columns, values));
        let update = match &conflict.update {
            Some(assignments) => {
                let mut resolved = Vec::new();
                for assignment in assignments {
                    let column = self.target(table, &assignment.column, &assignment.span)?;
                    resolved.push((column, self.resolve(level, &[], &assignment.value)?));
                }
                Some(resolved)
            }
            None => None,
        };
        let kept = match &conflict.filter {
            Some(filter) => {
                let filter = self.resolve(level, &[], filter)?;
                let clauses = self.reader(level).clauses(&filter);
                selectivity::all(&clauses.iter().collect::<Vec<_>>(), table, Seen::True)
            }
            None => 1.0,
        };
        Ok(Conflict { arbiter, share, update, kept })
    }

    /// The share of inserted rows whose key is in the table already, by its arbiter or any unique index.
    fn arbiter_share(&self, level: &Level, table: &TableInfo, arbiter: Option<usize>, row: (&[usize], &[Expr])) -> f64 {
        let chosen = arbiter.or_else(|| table.indexes.iter().position(|i| i.unique));
        chosen.map_or(0.0, |index| self.conflict_share(level, table, index, row))
    }

    /// The share of inserted rows whose key is in the table already.
    fn conflict_share(
        &self,
        level: &Level,
        table: &TableInfo,
        index: usize,
        (columns, values): (&[usize], &[Expr]),
    ) -> f64 {
        let reader = self.reader(level);
        let mut share = 1.0;
        for key in &table.indexes[index].keys {
            let Some(column) = key else { return 0.5 };
            let value = columns.iter().position(|c| c == column).and_then(|at| values.get(at));
            let Some(value) = value else { return 0.0 };
            let value = reader.value(value);
            if value.hidden || value.unknown() {
                // What grows is not there yet.
                share *= if value.domain.is_finite() {
                    selectivity::equality(&table.columns[*column], &value, Seen::True)
                } else {
                    0.0
                };
                continue;
            }
            share *= selectivity::equality(&table.columns[*column], &value, Seen::True);
        }
        (share * table.rows).clamp(0.0, 1.0)
    }

    /// A table that a foreign key leads to; rows that are not given are assumed, and said.
    pub(super) fn linked(&mut self, id: crate::schema::TableId) -> Arc<TableInfo> {
        let (info, assumed) = self.catalog.get_or_assume(id);
        if assumed {
            let message = format!(
                "table `{}` is reached through a foreign key and has no `rows` in the workload file; {} were assumed",
                info.name, info.rows
            );
            let position = self.statement.origin.locate(&self.statement.sql, 0);
            self.warnings.push(Warning::new(WarningCode::AssumedStatistics, message).at(position));
        }
        info
    }

    /// Foreign keys of a table with a column that is written.
    pub(super) fn outgoing(&mut self, table: &Arc<TableInfo>, written: impl Fn(&String) -> bool) -> Vec<Outgoing> {
        let schema = self.catalog.schema;
        schema.tables[table.id]
            .foreign_keys
            .iter()
            .filter(|k| k.columns.iter().any(&written))
            .map(|k| Outgoing {
                columns: k.columns.iter().filter_map(|c| table.column(c)).collect(),
                parent: self.linked(k.references),
                referenced: k.referenced_columns.clone(),
            })
            .collect()
    }

    /// Foreign keys to a table, with those that cascade on.
    pub(super) fn incoming(&mut self, table: &Arc<TableInfo>, depth: usize) -> Vec<Incoming> {
        if depth > MAX_CASCADE {
            return Vec::new();
        }
        let schema = self.catalog.schema;
        let mut keys = Vec::new();
        for (child, place) in self.catalog.referencing(table.id) {
            let key = &schema.tables[child].foreign_keys[place];
            let info = self.linked(child);
            let below = if key.on_delete == ReferentialAction::Cascade && child != table.id {
                self.incoming(&info, depth + 1)
            } else {
                Vec::new()
            };
            keys.push(Incoming {
                columns: key.columns.iter().filter_map(|c| info.column(c)).collect(),
                child: info,
                referenced: key.referenced_columns.clone(),
                on_delete: key.on_delete,
                on_update: key.on_update,
                parent_rows: table.rows,
                below,
            });
        }
        keys
    }

    fn update(&mut self, update: &tree::Update, whole: &Statement) -> Result<Bound, InputError> {
        let visible = self.ctes.len();
        self.with(&update.with, whole)?;
        let target = (&update.table, update.alias.as_deref(), update.only, &update.span);
        let (mut level, conditions) = self.changed(target, &update.from, update.filter.as_ref())?;
        let table = Arc::clone(&level.rels[0].info);
        let mut assignments = Vec::new();
        for assignment in &update.assignments {
            let column = self.target(&table, &assignment.column, &assignment.span)?;
            assignments.push((column, self.resolve(&mut level, &[], &assignment.value)?));
        }
        let returning = self.outputs(&mut level, &[], &update.returning)?;
        self.ctes.truncate(visible);
        let block = self.finish(level, conditions);
        let assigned = |name: &String| assignments.iter().any(|a| table.columns[a.0].name == *name);
        let outgoing = self.outgoing(&table, assigned);
        let mut incoming = self.incoming(&table, 0);
        incoming.retain(|k| k.referenced.iter().any(assigned));
        let update = super::block::Update { block, assignments, outgoing, incoming };
        Ok(Bound { ctes: Vec::new(), action: Action::Update(Box::new(update)), returning })
    }

    fn delete(&mut self, delete: &tree::Delete, whole: &Statement) -> Result<Bound, InputError> {
        let visible = self.ctes.len();
        self.with(&delete.with, whole)?;
        let target = (&delete.table, delete.alias.as_deref(), delete.only, &delete.span);
        let (mut level, conditions) = self.changed(target, &delete.using, delete.filter.as_ref())?;
        let returning = self.outputs(&mut level, &[], &delete.returning)?;
        self.ctes.truncate(visible);
        let block = self.finish(level, conditions);
        let table = Arc::clone(&block.rels[0].info);
        let delete = super::block::Delete { block, incoming: self.incoming(&table, 0) };
        Ok(Bound { ctes: Vec::new(), action: Action::Delete(Box::new(delete)), returning })
    }

    /// The level of an UPDATE or DELETE: its target is relation 0.
    fn changed(
        &mut self,
        (name, alias, only, span): (&QualifiedName, Option<&str>, bool, &Span),
        from: &[TableRef],
        filter: Option<&Expr>,
    ) -> Result<(Level, Vec<Expr>), InputError> {
        let table = self.table(name, span)?;
        let leaves = self.catalog.leaves(table.id, only);
        let mut level = self.target_level(&table, alias.unwrap_or(&name.name), &leaves);
        let mut conditions = Vec::new();
        for item in from {
            let (_, mut more) = self.table_ref(&mut level, &[], item)?;
            conditions.append(&mut more);
        }
        if let Some(filter) = filter {
            conditions.extend(self.filter(&mut level, &[], filter)?);
        }
        Ok((level, conditions))
    }
}

fn outer(name: &str) -> Expr {
    Expr::Column { qualifier: Some(OUTER.to_owned()), name: name.to_owned(), span: 0..0 }
}
