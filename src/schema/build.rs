//! Puts the facts of DDL statements together, in the order they are given.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::checks::CheckName;
use super::datatype::{Types, UserType};
use super::types::{Function, PartitionBound, Schema, Table, TableId, TableName, Trigger, View};
use crate::diagnostic::{Position, Warning, WarningCode};
use crate::sql::ddl::{AlterIndex, AlterTable, Bound, Constraint, CreateIndex, Ddl, ForeignKeyDef, Kind};
use crate::sql::tree::QualifiedName;

/// Turns an offset in the file into a place.
pub(super) type Place<'a> = &'a dyn Fn(usize) -> Position;

/// A foreign key whose table may not be known yet.
#[derive(Clone)]
pub(super) struct PendingKey {
    pub(super) table: TableId,
    pub(super) name: String,
    pub(super) position: Position,
    pub(super) definition: ForeignKeyDef,
    pub(super) references: Option<TableId>,
    /// Dropped again by ALTER TABLE ... DROP CONSTRAINT.
    pub(super) dropped: bool,
}

/// A schema while it is read.
pub(super) struct Builder {
    pub(super) schema: Schema,
    pub(super) types: Types,
    /// Where unqualified names go.
    pub(super) path: String,
    /// The other schemas in which they are looked for.
    pub(super) further: Vec<String>,
    /// Triggers that are disabled.
    pub(super) silent: Vec<(TableId, Trigger)>,
    /// The place of each sequence in the schema.
    pub(super) sequences: HashMap<TableName, usize>,
    /// The table of each index, by the index's name.
    pub(super) indexes: HashMap<TableName, TableId>,
    /// Indexes made with ON ONLY, or by ALTER TABLE ONLY: partitions bring their own.
    pub(super) only: HashSet<(TableId, String)>,
    pub(super) keys: Vec<PendingKey>,
    pub(super) dropped: HashSet<TableId>,
    /// Direct children of partitioned and inherited tables.
    pub(super) children: HashMap<TableId, Vec<TableId>>,
    /// The CHECK constraints of each table, in the order of the table's expressions.
    pub(super) checks: HashMap<TableId, Vec<CheckName>>,
    unknown_types: HashSet<String>,
}

impl Builder {
    pub(super) fn new() -> Self {
        Self {
            schema: Schema::default(),
            types: Types::new(),
            path: "public".into(),
            further: Vec::new(),
            silent: Vec::new(),
            sequences: HashMap::new(),
            indexes: HashMap::new(),
            only: HashSet::new(),
            keys: Vec::new(),
            dropped: HashSet::new(),
            children: HashMap::new(),
            checks: HashMap::new(),
            unknown_types: HashSet::new(),
        }
    }

    /// A name with the current schema put in.
    pub(super) fn resolve(&self, name: &QualifiedName) -> TableName {
        TableName { schema: name.schema.clone().unwrap_or_else(|| self.path.clone()), name: name.name.clone() }
    }

    /// The table of that name: in the schemas of the search path, else in `public`.
    pub(super) fn table(&self, name: &QualifiedName) -> Option<TableId> {
        if let Some(found) = self.schema.names.get(&self.resolve(name)) {
            return Some(*found);
        }
        if name.schema.is_some() {
            return None;
        }
        let further = self.further.iter().map(String::as_str).chain(["public"]);
        further
            .map(|schema| TableName { schema: schema.to_owned(), name: name.name.clone() })
            .find_map(|name| self.schema.names.get(&name).copied())
    }

    pub(super) fn warn(&mut self, code: WarningCode, message: impl Into<String>, position: Position) {
        self.schema.warnings.push(Warning::new(code, message).at(position));
    }

    pub(super) fn unreadable(&mut self, message: impl Into<String>, position: Position) {
        self.warn(WarningCode::UnreadableDdl, message, position);
    }

    /// Says once that a type is not known.
    pub(super) fn unknown_type(&mut self, name: &str, position: Position) {
        if self.unknown_types.insert(name.to_owned()) {
            let message = format!("type `{name}` is not known and taken as one of variable length");
            self.warn(WarningCode::NotModelled, message, position);
        }
    }

