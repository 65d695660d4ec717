//! ALTER TABLE, applied to the schema being read.

use super::build::{Builder, PendingKey, Place, bound_from};
use super::types::{Column, Sequence, TableId, TableName, Trigger};
use crate::diagnostic::{Position, WarningCode};
use crate::sql::ddl::{AlterTable, ColumnDef, Constraint, ConstraintKind};
use crate::sql::tree::QualifiedName;

impl Builder {
    pub(super) fn no_column(&mut self, id: TableId, column: &str, position: Position) {
        let table = &self.schema.tables[id];
        let near = crate::diagnostic::nearest(column, table.columns.iter().map(|c| c.name.as_str()));
        let hint = near.map(|n| format!("; is `{n}` meant?")).unwrap_or_default();
        let message = format!("table `{}` has no column `{column}`{hint}", table.name);
        self.unreadable(message, position);
    }

    pub(super) fn for_column(&mut self, id: TableId, column: &str, position: Position, change: impl Fn(&mut Column)) {
        match self.schema.tables[id].columns.iter_mut().find(|c| c.name == column) {
            Some(found) => change(found),
            None => self.no_column(id, column, position),
        }
    }

    /// Changes a column in a table and, unless `only`, in all below it.
    fn for_column_below(&mut self, id: TableId, only: bool, column: &str, at: Position, change: impl Fn(&mut Column)) {
        self.for_column(id, column, at, &change);
        if !only {
            for below in self.below(id) {
                if let Some(found) = self.schema.tables[below].columns.iter_mut().find(|c| c.name == column) {
                    change(found);
                }
            }
        }
    }

    /// All tables below one, partitions and children, at any depth.
    pub(super) fn below(&self, id: TableId) -> Vec<TableId> {
        let mut found = Vec::new();
        let mut open = vec![id];
        while let Some(next) = open.pop() {
            for child in self.children.get(&next).into_iter().flatten() {
                if !found.contains(child) {
                    found.push(*child);
                    open.push(*child);
                }
            }
        }
        found
    }

    pub(super) fn alter_table(&mut self, id: TableId, action: AlterTable, only: bool, at: usize, place: Place<'_>) {
        match action {
            AlterTable::AddColumn { column, if_not_exists } => {
                if if_not_exists && self.schema.tables[id].column(&column.name).is_some() {
                    return;
                }
                let constraints = column.constraints.clone();
                for below in self.below(id) {
                    self.add_column(below, ColumnDef { constraints: Vec::new(), ..(*column).clone() }, at, place);
                    for constraint in constraints.iter().filter(|c| is_inherited(c)) {
                        self.add_constraint(below, constraint.clone(), only, place);
                    }
                }
                self.add_column(id, ColumnDef { constraints: Vec::new(), ..*column }, at, place);
                for constraint in constraints {
                    self.add_constraint(id, constraint, only, place);
                }
            }
            AlterTable::DropColumn(column) => {
                let tables = std::iter::once(id).chain(if only { Vec::new() } else { self.below(id) });
                for table in tables.collect::<Vec<_>>() {
                    self.drop_column(table, &column);
                }
            }
            AlterTable::AddConstraint(constraint) => {
                if is_inherited(&constraint) && !only {
                    for below in self.below(id) {
                        self.add_constraint(below, constraint.clone(), only, place);
                    }
                }
                self.add_constraint(id, constraint, only, place);
            }
            AlterTable::DropConstraint(name) => self.drop_constraint(id, &name),
            AlterTable::SetType { column, ty, collation } => {
                let (ty, _, from_domain) = self.data_type(&ty, place(at));
                let collation = collation.or(from_domain);
                self.for_column_below(id, only, &column, place(at), |c| {
                    c.ty.clone_from(&ty);
                    c.collation.clone_from(&collation);
                });
            }
            AlterTable::SetDefault { column, default } => {
                self.for_column_below(id, only, &column, place(at), |c| c.default.clone_from(&default));
            }
            AlterTable::NotNull { column, not_null } => {
                self.for_column_below(id, only, &column, place(at), |c| c.not_null = not_null);
            }
            AlterTable::Identity { column, sequence } => {
                let Some(at_column) = self.schema.tables[id].column_position(&column) else {
                    return self.no_column(id, &column, place(at));
                };
                let mut changed = self.schema.tables[id].columns[at_column].clone();
                changed.not_null = true;
                changed.identity = true;
                changed.default = None;
                self.identity(id, &mut changed, sequence);
                self.schema.tables[id].columns[at_column] = changed;
            }
            AlterTable::DropIdentity { column } => {
                let owned = |s: &Sequence| s.owner.as_ref().is_some_and(|o| o.0 == id && o.1 == column);
                let sequence = self.schema.sequences.iter().find(|s| owned(s)).map(|s| s.name.clone());
                sequence.iter().for_each(|name| self.drop_sequence(name));
                self.for_column(id, &column, place(at), |c| {
                    c.identity = false;
                    c.default = None;
                });
            }
            AlterTable::Storage { column, storage } => {
                self.for_column_below(id, only, &column, place(at), |c| c.storage = storage);
            }
            AlterTable::Distinct { column, distinct } => {
                self.for_column(id, &column, place(at), |c| c.n_distinct = distinct);
            }
            AlterTable::AttachPartition { table, bound } => match self.table(&table) {
                Some(child) if child != id && !self.below(child).contains(&id) => {
                    self.schema.tables[child].partition_of = Some((id, bound_from(bound)));
                    self.children.entry(id).or_default().push(child);
                }
                _ => self.missing(&table, place(at)),
            },
            AlterTable::DetachPartition(table) | AlterTable::NoInherit(table) => {
                if let Some(other) = self.table(&table) {
                    self.detach(id, other);
                    // DETACH names the child, NO INHERIT the parent.
                    for (child, parent) in [(other, id), (id, other)] {
                        let below = &mut self.schema.tables[child];
                        below.inherits.retain(|p| *p != parent);
                        if below.partition_of.as_ref().is_some_and(|p| p.0 == parent) {
                            below.partition_of = None;
                        }
                        if let Some(children) = self.children.get_mut(&parent) {
                            children.retain(|c| *c != child);
                        }
                    }
                }
            }
            AlterTable::Inherit(parent) => match self.table(&parent) {
                Some(parent) if parent != id && !self.below(id).contains(&parent) => {
                    self.schema.tables[id].inherits.push(parent);
                    self.children.entry(parent).or_default().push(id);
                }
                _ => self.missing(&parent, place(at)),
            },
            AlterTable::SetParameters(parameters) => self.schema.tables[id].set_parameters(parameters),
            AlterTable::ResetParameters(names) => self.schema.tables[id].reset_parameters(&names),
            AlterTable::Trigger { name, fires } => self.enable_trigger(id, name.as_deref(), fires),
            // The columns are those of the type already, or the server would refuse.
            AlterTable::OfType(_) => self.schema.harmless += 1,
            AlterTable::Unlogged(unlogged) => self.schema.tables[id].unlogged = unlogged,
            AlterTable::Rename(to) => {
                let name = TableName { schema: self.schema.tables[id].name.schema.clone(), name: to };
                self.rename_table(id, name);
            }
            AlterTable::SetSchema(schema) => {
                let name = TableName { schema, name: self.schema.tables[id].name.name.clone() };
                self.rename_table(id, name);
            }
            AlterTable::RenameColumn { from, to } => {
                let tables = std::iter::once(id).chain(self.below(id)).collect::<Vec<_>>();
                for table in tables {
                    self.rename_column(table, &from, &to);
                }
            }
            AlterTable::RenameConstraint { from, to } => self.rename_constraint(id, &from, to),
            AlterTable::RowSecurity => {
                let message = format!(
                    "row-level security on `{}` adds conditions that have no part in the model",
                    self.schema.tables[id].name
                );
                self.warn(WarningCode::NotModelled, message, place(at));
            }
        }
    }

