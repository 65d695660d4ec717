//! CREATE TABLE and ALTER TABLE, applied to the schema being read.

use std::collections::BTreeMap;

use super::build::{Builder, Place, bound_from, empty_table};
use super::datatype::{UserType, serial};
use super::sequences::sequence_of_serial;
use super::types::{Column, DataType, Index, IndexKey, PartitionBy, TableId, TableName};
use crate::diagnostic::{Position, WarningCode};
use crate::sql::ddl::{ColumnDef, Constraint, ConstraintKind, CreateIndex, CreateTable, KeyDef, Like, TypeRef};
use crate::sql::tree::{Expr, Literal, QualifiedName};

impl Builder {
    pub(super) fn create_table(&mut self, new: CreateTable, at: usize, place: Place<'_>) {
        let name = self.resolve(&new.name);
        if self.schema.names.contains_key(&name) {
            if !new.if_not_exists {
                self.unreadable(format!("there is already a table `{name}`"), place(at));
            }
            return;
        }
        if new.foreign {
            let message = format!("`{name}` is a foreign table; its server's work has no part in the model");
            self.warn(WarningCode::NotModelled, message, place(at));
        }
        let mut table = empty_table(name, Some(place(at)));
        table.unlogged = new.unlogged;
        table.materialized_view = new.materialized;
        table.set_parameters(new.parameters);
        table.partition_by = new.partition_by.map(|(strategy, keys)| PartitionBy { strategy, keys });
        for parent in &new.inherits {
            match self.table(parent) {
                Some(id) => table.inherits.push(id),
                None => self.missing(parent, place(at)),
            }
        }
        if let Some((parent, bound)) = new.partition_of {
            match self.table(&parent) {
                Some(id) => table.partition_of = Some((id, bound_from(bound))),
                None => self.missing(&parent, place(at)),
            }
        }
        if let Some(ty) = &new.of_type {
            match self.types.attributes(ty, &self.path) {
                Some(attributes) => {
                    for attribute in attributes {
                        let (column, _) = self.column(&attribute, place(at));
                        table.columns.extend(column);
                    }
                }
                None => {
                    let message = format!("the columns of composite type `{}` are not known", ty.name);
                    self.warn(WarningCode::PartlyUnderstood, message, place(at));
                }
            }
        }
        let parents = table.inherits.iter().copied().chain(table.partition_of.as_ref().map(|p| p.0));
        for parent in parents {
            for column in &self.schema.tables[parent].columns {
                if !table.columns.iter().any(|c| c.name == column.name) {
                    table.columns.push(inherited(column));
                }
            }
        }
        let id = self.add_table(table);
        self.inherit_checks(id);
        let mut likes = new.likes.into_iter().peekable();
        for (position, column) in new.columns.into_iter().enumerate() {
            while let Some((_, like)) = likes.next_if(|l| l.0 <= position) {
                self.like(id, &like, at, place);
            }
            self.add_column(id, column, at, place);
        }
        for (_, like) in likes {
            self.like(id, &like, at, place);
        }
        for constraint in new.constraints {
            self.add_constraint(id, constraint, false, place);
        }
    }

    fn like(&mut self, id: TableId, like: &Like, at: usize, place: Place<'_>) {
        let Some(source) = self.table(&like.table) else { return self.missing(&like.table, place(at)) };
        let from = self.schema.tables[source].clone();
        for mut column in from.columns {
            let identity = if column.identity { self.identity_of(source, &column.name) } else { None };
            column.identity &= like.identity;
            if identity.is_some() || !like.defaults {
                column.default = None;
            }
            if like.identity
                && let Some(sequence) = identity
            {
                self.identity(id, &mut column, sequence);
            }
            if !like.generated && column.generated.take().is_some() {
                column.computed = false;
            }
            if !like.storage {
                column.storage = None;
            }
            self.schema.tables[id].columns.push(column);
        }
        if like.constraints {
            self.copy_checks(source, id);
        }
        if like.indexes {
            for index in from.indexes {
                self.add_index(id, index, None);
            }
        }
    }

