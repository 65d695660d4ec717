//! What a workload holds once its file has been read and checked.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::diagnostic::{Position, TextOrigin, Warning};
use crate::schema::TableName;
use crate::sql::tree::{Expr, Literal};
use crate::units::Seconds;

/// A workload.
#[derive(Debug, Clone)]
pub struct Workload {
    /// Its name; the file's folder or stem when not given.
    pub name: String,
    /// The schema file, resolved relative to the workload file.
    pub schema: Option<PathBuf>,
    /// Database-wide properties.
    pub database: Database,
    /// Statistics by table.
    pub tables: BTreeMap<TableName, TableStats>,
    /// Transaction types.
    pub transactions: Vec<Transaction>,
    /// How they arrive.
    pub load: Load,
    /// How statements are sent.
    pub protocol: Protocol,
    /// Measured points of the workload as it runs today.
    pub observed: Vec<Observed>,
    /// Connection pool and reconnecting.
    pub connections: Connections,
    /// What was read but is not modelled, or assumed.
    pub warnings: Vec<Warning>,
}

/// Database-wide properties.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Database {
    /// Default collation; `None`: not C.
    pub collation: Option<String>,
    /// Encoding; `None`: UTF8.
    pub encoding: Option<String>,
}

/// Statistics of one table.
#[derive(Debug, Clone, Default)]
pub struct TableStats {
    /// Where the table stands in the workload file.
    pub position: Option<Position>,
    /// Live rows.
    pub rows: f64,
    /// Heap pages, when known.
    pub pages: Option<f64>,
    /// Dead rows.
    pub dead_rows: Option<f64>,
    /// Fraction of pages all-visible, 0..1.
    pub all_visible: Option<f64>,
    /// Statistics by column.
    pub columns: BTreeMap<String, ColumnStats>,
    /// Statistics by index expression, as written.
    pub expressions: BTreeMap<String, ColumnStats>,
}

/// Statistics of one column, as in pg_stats; `None` is not known.
#[derive(Debug, Clone, Default)]
pub struct ColumnStats {
    /// Where they stand in the workload file.
    pub position: Option<Position>,
    /// avg_width.
    pub avg_bytes: Option<f64>,
    /// n_distinct: a count, or a negative fraction of the rows.
    pub distinct: Option<f64>,
    /// null_frac, 0..1.
    pub null_fraction: Option<f64>,
    /// correlation, -1..1.
    pub correlation: Option<f64>,
    /// Most common values with their frequencies.
    pub most_common: Vec<(String, f64)>,
    /// Lower bound.
    pub min: Option<Literal>,
    /// Upper bound.
    pub max: Option<Literal>,
    /// histogram_bounds.
    pub histogram: Vec<Literal>,
    /// Elements of arrays and keys of jsonb.
    pub elements: Option<ElementStats>,
}

/// Statistics of an array's elements.
#[derive(Debug, Clone, Default)]
pub struct ElementStats {
    /// Distinct elements.
    pub distinct: Option<f64>,
    /// Average number in a value.
    pub avg_count: Option<f64>,
    /// Most common elements with their frequencies.
    pub most_common: Vec<(String, f64)>,
}

/// One transaction type.
#[derive(Debug, Clone)]
pub struct Transaction {
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub position: Option<Position>,
    /// Relative frequency.
    pub weight: f64,
    /// The isolation level that it names; `None`: the server's `default_transaction_isolation`.
    pub isolation: Option<Isolation>,
    /// Variables, in the order listed; `$1` is the first.
    pub variables: Vec<Variable>,
    /// What is sent, BEGIN and COMMIT made explicit.
    pub steps: Vec<Step>,
    /// What the client does after a serialization failure or a deadlock.
    pub on_conflict: OnConflict,
    /// `\set`s and other client-side meta commands run per transaction (pgbench's own work).
    pub client_commands: f64,
    /// The pgbench script that it was read from.
    pub script: Option<ScriptText>,
}

/// A pgbench script as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptText {
    /// Its file, for messages.
    pub file: String,
    /// Its text.
    pub text: std::sync::Arc<str>,
}

/// Isolation levels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Isolation {
    /// The default.
    #[default]
    ReadCommitted,
    /// Snapshot isolation.
    RepeatableRead,
    /// SSI.
    Serializable,
}

impl Isolation {
    /// As SQL and `default_transaction_isolation` write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ReadCommitted => "read committed",
            Self::RepeatableRead => "repeatable read",
            Self::Serializable => "serializable",
        }
    }
}

/// After a serialization failure or a deadlock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnConflict {
    /// The transaction is lost.
    #[default]
    Fail,
    /// The client repeats it.
    Retry,
}

/// A variable, drawn once per transaction.
#[derive(Debug, Clone)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub position: Option<Position>,
    /// How it is drawn.
    pub distribution: Distribution,
}

