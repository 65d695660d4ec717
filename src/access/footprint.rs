//! The counts that one execution of a statement leaves behind.

use crate::diagnostic::Warning;
use crate::schema::{TableId, TableName};
use crate::sql::tree::{LockMode, LockWait, TableLockMode};
use crate::units::{Bytes, Pages};

/// What one execution of a statement does, in the steady state (prepared and executed many times,
/// caches warm, vacuumed).
#[derive(Debug, Clone, Default)]
pub struct Footprint {
    /// Each table (or partition) once per scan node; a written table also as an insert when rows go into it.
    pub relations: Vec<RelationUse>,
    /// What the price list multiplies.
    pub counts: Counts,
    /// Buffer accesses, repeats, writes, foreign-key checks and cascades included.
    pub pages: Pages,
    /// Rows the client receives.
    pub rows_out: f64,
    /// Rows inserted, updated or deleted.
    pub rows_written: f64,
    /// Index entries made.
    pub index_entries: f64,
    /// Share of updates that are HOT; `None` without UPDATE.
    pub hot_fraction: Option<f64>,
    /// WAL without the commit record and full-page images, foreign-key lock records included.
    pub wal_bytes: Bytes,
    /// Rows locked.
    pub locks: Vec<LockUse>,
    /// Which pages are visited and dirtied, for the cache and for full-page images.
    pub touches: Vec<PageTouch>,
    /// Whether the statement needs a transaction id (writes, or locks rows).
    pub writes: bool,
    /// What was assumed or understood in part.
    pub warnings: Vec<Warning>,
}

/// How one relation is read.
#[derive(Debug, Clone, PartialEq)]
pub struct RelationUse {
    /// The table or partition.
    pub table: TableName,
    /// The path.
    pub path: AccessPath,
    /// The index, for index paths.
    pub index: Option<String>,
    /// Rows the scan returns after its filters, times its loops.
    pub rows: f64,
    /// Buffer accesses.
    pub pages: f64,
}

/// Access paths, named as in `predict explain`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AccessPath {
    /// Index Scan.
    IndexScan,
    /// Index Only Scan.
    IndexOnlyScan,
    /// Bitmap Heap Scan.
    BitmapScan,
    /// Seq Scan.
    SeqScan,
    /// Rows go in.
    Insert,
    /// No table is read.
    None,
}

/// Counts per execution that have a price; the names are those of the coefficients. Averages, so
/// fractions are normal.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Counts {
    /// Messages exchanged.
    pub message: f64,
    /// Executor runs.
    pub executor_run: f64,
    /// Nodes of the plans that are made ready to run.
    pub plan_node: f64,
    /// Columns that the client is told of.
    pub output_column: f64,
    /// B-tree descents.
    pub index_descent: f64,
    /// Sum over descents of max(0, log2(table rows / 1000)).
    pub descent_depth: f64,
    /// Key columns beyond the first that descents compare.
    pub key_column: f64,
    /// Buffers visited by reads.
    pub buffer_visit: f64,
    /// Sum over heap pages visited beyond the first of each descent of max(0, log2(pages of the table / 64)).
    pub scattered_page: f64,
    /// Rows through index scans.
    pub index_row: f64,
    /// Rows of sequential scans.
    pub seq_row: f64,
    /// Comparisons and other operators on machine types, per row they are evaluated on.
    pub row_test: f64,
    /// The same on text, texts hashed included.
    pub text_test: f64,
    /// LIKE and regular expressions.
    pub pattern_test: f64,
    /// Operators on numeric, sums of them included.
    pub numeric_operation: f64,
    /// Calls of the clock and of chance.
    pub clock_call: f64,
    /// Values drawn from sequences.
    pub sequence_value: f64,
    /// Comparisons of text by the rules of a language, in sorts and on the way down indexes.
    pub locale_comparison: f64,
    /// Rows sent.
    pub row_sent: f64,
    /// Values sent.
    pub value_sent: f64,
    /// Values sent that take work to write as text: numerics, times.
    pub value_formatted: f64,
    /// kB (1024 bytes) sent.
    pub kb_sent: f64,
    /// Sum of n log2 n over sorts.
    pub sort_step: f64,
    /// The same for sorts on text.
    pub text_sort_step: f64,
    /// The same for sorts on numeric.
    pub numeric_sort_step: f64,
    /// Rows grouped, or compared to remove duplicates.
    pub group_row: f64,
    /// Groups made.
    pub group_made: f64,
    /// Rows of both sides of hash and merge joins.
    pub join_row: f64,
    /// Rows that go into the table of a hash join.
    pub hash_row: f64,
    /// Aggregates times the rows that go into them.
    pub aggregate_row: f64,
    /// Rows written or locked.
    pub row_written: f64,
    /// UPDATEs that find something to update.
    pub update_run: f64,
    /// Indexes opened for writing.
    pub index_opened: f64,
    /// Index entries at random places of big indexes (weighted down for small ones).
    pub index_entry: f64,
    /// Foreign-key checks.
    pub foreign_key_check: f64,
    /// Statements that end with foreign-key checks.
    pub foreign_key_statement: f64,
    /// Statements planned per execution (custom plans; 0 when generic).
    pub planning: f64,
    /// Relations planned per execution.
    pub planning_relation: f64,
    /// Relations joined to others in what is planned per execution.
    pub planning_join: f64,
    /// Files made for tables and indexes (TRUNCATE).
    pub file_made: f64,
}

