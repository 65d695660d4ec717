//! Sequences, of their own and of serial and identity columns; and storage parameters.

use std::collections::BTreeMap;

use super::build::Builder;
use super::types::{Column, Index, Sequence, Table, TableId, TableName};
use crate::sql::ddl::{ColumnDef, CreateSequence, Parameters};
use crate::sql::tree::{Expr, Literal, QualifiedName};

impl Builder {
    pub(super) fn create_sequence(&mut self, new: CreateSequence, owner: Option<(TableId, String)>) {
        let Some(name) = new.name.as_ref().map(|name| self.resolve(name)) else { return };
        if self.sequences.contains_key(&name) {
            return;
        }
        let owner = owner.or_else(|| new.owner.and_then(|(table, column)| Some((self.table(&table)?, column))));
        self.sequences.insert(name.clone(), self.schema.sequences.len());
        self.schema.sequences.push(Sequence {
            name,
            increment: new.increment.unwrap_or(1),
            cache: new.cache.unwrap_or(1),
            unlogged: new.unlogged,
            owner,
        });
    }

    pub(super) fn alter_sequence(&mut self, new: CreateSequence) {
        let Some(at) = new.name.as_ref().and_then(|name| self.sequences.get(&self.resolve(name)).copied()) else {
            return;
        };
        let owner = new.owner.and_then(|(table, column)| Some((self.table(&table)?, column)));
        let sequence = &mut self.schema.sequences[at];
        sequence.increment = new.increment.unwrap_or(sequence.increment);
        sequence.cache = new.cache.unwrap_or(sequence.cache);
        sequence.owner = owner.or_else(|| sequence.owner.take());
    }

    pub(super) fn drop_sequence(&mut self, name: &TableName) {
        if let Some(at) = self.sequences.remove(name) {
            self.schema.sequences.remove(at);
            for later in self.sequences.values_mut().filter(|later| **later > at) {
                *later -= 1;
            }
        }
    }

    /// Makes a sequence for a column of a table, and its next value the column's default.
    pub(super) fn identity(&mut self, id: TableId, column: &mut Column, mut sequence: CreateSequence) {
        let table = &self.schema.tables[id];
        let name = sequence.name.take().unwrap_or_else(|| {
            let name = super::rename::object_name(&table.name.name, &column.name, "seq");
            QualifiedName { schema: Some(table.name.schema.clone()), name }
        });
        sequence.unlogged |= table.unlogged;
        let resolved = self.resolve(&name);
        column.default.get_or_insert_with(|| nextval(&format!("{}.{}", resolved.schema, resolved.name)));
        sequence.name = Some(QualifiedName { schema: Some(resolved.schema), name: resolved.name });
        self.create_sequence(sequence, Some((id, column.name.clone())));
    }

    /// The options of the sequence that an identity or serial column of a table owns, for a copy of the column.
    pub(super) fn identity_of(&self, id: TableId, column: &str) -> Option<CreateSequence> {
        let owns = |s: &&Sequence| s.owner.as_ref().is_some_and(|(table, name)| *table == id && name == column);
        self.schema.sequences.iter().find(owns).map(|sequence| CreateSequence {
            name: None,
            increment: Some(sequence.increment),
            cache: Some(sequence.cache),
            unlogged: false,
            owner: None,
        })
    }
}

impl Table {
    pub(super) fn set_parameters(&mut self, parameters: Parameters) {
        self.parameters.extend(parameters);
        self.fillfactor = fillfactor(&self.parameters).unwrap_or(1.0);
    }

    pub(super) fn reset_parameters(&mut self, names: &[String]) {
        self.parameters.retain(|name, _| !names.contains(name));
        self.fillfactor = fillfactor(&self.parameters).unwrap_or(1.0);
    }
}

impl Index {
    pub(super) fn set_parameters(&mut self, parameters: Parameters) {
        self.parameters.extend(parameters);
        self.fillfactor = fillfactor(&self.parameters);
    }

    pub(super) fn reset_parameters(&mut self, names: &[String]) {
        self.parameters.retain(|name, _| !names.contains(name));
        self.fillfactor = fillfactor(&self.parameters);
    }
}

/// The fill factor among storage parameters, as a fraction.
fn fillfactor(parameters: &BTreeMap<String, String>) -> Option<f64> {
    let percent: f64 = parameters.get("fillfactor")?.trim().parse().ok()?;
    Some(percent / 100.0)
}

impl ColumnDef {
    /// Whether it is written as a `serial`.
    pub(super) fn serial(&self) -> bool {
        let named = |ty: &crate::sql::ddl::TypeRef| {
            ty.name.schema.is_none() && !ty.array && super::datatype::serial(&ty.name.name).is_some()
        };
        self.ty.as_ref().is_some_and(named)
    }
}

/// The sequence of a `serial` column.
pub(super) const fn sequence_of_serial() -> CreateSequence {
    CreateSequence { name: None, increment: None, cache: None, unlogged: false, owner: None }
}

/// `nextval('sequence')`, the default of serial and identity columns.
fn nextval(sequence: &str) -> Expr {
    let name = QualifiedName { schema: None, name: "nextval".into() };
    Expr::call(name, vec![Expr::Literal(Literal::Text(sequence.to_owned()))], 0..0)
}