/// How a variable is drawn; names and shapes are pgbench's.
#[derive(Debug, Clone, PartialEq)]
pub enum Distribution {
    /// Always the same.
    Constant(Literal),
    /// Uniform over integers lo..=hi.
    Uniform {
        /// Lower end.
        lo: f64,
        /// Upper end, included.
        hi: f64,
    },
    /// Zipf over lo..=hi: rank k with probability proportional to k^-theta.
    Zipfian {
        /// Lower end, the most frequent value.
        lo: f64,
        /// Upper end, included.
        hi: f64,
        /// Exponent, 1.001 to 1000.
        theta: f64,
    },
    /// Gaussian over lo..=hi, pgbench's parameter (at least 2).
    Gaussian {
        /// Lower end.
        lo: f64,
        /// Upper end, included.
        hi: f64,
        /// Parameter.
        parameter: f64,
    },
    /// Truncated exponential over lo..=hi, pgbench's parameter (above 0).
    Exponential {
        /// Lower end.
        lo: f64,
        /// Upper end, included.
        hi: f64,
        /// Parameter.
        parameter: f64,
    },
    /// One of several values with their probabilities (normalised).
    OneOf(Vec<(Literal, f64)>),
    /// A value that grows with every transaction, across all clients.
    Sequence {
        /// First value.
        start: f64,
    },
    /// A random uuid (v4), or one that grows with time (v7).
    Uuid {
        /// 4 or 7.
        version: u8,
    },
    /// Computed from other variables: the expression's `Column` nodes name them.
    Derived(Box<Expr>),
    /// The n-th column that an earlier statement returned (`\gset`, `\aset`).
    FromStatement {
        /// Index in [`Transaction::steps`].
        step: usize,
        /// Column of its result, from 0.
        column: usize,
    },
}

/// One step of a transaction.
#[derive(Debug, Clone)]
pub struct Step {
    /// What is done.
    pub kind: StepKind,
    /// Average times per transaction (`repeat`, or the probability of its `\if` branch).
    pub repeat: f64,
    /// Sent in one pipeline with the step before it: no round trip of its own.
    pub pipelined: bool,
}

/// What a step does.
#[derive(Debug, Clone)]
pub enum StepKind {
    /// BEGIN.
    Begin,
    /// COMMIT.
    Commit,
    /// ROLLBACK.
    Rollback,
    /// Client-side wait.
    Sleep(Seconds),
    /// Any other statement.
    Statement(StatementText),
}

/// A statement as written, with what replaces the model's own idea of it.
#[derive(Debug, Clone)]
pub struct StatementText {
    /// SQL with placeholders `$n`: n counts [`Transaction::variables`] from 1.
    pub sql: String,
    /// As the user wrote it, for output.
    pub written: String,
    /// Where it was written; offsets are those of `sql`.
    pub origin: TextOrigin,
    /// Server CPU measured on this machine, replaces the model's own price.
    pub cpu: Option<Seconds>,
    /// EXPLAIN (FORMAT JSON) output, replaces the model's own path.
    pub plan: Option<PlanText>,
    /// Rows that a COPY FROM brings.
    pub rows: Option<f64>,
}

/// A plan's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanText {
    /// Its path, for messages.
    pub file: String,
    /// Its text.
    pub text: std::sync::Arc<str>,
}

/// How transactions arrive.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Load {
    /// A fixed number of clients, each sending its next transaction after the last.
    Closed {
        /// Clients.
        clients: u64,
        /// Pause after each transaction.
        think_time: Seconds,
    },
    /// Poisson arrivals.
    Open {
        /// Transactions per second.
        rate: f64,
    },
}

/// How statements are sent (pgbench's -M).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Protocol {
    /// Simple query protocol.
    Simple,
    /// Parse, bind, execute each time.
    Extended,
    /// Named prepared statements.
    #[default]
    Prepared,
}

impl Protocol {
    /// The protocol that [`Self::as_str`] writes so.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::Simple, Self::Extended, Self::Prepared].into_iter().find(|p| p.as_str() == name)
    }

    /// As a workload file and pgbench's `-M` write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Simple => "simple",
            Self::Extended => "extended",
            Self::Prepared => "prepared",
        }
    }
}

/// A measured point of the workload as it runs today.
#[derive(Debug, Clone, Default)]
pub struct Observed {
    /// Where it stands.
    pub position: Option<Position>,
    /// Clients; the workload's own when not given.
    pub clients: Option<u64>,
    /// Committed transactions per second.
    pub tps: Option<f64>,
    /// Mean latency.
    pub latency: Option<Seconds>,
    /// Share of all server cores in use, 0..1.
    pub server_cpu: Option<f64>,
}

/// Connection pool and reconnecting.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Connections {
    /// Server connections of a transaction-pooling pool.
    pub pool: Option<u64>,
    /// A new connection for every transaction.
    pub reconnect: bool,
}
