//! The facts of one DDL statement, before they are put together to a schema.

mod table;

pub use table::Storage;
pub(crate) use table::{
    Action, Bound, ColumnDef, Constraint, ConstraintKind, CreateIndex, CreateSequence, CreateTable, ForeignKeyDef,
    KeyDef, Like, Parameters, TypeRef,
};

use super::split::Piece;
use super::tree::{Expr, QualifiedName, Query, Span};
use super::{Note, SqlError, brief, parse, salvage, sequence};

/// What one statement says about the schema.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Ddl {
    CreateTable(CreateTable),
    /// CREATE TABLE AS, SELECT INTO, CREATE MATERIALIZED VIEW.
    CreateTableAs {
        name: QualifiedName,
        columns: Vec<String>,
        query: Query,
        materialized: bool,
        unlogged: bool,
        parameters: Parameters,
        if_not_exists: bool,
    },
    CreateIndex(CreateIndex),
    CreateView {
        name: QualifiedName,
        columns: Vec<String>,
        query: Query,
    },
    CreateEnum {
        name: QualifiedName,
        labels: Vec<String>,
    },
    /// Any other CREATE TYPE.
    CreateType {
        name: QualifiedName,
        kind: TypeKind,
    },
    CreateDomain {
        name: QualifiedName,
        base: TypeRef,
        not_null: bool,
        default: Option<Expr>,
        collation: Option<String>,
    },
    CreateSequence(CreateSequence),
    /// ALTER SEQUENCE ... OWNED BY and the like.
    AlterSequence(CreateSequence),
    CreateTrigger {
        name: String,
        table: QualifiedName,
        row: bool,
        events: Vec<String>,
        function: QualifiedName,
    },
    CreateFunction {
        name: QualifiedName,
        language: Option<String>,
        body: Option<String>,
    },
    AlterTable {
        name: QualifiedName,
        only: bool,
        if_exists: bool,
        actions: Vec<AlterTable>,
    },
    AlterIndex {
        name: QualifiedName,
        action: AlterIndex,
    },
    /// ALTER TYPE ... ADD VALUE.
    AddEnumLabel {
        name: QualifiedName,
        label: String,
    },
    /// ALTER TYPE ... ADD ATTRIBUTE.
    AddAttribute {
        name: QualifiedName,
        attribute: Box<ColumnDef>,
    },
    /// ALTER ... RENAME TO of a type, view, schema or sequence.
    Rename {
        kind: Kind,
        name: QualifiedName,
        to: String,
    },
    Drop {
        kind: Kind,
        names: Vec<QualifiedName>,
    },
    DropTrigger {
        name: String,
        table: QualifiedName,
    },
    SearchPath(Vec<String>),
    /// Bears on cost, but has no place in the model: what it is.
    NotModelled(String),
    /// Bears no cost.
    Harmless,
}

/// Kinds of object that are dropped or renamed by name alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Table,
    Index,
    View,
    Type,
    Schema,
    Sequence,
}

/// Kinds of CREATE TYPE besides enums.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum TypeKind {
    Composite(Vec<ColumnDef>),
    Range {
        subtype: TypeRef,
        multirange: Option<QualifiedName>,
    },
    /// A type written in C: its length when fixed, and its alignment.
    Base {
        bytes: Option<u32>,
        align: u32,
    },
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum AlterTable {
    AddColumn {
        column: Box<ColumnDef>,
        if_not_exists: bool,
    },
    DropColumn(String),
    AddConstraint(Constraint),
    DropConstraint(String),
    SetType {
        column: String,
        ty: TypeRef,
        collation: Option<String>,
    },
    SetDefault {
        column: String,
        default: Option<Expr>,
    },
    NotNull {
        column: String,
        not_null: bool,
    },
    Identity {
        column: String,
        sequence: CreateSequence,
    },
    DropIdentity {
        column: String,
    },
    Storage {
        column: String,
        storage: Option<Storage>,
    },
    /// n_distinct of a column, which the planner believes instead of its own statistics.
    Distinct {
        column: String,
        distinct: Option<f64>,
    },
    AttachPartition {
        table: QualifiedName,
        bound: Bound,
    },
    DetachPartition(QualifiedName),
    Inherit(QualifiedName),
    NoInherit(QualifiedName),
    SetParameters(Parameters),
    ResetParameters(Vec<String>),
    /// ENABLE or DISABLE TRIGGER; no name: all.
    Trigger {
        name: Option<String>,
        fires: bool,
    },
    OfType(QualifiedName),
    Unlogged(bool),
    Rename(String),
    RenameColumn {
        from: String,
        to: String,
    },
    RenameConstraint {
        from: String,
        to: String,
    },
    SetSchema(String),
    RowSecurity,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum AlterIndex {
    Attach(QualifiedName),
    SetParameters(Parameters),
    ResetParameters(Vec<String>),
    Rename(String),
}

/// What one piece of a script gives.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Facts {
    /// Its facts; CREATE SCHEMA may hold several.
    pub ddl: Vec<Ddl>,
    /// What has no place in them.
    pub notes: Vec<Note>,
    /// Parts that could not be read.
    pub left_out: Vec<LeftOut>,
}

/// A part of a statement that could not be read.
#[derive(Debug, PartialEq)]
pub(crate) struct LeftOut {
    /// Where, in bytes of the script.
    pub span: Span,
    /// Why.
    pub message: String,
}

/// Reads one piece of a script as DDL. Spans are offsets in the script.
///
/// # Errors
/// When it is not SQL as PostgreSQL reads it, or has a form that cannot be read.
pub(crate) fn read(script: &str, piece: &Piece) -> Result<Facts, SqlError> {
    let statement = || sequence::statement(&script[piece.span.clone()]);
    if !piece.unterminated
        && let Some(ddl) = brief::statement(script, piece.span.clone()).or_else(statement)
    {
        return Ok(Facts { ddl: vec![ddl], ..Facts::default() });
    }
    read_tree(script, piece)
}

/// The same through the parser's tree, whatever the form.
pub(super) fn read_tree(script: &str, piece: &Piece) -> Result<Facts, SqlError> {
    let (ddl, notes) = parse::piece(script, piece, |reader, node| reader.ddl(node))?;
    Ok(Facts { ddl, notes, left_out: Vec::new() })
}

/// Reads the parts of a statement that [`read`] refuses; `None` when none can be read.
pub(crate) fn read_parts(script: &str, span: Span) -> Option<Facts> {
    salvage::statement(script, span)
}
