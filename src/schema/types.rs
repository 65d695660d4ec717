//! What a schema holds: inert data, filled by the DDL reader, read by everything below.

use std::collections::{BTreeMap, HashMap};

use crate::diagnostic::{Position, Warning};
pub use crate::sql::ddl::Storage;
use crate::sql::tree::{Expr, QualifiedName, Query};

/// Index of a table in [`Schema::tables`].
pub type TableId = usize;

/// Everything read from a schema file.
#[derive(Debug, Clone, Default)]
pub struct Schema {
    /// Tables, partitions and materialized views, in order of creation.
    pub tables: Vec<Table>,
    /// Views, expanded where a statement names them.
    pub views: Vec<View>,
    /// Enum types by name, with their labels; domains are resolved to their base type.
    pub enums: Vec<(QualifiedName, Vec<String>)>,
    /// Sequences, those of serial and identity columns included.
    pub sequences: Vec<Sequence>,
    /// Functions and procedures, for triggers that execute them.
    pub functions: Vec<Function>,
    /// Statements that bear no cost (GRANT, OWNER, COMMENT, SET ...), counted.
    pub harmless: usize,
    /// What could not be read, each with its line.
    pub warnings: Vec<Warning>,
    /// Ids of the tables by name; see [`Schema::find_table`].
    pub names: HashMap<TableName, TableId>,
}

impl Schema {
    /// The table of that name; unqualified names are in `public`.
    #[must_use]
    pub fn find(&self, name: &QualifiedName) -> Option<TableId> {
        self.find_table(&TableName::resolve(name))
    }

    /// The table of that resolved name.
    #[must_use]
    pub fn find_table(&self, name: &TableName) -> Option<TableId> {
        // Schemas put together by hand may have left the index out.
        if self.names.len() == self.tables.len() {
            self.names.get(name).copied()
        } else {
            self.tables.iter().position(|t| t.name == *name)
        }
    }

    /// The view of that name; unqualified names are in `public`.
    #[must_use]
    pub fn find_view(&self, name: &QualifiedName) -> Option<&View> {
        let name = TableName::resolve(name);
        self.views.iter().find(|v| v.name == name)
    }

    /// All tables' names as a user writes them, for suggestions.
    #[must_use]
    pub fn table_names(&self) -> Vec<String> {
        self.tables.iter().map(|t| t.name.to_string()).collect()
    }

    /// The partitions of a partitioned table and the children of an inherited one, one level down.
    pub fn children(&self, parent: TableId) -> impl Iterator<Item = TableId> + '_ {
        self.tables.iter().enumerate().filter_map(move |(id, table)| {
            let partition = table.partition_of.as_ref().is_some_and(|(of, _)| *of == parent);
            (partition || table.inherits.contains(&parent)).then_some(id)
        })
    }
}

impl TableName {
    /// A name with the default schema put in.
    #[must_use]
    pub fn resolve(name: &QualifiedName) -> Self {
        Self { schema: name.schema.clone().unwrap_or_else(|| "public".into()), name: name.name.clone() }
    }
}

/// A name with its schema resolved; `public` unless said otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TableName {
    /// The schema.
    pub schema: String,
    /// The table.
    pub name: String,
}

impl std::fmt::Display for TableName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.schema == "public" { f.write_str(&self.name) } else { write!(f, "{}.{}", self.schema, self.name) }
    }
}

