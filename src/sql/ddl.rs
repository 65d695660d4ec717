//! The facts of one DDL statement, before they are put together to a schema.

use super::split::Piece;
use super::tree::{Expr, QualifiedName, Query, Span};
use super::{Note, SqlError, parse};

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
        fillfactor: Option<f64>,
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
    /// ALTER ... RENAME TO of a type or view.
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
}

/// Kinds of CREATE TYPE besides enums.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum TypeKind {
    Composite,
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
pub(crate) struct CreateTable {
    pub name: QualifiedName,
    pub if_not_exists: bool,
    pub unlogged: bool,
    pub foreign: bool,
    pub columns: Vec<ColumnDef>,
    pub constraints: Vec<Constraint>,
    /// LIKE clauses, each with the number of columns written before it.
    pub likes: Vec<(usize, Like)>,
    pub inherits: Vec<QualifiedName>,
    pub of_type: Option<QualifiedName>,
    pub partition_of: Option<(QualifiedName, Bound)>,
    pub partition_by: Option<(String, Vec<Expr>)>,
    pub fillfactor: Option<f64>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ColumnDef {
    pub name: String,
    /// `None` where the type is the parent's.
    pub ty: Option<TypeRef>,
    pub collation: Option<String>,
    pub not_null: bool,
    pub default: Option<Expr>,
    pub generated: Option<Expr>,
    pub identity: bool,
    /// Constraints written with the column.
    pub constraints: Vec<Constraint>,
}

/// A type as written.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct TypeRef {
    pub name: QualifiedName,
    pub modifier: Vec<i64>,
    pub array: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Constraint {
    pub name: Option<String>,
    pub span: Span,
    pub kind: ConstraintKind,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum ConstraintKind {
    NotNull { column: String },
    Check(Expr),
    Unique { primary: bool, columns: Vec<String>, include: Vec<String>, fillfactor: Option<f64> },
    UsingIndex { primary: bool, index: QualifiedName },
    ForeignKey(ForeignKeyDef),
    Exclude { method: String, keys: Vec<KeyDef>, include: Vec<String>, predicate: Option<Expr> },
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ForeignKeyDef {
    pub columns: Vec<String>,
    pub table: QualifiedName,
    pub referenced: Vec<String>,
    pub on_delete: Action,
    pub on_update: Action,
}

/// ON DELETE and ON UPDATE.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Check,
    Cascade,
    Set,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct KeyDef {
    pub expr: Expr,
    pub descending: bool,
    pub opclass: Option<String>,
    pub collation: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct CreateIndex {
    pub name: Option<String>,
    pub if_not_exists: bool,
    pub table: QualifiedName,
    pub only: bool,
    pub unique: bool,
    pub method: String,
    pub keys: Vec<KeyDef>,
    pub include: Vec<String>,
    pub predicate: Option<Expr>,
    pub fillfactor: Option<f64>,
}

/// `LIKE table INCLUDING ...`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Like {
    pub table: QualifiedName,
    pub defaults: bool,
    pub constraints: bool,
    pub indexes: bool,
    pub generated: bool,
}

/// FOR VALUES ...
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Bound {
    Range { from: Vec<Option<Expr>>, to: Vec<Option<Expr>> },
    List(Vec<Expr>),
    Hash { modulus: u32, remainder: u32 },
    Default,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum AlterTable {
    AddColumn { column: Box<ColumnDef>, if_not_exists: bool },
    DropColumn(String),
    AddConstraint(Constraint),
    DropConstraint(String),
    SetType { column: String, ty: TypeRef, collation: Option<String> },
    SetDefault { column: String, default: Option<Expr> },
    NotNull { column: String, not_null: bool },
    Identity { column: String },
    AttachPartition { table: QualifiedName, bound: Bound },
    DetachPartition(QualifiedName),
    Inherit(QualifiedName),
    NoInherit(QualifiedName),
    Fillfactor(Option<f64>),
    Unlogged(bool),
    Rename(String),
    RenameColumn { from: String, to: String },
    RenameConstraint { from: String, to: String },
    SetSchema(String),
    RowSecurity,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum AlterIndex {
    Attach(QualifiedName),
    Fillfactor(Option<f64>),
    Rename(String),
}

/// Reads one piece of a script as DDL; CREATE SCHEMA may hold several. Spans are offsets in the script.
///
/// # Errors
/// When it is not SQL as PostgreSQL reads it, or has a form that cannot be read.
pub(crate) fn read(script: &str, piece: &Piece) -> Result<(Vec<Ddl>, Vec<Note>), SqlError> {
    parse::piece(script, piece, |reader, node| reader.ddl(node))
}
