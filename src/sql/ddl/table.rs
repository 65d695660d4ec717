//! What CREATE TABLE, CREATE INDEX and constraints say.

use crate::sql::tree::{Expr, QualifiedName, Span};

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
    pub(in crate::sql) const fn new(name: QualifiedName) -> Self {
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
    pub(in crate::sql) const fn new(name: String) -> Self {
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
    pub(in crate::sql) fn merge(&mut self, other: Self) {
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