/// A table or materialized view.
#[derive(Debug, Clone)]
pub struct Table {
    /// Its name.
    pub name: TableName,
    /// Where its CREATE stands.
    pub position: Option<Position>,
    /// Columns, in order (inherited and parent columns included).
    pub columns: Vec<Column>,
    /// Indexes, those of constraints included.
    pub indexes: Vec<Index>,
    /// Foreign keys of this table.
    pub foreign_keys: Vec<ForeignKey>,
    /// CHECK constraints.
    pub checks: Vec<Expr>,
    /// Row-level triggers that are noted.
    pub triggers: Vec<Trigger>,
    /// Fill factor of the heap, 0..1.
    pub fillfactor: f64,
    /// Storage parameters as written, the fill factor included, by name (`autovacuum_enabled`,
    /// `toast.autovacuum_enabled`).
    pub parameters: BTreeMap<String, String>,
    /// UNLOGGED: no WAL.
    pub unlogged: bool,
    /// PARTITION BY, for a partitioned table.
    pub partition_by: Option<PartitionBy>,
    /// PARTITION OF, for a partition: its parent and bound.
    pub partition_of: Option<(TableId, PartitionBound)>,
    /// INHERITS parents.
    pub inherits: Vec<TableId>,
    /// Whether it is a materialized view.
    pub materialized_view: bool,
}

impl Table {
    /// The column of that name.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|c| c.name == name)
    }

    /// The place of that column in [`Table::columns`].
    #[must_use]
    pub fn column_position(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|c| c.name == name)
    }

    /// The primary key's index.
    #[must_use]
    pub fn primary_key(&self) -> Option<&Index> {
        self.indexes.iter().find(|i| i.primary)
    }

    /// The index of that name.
    #[must_use]
    pub fn index(&self, name: &str) -> Option<&Index> {
        self.indexes.iter().find(|i| i.name == name)
    }
}

/// A column.
#[derive(Debug, Clone)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type.
    pub ty: DataType,
    /// NOT NULL, or part of a primary key.
    pub not_null: bool,
    /// DEFAULT, where it could be read; `nextval(...)` for serial and identity.
    pub default: Option<Expr>,
    /// GENERATED AS IDENTITY.
    pub identity: bool,
    /// GENERATED ALWAYS AS (...).
    pub generated: Option<Expr>,
    /// Whether a generated column is VIRTUAL: computed when read, without room in the row.
    pub computed: bool,
    /// COLLATE.
    pub collation: Option<String>,
    /// STORAGE, when it is not the type's own.
    pub storage: Option<Storage>,
    /// The `n_distinct` that was set for the planner, as pg_stats has it: a count, or a negative share of rows.
    pub n_distinct: Option<f64>,
}

/// A resolved type.
#[derive(Debug, Clone, PartialEq)]
pub struct DataType {
    /// PostgreSQL's name as format_type prints it without modifier (`integer`, `character varying`), or
    /// the enum's or composite's name; domains give their base type.
    pub name: String,
    /// The modifier: `varchar(20)` 20; `numeric(12,2)` 12, 2.
    pub modifier: Vec<i64>,
    /// An array of that type.
    pub array: bool,
    /// Bytes of the value when fixed; `None` for varlena.
    pub fixed_bytes: Option<u32>,
    /// Alignment in bytes: 1, 2, 4 or 8.
    pub align: u32,
    /// What kind of comparison it has, for prices and statistics.
    pub family: TypeFamily,
}

/// Families of types that cost and compare alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TypeFamily {
    /// integer, bigint, smallint, oid, boolean, date, timestamp, float, enum: one machine comparison.
    Machine,
    /// text, varchar, char, citext: compared under a collation.
    Text,
    /// numeric.
    Numeric,
    /// uuid, bytea, inet, macaddr and the like: compared as bytes.
    Bytes,
    /// json and jsonb.
    Json,
    /// tsvector, ranges, geometry and everything else.
    Other,
}

/// An index.
#[derive(Debug, Clone)]
pub struct Index {
    /// Its name.
    pub name: String,
    /// Where it is defined.
    pub position: Option<Position>,
    /// btree, hash, gin, gist, spgist, brin.
    pub method: String,
    /// Key columns or expressions, in order.
    pub keys: Vec<IndexKey>,
    /// INCLUDE columns.
    pub include: Vec<String>,
    /// WHERE.
    pub predicate: Option<Expr>,
    /// UNIQUE.
    pub unique: bool,
    /// PRIMARY KEY.
    pub primary: bool,
    /// EXCLUDE constraint, or one WITHOUT OVERLAPS.
    pub exclusion: bool,
    /// Whether a constraint made it: PRIMARY KEY, UNIQUE or EXCLUDE.
    pub constraint: bool,
    /// NULLS NOT DISTINCT.
    pub nulls_not_distinct: bool,
    /// Fill factor, 0..1, when given.
    pub fillfactor: Option<f64>,
    /// Storage parameters as written, the fill factor included, by name (`deduplicate_items`, `fastupdate`,
    /// `pages_per_range`).
    pub parameters: BTreeMap<String, String>,
}