    /// Adds a column, or merges it with an inherited one of its name.
    pub(super) fn add_column(&mut self, id: TableId, new: ColumnDef, at: usize, place: Place<'_>) {
        let name = new.name.clone();
        let (mut column, not_null) = self.column(&new, place(at));
        let owner = new.identity.clone().or_else(|| new.serial().then(sequence_of_serial));
        if let (Some(column), Some(sequence)) = (&mut column, owner) {
            self.identity(id, column, sequence);
        }
        let table = &mut self.schema.tables[id];
        match table.columns.iter_mut().find(|c| c.name == name) {
            Some(inherited) => {
                if let Some(column) = column {
                    inherited.ty = column.ty;
                    inherited.default = own_default(column.default, inherited.default.take());
                    inherited.computed = if column.generated.is_some() { column.computed } else { inherited.computed };
                    inherited.generated = column.generated.or(inherited.generated.take());
                    inherited.storage = column.storage.or(inherited.storage);
                    inherited.collation = column.collation.or(inherited.collation.take());
                } else {
                    inherited.default = own_default(new.default, inherited.default.take());
                }
                inherited.not_null |= not_null;
            }
            None => match column {
                Some(column) => {
                    table.columns.push(Column { default: own_default(column.default, None), ..column });
                }
                None => {
                    let message = format!("column `{name}` has no type and no parent that gives it one");
                    return self.unreadable(message, place(at));
                }
            },
        }
        for constraint in new.constraints {
            self.add_constraint(id, constraint, false, place);
        }
    }

    /// A column as it will stand in the table, when it has a type of its own; and whether it is NOT NULL.
    fn column(&mut self, new: &ColumnDef, position: Position) -> (Option<Column>, bool) {
        let Some(written) = &new.ty else { return (None, new.not_null) };
        let as_serial = serial(&written.name.name).filter(|_| written.name.schema.is_none() && !written.array);
        let (ty, domain_not_null, domain_collation) = match as_serial {
            Some(name) => {
                let name = QualifiedName { schema: None, name: name.to_owned() };
                self.data_type(&TypeRef { name, modifier: Vec::new(), array: false }, position)
            }
            None => self.data_type(written, position),
        };
        let automatic = as_serial.is_some() || new.identity.is_some();
        let not_null = new.not_null || automatic || domain_not_null;
        let column = Column {
            name: new.name.clone(),
            ty,
            not_null,
            default: new.default.clone(),
            identity: new.identity.is_some(),
            generated: new.generated.clone(),
            computed: new.computed,
            collation: new.collation.clone().or(domain_collation),
            storage: new.storage,
            n_distinct: None,
        };
        (Some(column), not_null)
    }

    /// A type resolved, with NOT NULL and the collation of the domain it is of.
    pub(super) fn data_type(&mut self, written: &TypeRef, position: Position) -> (DataType, bool, Option<String>) {
        let (ty, user, known) = self.types.resolve(written, &self.path);
        let (not_null, collation) = match user {
            Some(UserType::Domain { not_null, collation, .. }) if !written.array => (*not_null, collation.clone()),
            _ => (false, None),
        };
        if !known {
            // Every table is a composite type too.
            if let Some(id) = self.table(&written.name) {
                let row = DataType { name: self.schema.tables[id].name.to_string(), align: 8, ..ty };
                return (row, false, None);
            }
            self.unknown_type(&written.name.name, position);
        }
        (ty, not_null, collation)
    }

