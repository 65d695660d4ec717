//! The facts of one DDL statement, before they are put together to a schema.

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
    pub parameters: Parameters,
    /// A materialized view whose query cannot be read.
    pub materialized: bool,
}

/// Storage parameters: `WITH (name = value, ...)`.
pub(crate) type Parameters = Vec<(String, String)>;

impl CreateTable {
    pub(super) const fn new(name: QualifiedName) -> Self {
        Self {
            name,
            if_not_exists: false,
            unlogged: false,
            foreign: false,
            columns: Vec::new(),
            constraints: Vec::new(),
            likes: Vec::new(),
            inherits: Vec::new(),
            of_type: None,
            partition_of: None,
            partition_by: None,
            parameters: Vec::new(),
            materialized: false,
        }
    }
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
    /// Whether a generated column is computed when read, and takes no room.
    pub computed: bool,
    /// The sequence of an identity column.
    pub identity: Option<CreateSequence>,
    pub storage: Option<Storage>,
    /// Constraints written with the column.
    pub constraints: Vec<Constraint>,
}

impl ColumnDef {
    pub(super) const fn new(name: String) -> Self {
        Self {
            name,
            ty: None,
            collation: None,
            not_null: false,
            default: None,
            generated: None,
            computed: false,
            identity: None,
            storage: None,
            constraints: Vec::new(),
        }
    }

    /// Adds what another clause says of the same column.
    pub(super) fn merge(&mut self, other: Self) {
        self.collation = self.collation.take().or(other.collation);
        self.not_null |= other.not_null;
        self.default = self.default.take().or(other.default);
        self.generated = self.generated.take().or(other.generated);
        self.computed |= other.computed;
        self.identity = self.identity.take().or(other.identity);
        self.storage = self.storage.or(other.storage);
        self.constraints.extend(other.constraints);
    }
}

/// How wide values of a column are kept (attstorage).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Storage {
    /// In the row, as they are.
    Plain,
    /// Moved out, never compressed.
    External,
    /// Compressed, then moved out.
    Extended,
    /// Compressed; moved out only when nothing else helps.
    Main,
}

/// A sequence, of its own or of an identity column.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct CreateSequence {
    /// `None`: the one that the server makes up for an identity column.
    pub name: Option<QualifiedName>,
    pub increment: Option<i64>,
    pub cache: Option<u64>,
    pub unlogged: bool,
    /// OWNED BY table.column.
    pub owner: Option<(QualifiedName, String)>,
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
    NotNull {
        column: String,
    },
    Check {
        expr: Expr,
        inherited: bool,
    },
    Unique {
        primary: bool,
        columns: Vec<String>,
        include: Vec<String>,
        parameters: Parameters,
        /// The last column is a range that must not overlap (PostgreSQL 18): the index is of GiST.
        without_overlaps: bool,
        nulls_not_distinct: bool,
    },
    UsingIndex {
        primary: bool,
        index: QualifiedName,
    },
    ForeignKey(ForeignKeyDef),
    Exclude {
        method: String,
        keys: Vec<KeyDef>,
        include: Vec<String>,
        predicate: Option<Expr>,
        parameters: Parameters,
    },
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
    pub parameters: Parameters,
    pub nulls_not_distinct: bool,
}

/// `LIKE table INCLUDING ...`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Like {
    pub table: QualifiedName,
    pub defaults: bool,
    pub constraints: bool,
    pub indexes: bool,
    pub generated: bool,
    pub identity: bool,
    pub storage: bool,
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