    /// Gives a partition what it has from its parent and keeps when it is detached: indexes and foreign keys.
    fn detach(&mut self, parent: TableId, child: TableId) {
        if self.schema.tables[child].partition_of.as_ref().is_none_or(|p| p.0 != parent) {
            return;
        }
        let triggers = self.schema.tables[child].triggers.clone();
        self.hand_down_to(parent, child);
        self.schema.tables[child].triggers = triggers;
        let keys: Vec<_> = self.keys.iter().filter(|k| k.table == parent && !k.dropped).cloned().collect();
        self.keys.extend(keys.into_iter().map(|key| PendingKey { table: child, ..key }));
    }

    /// ENABLE and DISABLE TRIGGER; without a name, of all. Those that do not fire are kept apart.
    fn enable_trigger(&mut self, id: TableId, name: Option<&str>, fires: bool) {
        let meant = |trigger: &Trigger| name.is_none_or(|name| trigger.name == name);
        let triggers = &mut self.schema.tables[id].triggers;
        if fires {
            let (back, silent): (Vec<_>, Vec<_>) = std::mem::take(&mut self.silent)
                .into_iter()
                .partition(|(table, trigger)| *table == id && meant(trigger));
            self.silent = silent;
            triggers.extend(back.into_iter().map(|(_, trigger)| trigger));
        } else {
            let (gone, kept): (Vec<_>, Vec<_>) = std::mem::take(triggers).into_iter().partition(meant);
            *triggers = kept;
            self.silent.extend(gone.into_iter().map(|trigger| (id, trigger)));
        }
    }

    /// ALTER TABLE of what is no table: pg_dump writes it for views and sequences too.
    pub(super) fn alter_other(&mut self, name: &QualifiedName, actions: &[AlterTable], at: usize, place: Place<'_>) {
        let resolved = self.resolve(name);
        let rename = actions.iter().find_map(|a| if let AlterTable::Rename(to) = a { Some(to) } else { None });
        let view = self.schema.views.iter_mut().find(|v| v.name == resolved);
        match (view, rename) {
            (Some(view), Some(to)) => view.name.name.clone_from(to),
            (Some(_), None) => self.schema.harmless += 1,
            (None, _) if self.indexes.contains_key(&resolved) => {
                for action in actions {
                    match action {
                        AlterTable::Rename(to) => {
                            let rename = crate::sql::ddl::AlterIndex::Rename(to.clone());
                            self.apply(
                                crate::sql::ddl::Ddl::AlterIndex { name: name.clone(), action: rename },
                                at,
                                place,
                            );
                        }
                        _ => self.schema.harmless += 1,
                    }
                }
            }
            // Sequences and composite types have an owner and a schema too.
            (None, _) if self.sequences.contains_key(&resolved) => self.schema.harmless += 1,
            _ => self.missing(name, place(at)),
        }
    }
}

/// Whether a constraint is one of the tables below too.
fn is_inherited(constraint: &Constraint) -> bool {
    matches!(constraint.kind, ConstraintKind::Check { inherited: true, .. } | ConstraintKind::NotNull { .. })
}