/// One key of an index.
#[derive(Debug, Clone)]
pub struct IndexKey {
    /// A column, or an expression over columns.
    pub expr: Expr,
    /// DESC.
    pub descending: bool,
    /// Operator class, when written.
    pub opclass: Option<String>,
    /// COLLATE, when written.
    pub collation: Option<String>,
}

impl IndexKey {
    /// The column's name when the key is a plain column.
    #[must_use]
    pub fn column(&self) -> Option<&str> {
        match &self.expr {
            Expr::Column { name, .. } => Some(name),
            _ => None,
        }
    }
}

/// A sequence.
#[derive(Debug, Clone)]
pub struct Sequence {
    /// Its name.
    pub name: TableName,
    /// INCREMENT.
    pub increment: i64,
    /// CACHE: how many values a session takes at once.
    pub cache: u64,
    /// UNLOGGED: no WAL.
    pub unlogged: bool,
    /// The column that owns it: of a serial or identity column, or OWNED BY.
    pub owner: Option<(TableId, String)>,
}

/// A foreign key.
#[derive(Debug, Clone)]
pub struct ForeignKey {
    /// Its name, when known.
    pub name: Option<String>,
    /// Where it is defined.
    pub position: Option<Position>,
    /// Referencing columns.
    pub columns: Vec<String>,
    /// The referenced table.
    pub references: TableId,
    /// Referenced columns (the primary key when not written).
    pub referenced_columns: Vec<String>,
    /// ON DELETE.
    pub on_delete: ReferentialAction,
    /// ON UPDATE.
    pub on_update: ReferentialAction,
}

/// ON DELETE and ON UPDATE.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReferentialAction {
    /// NO ACTION or RESTRICT: only a check.
    Check,
    /// CASCADE.
    Cascade,
    /// SET NULL or SET DEFAULT.
    Set,
}

/// A trigger that fires; its cost is warned about.
#[derive(Debug, Clone)]
pub struct Trigger {
    /// Its name.
    pub name: String,
    /// Where it is defined.
    pub position: Option<Position>,
    /// FOR EACH ROW.
    pub row: bool,
    /// insert, update, delete, truncate.
    pub events: Vec<String>,
    /// The function it executes.
    pub function: String,
}

/// A function or procedure.
#[derive(Debug, Clone)]
pub struct Function {
    /// Its name.
    pub name: TableName,
    /// Where it is defined.
    pub position: Option<Position>,
    /// Its language, when written.
    pub language: Option<String>,
    /// Its body's text.
    pub body: Option<String>,
}

/// PARTITION BY.
#[derive(Debug, Clone)]
pub struct PartitionBy {
    /// range, list or hash.
    pub strategy: String,
    /// Key columns or expressions.
    pub keys: Vec<Expr>,
}

/// FOR VALUES ...
#[derive(Debug, Clone)]
pub enum PartitionBound {
    /// FROM (...) TO (...); MINVALUE and MAXVALUE are `None`.
    Range {
        /// Lower end, included.
        from: Vec<Option<Expr>>,
        /// Upper end, excluded.
        to: Vec<Option<Expr>>,
    },
    /// IN (...).
    List(Vec<Expr>),
    /// WITH (MODULUS m, REMAINDER r).
    Hash {
        /// m.
        modulus: u32,
        /// r.
        remainder: u32,
    },
    /// DEFAULT.
    Default,
}

/// A view.
#[derive(Debug, Clone)]
pub struct View {
    /// Its name.
    pub name: TableName,
    /// Column names, when written.
    pub columns: Vec<String>,
    /// What it selects.
    pub query: Query,
}