    /// Takes in one fact, from the statement at byte `at`.
    pub(super) fn apply(&mut self, ddl: Ddl, at: usize, place: Place<'_>) {
        match ddl {
            Ddl::CreateTable(table) => self.create_table(table, at, place),
            Ddl::CreateTableAs { name, columns, query, materialized, unlogged, parameters, if_not_exists } => {
                let name = self.resolve(&name);
                if if_not_exists && self.schema.names.contains_key(&name) {
                    return;
                }
                let described = super::infer::columns(&self.schema, &self.types, &query, &self.path);
                let mut table = empty_table(name, Some(place(at)));
                table.columns = described.columns;
                for (column, alias) in table.columns.iter_mut().zip(columns) {
                    column.name = alias;
                }
                (table.materialized_view, table.unlogged) = (materialized, unlogged);
                table.set_parameters(parameters);
                if let Some(what) = described.guessed {
                    let message = format!("the type of `{what}` is assumed to be text");
                    self.warn(WarningCode::PartlyUnderstood, message, place(at));
                }
                self.add_table(table);
            }
            Ddl::CreateIndex(index) => self.create_index(index, at, place),
            Ddl::CreateView { name, columns, query } => {
                let name = self.resolve(&name);
                self.schema.views.retain(|v| v.name != name);
                self.schema.views.push(View { name, columns, query });
            }
            Ddl::CreateEnum { name, labels } => {
                let name = self.resolve(&name);
                self.types.define(name.clone(), UserType::Enum);
                self.schema.enums.push((QualifiedName { schema: Some(name.schema), name: name.name }, labels));
            }
            Ddl::CreateType { name, kind } => {
                let name = self.resolve(&name);
                let path = self.path.clone();
                self.types.define_kind(name, &kind, &path);
            }
            Ddl::CreateDomain { name, base, not_null, default: _, collation } => {
                let name = self.resolve(&name);
                let (resolved, over, known) = self.types.resolve(&base, &self.path);
                // A domain over a domain takes over what that says.
                let (inherited, over_not_null) = match over {
                    Some(UserType::Domain { collation, not_null, .. }) => (collation.clone(), *not_null),
                    _ => (None, false),
                };
                if !known {
                    self.unknown_type(&base.name.name, place(at));
                }
                let not_null = not_null || over_not_null;
                let collation = collation.or(inherited);
                self.types.define(name, UserType::Domain { base: resolved, not_null, collation });
            }
            Ddl::CreateSequence(sequence) => self.create_sequence(sequence, None),
            Ddl::AlterSequence(sequence) => self.alter_sequence(sequence),
            Ddl::AddAttribute { name, attribute } => {
                let name = self.resolve(&name);
                self.types.add_attribute(&name, *attribute);
            }
            Ddl::CreateTrigger { name, table, row, events, function } => {
                let position = Some(place(at));
                let function = function.name;
                match self.table(&table) {
                    Some(id) => {
                        let trigger = Trigger { name, position, row, events, function };
                        self.schema.tables[id].triggers.retain(|t| t.name != trigger.name);
                        self.schema.tables[id].triggers.push(trigger);
                    }
                    None if self.schema.find_view(&table).is_some() => {
                        let message = format!("trigger `{name}` on a view has no part in the model");
                        self.warn(WarningCode::NotModelled, message, place(at));
                    }
                    None => self.missing(&table, place(at)),
                }
            }
            Ddl::CreateFunction { name, language, body } => {
                let name = self.resolve(&name);
                self.schema.functions.push(Function { name, position: Some(place(at)), language, body });
            }
            Ddl::AlterTable { name, only, if_exists, actions } => match self.table(&name) {
                Some(id) => {
                    for action in actions {
                        self.alter_table(id, action, only, at, place);
                    }
                }
                None if if_exists => {}
                // What a script drops first, in case that it is there.
                None if self.schema.tables.is_empty() && actions.iter().all(drops) => self.schema.harmless += 1,
                None => self.alter_other(&name, &actions, at, place),
            },
            Ddl::AlterIndex { name, action } => self.alter_index(&name, action, at, place),
            Ddl::AddEnumLabel { name, label } => {
                let name = self.resolve(&name);
                let qualified = QualifiedName { schema: Some(name.schema), name: name.name };
                if let Some(labels) = self.schema.enums.iter_mut().find(|e| e.0 == qualified) {
                    labels.1.push(label);
                }
            }
            Ddl::Rename { kind, name, to } => self.rename(kind, &name, to),
            Ddl::Drop { kind, names } => {
                for name in names {
                    self.drop(kind, &name);
                }
            }
            Ddl::DropTrigger { name, table } => {
                if let Some(id) = self.table(&table) {
                    self.schema.tables[id].triggers.retain(|t| t.name != name);
                }
            }
            Ddl::SearchPath(path) => {
                let mut path = path.into_iter();
                self.path = path.next().unwrap_or_else(|| "public".into());
                self.further = path.collect();
                self.types.further.clone_from(&self.further);
            }
            Ddl::NotModelled(what) => {
                self.warn(WarningCode::NotModelled, format!("{what}, has no part in the model"), place(at));
            }
            Ddl::Harmless => self.schema.harmless += 1,
        }
    }

    /// Says that a statement names a table that is not there.
    pub(super) fn missing(&mut self, name: &QualifiedName, position: Position) {
        let name = self.resolve(name);
        let names = self.schema.table_names();
        let near = crate::diagnostic::nearest(&name.to_string(), names.iter().map(String::as_str));
        let hint = near.map(|n| format!("; is `{n}` meant?")).unwrap_or_default();
        self.unreadable(format!("there is no table `{name}` before this statement{hint}"), position);
    }