/// Which items (rows or pages) are used how often: groups of equally likely items.
///
/// The probabilities sum to 1 when every draw hits the relation, to less when some draws miss.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Popularity {
    /// Groups, most popular per item first.
    pub classes: Vec<PopularityClass>,
}

/// A group of equally likely items.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PopularityClass {
    /// Items in the group.
    pub items: f64,
    /// Probability that a draw falls into the group.
    pub probability: f64,
}

impl Popularity {
    /// `items` equally likely items.
    #[must_use]
    pub fn uniform(items: f64) -> Self {
        Self { classes: vec![PopularityClass { items: items.max(1.0), probability: 1.0 }] }
    }
}

/// What a lock is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Lockable {
    /// Rows of a table.
    Row,
    /// A table as a whole, in this mode.
    Table(TableLockMode),
    /// A number that the application chose (pg_advisory_lock and its kin); there is no table.
    Advisory,
}

impl Lockable {
    /// Whether two locks can be on the same thing: rows, tables and numbers are apart.
    #[must_use]
    pub const fn same_kind(self, other: Self) -> bool {
        matches!(
            (self, other),
            (Self::Row, Self::Row) | (Self::Table(_), Self::Table(_)) | (Self::Advisory, Self::Advisory)
        )
    }
}

/// Rows of a table that a statement locks until the end of its transaction.
#[derive(Debug, Clone, PartialEq)]
pub struct LockUse {
    /// The table; `TableId::MAX` for an advisory lock.
    pub table: TableId,
    /// Rows, a table, or a number.
    pub of: Lockable,
    /// Rows locked per execution.
    pub rows: f64,
    /// In which mode.
    pub mode: LockMode,
    /// What happens at a locked row.
    pub wait: LockWait,
    /// Which rows; rows nobody else can want (just inserted) have no entry at all.
    pub popularity: Popularity,
    /// The condition that leads to the rows, as far as it is simple: `id = $1`.
    pub which: Option<String>,
}

/// A heap or an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RelationId {
    /// The heap of a table.
    Heap(TableId),
    /// An index of a table, by its place in `Table::indexes`.
    Index(TableId, usize),
}

/// Pages of one relation visited by one execution.
#[derive(Debug, Clone, PartialEq)]
pub struct PageTouch {
    /// Heap or index.
    pub relation: RelationId,
    /// Pages that the relation has.
    pub relation_pages: f64,
    /// Visits per execution.
    pub visits: f64,
    /// Pages modified per execution.
    pub modified: f64,
    /// Which pages.
    pub popularity: Popularity,
    /// Whether modifications are logged (not UNLOGGED).
    pub logged: bool,
}