    pub(super) fn add_constraint(&mut self, id: TableId, constraint: Constraint, only: bool, place: Place<'_>) {
        let position = place(constraint.span.start);
        match constraint.kind.clone() {
            ConstraintKind::NotNull { column } => self.for_column(id, &column, position, |c| c.not_null = true),
            ConstraintKind::Check { expr, inherited } => self.add_check(id, constraint.name, expr, inherited),
            ConstraintKind::Unique { primary, columns, include, parameters, without_overlaps, nulls_not_distinct } => {
                for column in &columns {
                    if self.schema.tables[id].column(column).is_none() {
                        return self.no_column(id, column, position);
                    }
                    if primary {
                        self.for_column(id, column, position.clone(), |c| c.not_null = true);
                    }
                }
                let keys = columns.into_iter().map(|name| plain_key(name, constraint.span.clone())).collect();
                let method = if without_overlaps { "gist" } else { "btree" };
                let mut index = Index {
                    method: method.into(),
                    keys,
                    include,
                    unique: true,
                    primary,
                    exclusion: without_overlaps,
                    constraint: true,
                    nulls_not_distinct,
                    ..empty_index(position)
                };
                index.set_parameters(parameters);
                let name = self.add_index(id, index, constraint.name);
                if only {
                    self.only.insert((id, name));
                }
            }
            ConstraintKind::UsingIndex { primary, index } => {
                let table = &mut self.schema.tables[id];
                let Some(found) = table.indexes.iter_mut().find(|i| i.name == index.name) else {
                    let message = format!("there is no index `{}` on `{}`", index.name, table.name);
                    return self.unreadable(message, position);
                };
                found.primary = primary;
                found.unique = true;
                found.constraint = true;
                if let Some(name) = constraint.name {
                    // The index takes the constraint's name.
                    let schema = table.name.schema.clone();
                    let old = std::mem::replace(&mut found.name, name.clone());
                    self.indexes.remove(&TableName { schema: schema.clone(), name: old });
                    self.indexes.insert(TableName { schema, name }, id);
                }
            }
            ConstraintKind::ForeignKey(key) => self.add_foreign_key(id, &constraint, key, place),
            ConstraintKind::Exclude { method, keys, include, predicate, parameters } => {
                let mut index = Index {
                    method,
                    keys: keys.into_iter().map(key_from).collect(),
                    include,
                    predicate,
                    exclusion: true,
                    constraint: true,
                    ..empty_index(position)
                };
                index.set_parameters(parameters);
                self.add_index(id, index, constraint.name);
            }
        }
    }
}

/// The default of a column that has inherited one; NULL means none.
fn own_default(own: Option<Expr>, inherited: Option<Expr>) -> Option<Expr> {
    own.or(inherited).filter(|default| *default != Expr::Literal(Literal::Null))
}

/// A column as a child has it: the sequence of an identity column stays with the parent.
fn inherited(column: &Column) -> Column {
    let default = if column.identity { None } else { column.default.clone() };
    Column { default, identity: false, n_distinct: None, ..column.clone() }
}

/// An index key that is a plain column.
pub(super) fn plain_key(name: String, span: std::ops::Range<usize>) -> IndexKey {
    let expr = Expr::Column { qualifier: None, name, span };
    IndexKey { expr, descending: false, opclass: None, collation: None }
}

fn key_from(key: KeyDef) -> IndexKey {
    IndexKey { expr: key.expr, descending: key.descending, opclass: key.opclass, collation: key.collation }
}

/// An index as the schema keeps it, without its name.
pub(super) fn index_from(index: CreateIndex, position: Position) -> Index {
    let mut made = Index {
        method: index.method,
        keys: index.keys.into_iter().map(key_from).collect(),
        include: index.include,
        predicate: index.predicate,
        unique: index.unique,
        nulls_not_distinct: index.nulls_not_distinct,
        ..empty_index(position)
    };
    made.set_parameters(index.parameters);
    made
}

/// An index without anything.
const fn empty_index(position: Position) -> Index {
    Index {
        name: String::new(),
        position: Some(position),
        method: String::new(),
        keys: Vec::new(),
        include: Vec::new(),
        predicate: None,
        unique: false,
        primary: false,
        exclusion: false,
        constraint: false,
        nulls_not_distinct: false,
        fillfactor: None,
        parameters: BTreeMap::new(),
    }
}