    pub(super) fn add_table(&mut self, table: Table) -> TableId {
        let id = self.schema.tables.len();
        if let Some((parent, _)) = table.partition_of {
            self.children.entry(parent).or_default().push(id);
        }
        for parent in &table.inherits {
            self.children.entry(*parent).or_default().push(id);
        }
        self.schema.names.insert(table.name.clone(), id);
        self.schema.tables.push(table);
        id
    }

    fn create_index(&mut self, index: CreateIndex, at: usize, place: Place<'_>) {
        let Some(id) = self.table(&index.table) else { return self.missing(&index.table, place(at)) };
        let named = index.name.clone();
        let schema = self.schema.tables[id].name.schema.clone();
        if let Some(name) = &named {
            let name = TableName { schema, name: name.clone() };
            if self.indexes.contains_key(&name) {
                if !index.if_not_exists {
                    self.unreadable(format!("there is already an index `{name}`"), place(at));
                }
                return;
            }
        }
        let only = index.only;
        let name = self.add_index(id, super::table::index_from(index, place(at)), named);
        if only {
            self.only.insert((id, name));
        }
    }

    fn alter_index(&mut self, name: &QualifiedName, action: AlterIndex, at: usize, place: Place<'_>) {
        let resolved = self.resolve(name);
        let Some(id) = self.indexes.get(&resolved).copied() else {
            return self.unreadable(format!("there is no index `{resolved}` before this statement"), place(at));
        };
        let table = &mut self.schema.tables[id];
        let Some(index) = table.indexes.iter_mut().find(|i| i.name == resolved.name) else { return };
        match action {
            // Both indexes stand on their own already; the parent's copies are made at the end.
            AlterIndex::Attach(_) => {}
            AlterIndex::SetParameters(parameters) => index.set_parameters(parameters),
            AlterIndex::ResetParameters(names) => index.reset_parameters(&names),
            AlterIndex::Rename(to) => {
                index.name.clone_from(&to);
                self.indexes.remove(&resolved);
                if self.only.remove(&(id, resolved.name)) {
                    self.only.insert((id, to.clone()));
                }
                self.indexes.insert(TableName { schema: resolved.schema, name: to }, id);
            }
        }
    }

    fn rename(&mut self, kind: Kind, name: &QualifiedName, to: String) {
        let from = self.resolve(name);
        let to = TableName { schema: from.schema.clone(), name: to };
        match kind {
            Kind::Type => {
                if let Some(ty) = self.types.remove(&from) {
                    self.types.define(to.clone(), ty);
                }
                let qualified = QualifiedName { schema: Some(from.schema), name: from.name };
                if let Some(labels) = self.schema.enums.iter_mut().find(|e| e.0 == qualified) {
                    labels.0.name = to.name;
                }
            }
            Kind::Schema => self.rename_schema(&name.name, &to.name),
            _ => {
                if let Some(view) = self.schema.views.iter_mut().find(|v| v.name == from) {
                    view.name = to;
                }
            }
        }
    }

    /// A foreign key to be tied to its table now or at the end.
    pub(super) fn add_foreign_key(
        &mut self,
        id: TableId,
        constraint: &Constraint,
        key: ForeignKeyDef,
        place: Place<'_>,
    ) {
        let table = &self.schema.tables[id].name.name;
        let name = constraint.name.clone().unwrap_or_else(|| format!("{table}_{}_fkey", key.columns.join("_")));
        let references = self.table(&key.table);
        let position = place(constraint.span.start);
        self.keys.push(PendingKey { table: id, name, position, definition: key, references, dropped: false });
    }
}

/// Whether an action takes something away.
fn drops(action: &AlterTable) -> bool {
    match action {
        AlterTable::DropColumn(_) | AlterTable::DropConstraint(_) | AlterTable::DetachPartition(_) => true,
        AlterTable::SetDefault { default, .. } => default.is_none(),
        _ => false,
    }
}

/// A table without anything.
pub(super) const fn empty_table(name: TableName, position: Option<Position>) -> Table {
    Table {
        name,
        position,
        columns: Vec::new(),
        indexes: Vec::new(),
        foreign_keys: Vec::new(),
        checks: Vec::new(),
        triggers: Vec::new(),
        fillfactor: 1.0,
        parameters: BTreeMap::new(),
        unlogged: false,
        partition_by: None,
        partition_of: None,
        inherits: Vec::new(),
        materialized_view: false,
    }
}

/// A partition's bound as the schema keeps it.
pub(super) fn bound_from(bound: Bound) -> PartitionBound {
    match bound {
        Bound::Range { from, to } => PartitionBound::Range { from, to },
        Bound::List(values) => PartitionBound::List(values),
        Bound::Hash { modulus, remainder } => PartitionBound::Hash { modulus, remainder },
        Bound::Default => PartitionBound::Default,
    }
}
