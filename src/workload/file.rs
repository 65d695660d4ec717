//! The workload file as it is written: one struct per section, whose docs are the descriptions in
//! the JSON Schema. What the values mean together is checked in [`super::read`].

use schemars::JsonSchema;
use serde::Deserialize;

use crate::yaml::{Count, Duration, Entries, Fraction, Frequency, Located, Number, Switch, Text, Value};

/// A workload: what a PostgreSQL database is asked to do, and how often.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping with `transactions`")]
#[schemars(title = "predict workload file")]
pub(super) struct WorkloadFile {
    /// Version of the format: 1.
    pub version: Option<Located<Number>>,
    /// Name of the workload, shown in results.
    pub name: Option<Text>,
    /// Schema file (PostgreSQL DDL), relative to this file.
    pub schema: Option<Text>,
    /// Properties of the whole database.
    #[serde(default)]
    pub database: Option<DatabaseFile>,
    /// What DDL cannot say of the tables, by name; schema-qualified when not in public.
    #[serde(default)]
    pub tables: Entries<Text, TableFile>,
    /// Transaction types.
    pub transactions: Located<Vec<Located<TransactionFile>>>,
    /// Closed load: so many clients, each sending its next transaction after the last.
    pub clients: Option<Located<Number>>,
    /// Open load: Poisson arrivals, such as 500/s.
    pub rate: Option<Located<Frequency>>,
    /// Pause of each client after each transaction; a bare number counts milliseconds.
    pub think_time: Option<Located<Duration>>,
    /// How statements are sent.
    pub protocol: Option<ProtocolFile>,
    /// What was measured as it runs today; demands are corrected to it.
    pub observed: Option<Vec<Located<ObservedFile>>>,
    /// Connection pool and reconnecting.
    pub connections: Option<ConnectionsFile>,
}

/// The part of the file that says how transactions arrive; the rest is passed over.
#[derive(Debug, Deserialize)]
pub(super) struct LoadFile {
    pub clients: Option<Located<Number>>,
    pub rate: Option<Located<Frequency>>,
    pub think_time: Option<Located<Duration>>,
    pub connections: Option<ConnectionsFile>,
}

/// Properties of the whole database.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping, such as `{collation: C.UTF-8}`")]
pub(super) struct DatabaseFile {
    /// Default collation; when not given, not C.
    pub collation: Option<Text>,
    /// Encoding, such as UTF8.
    pub encoding: Option<Text>,
}

/// Statistics of a table.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping, such as `{rows: 5M}`")]
pub(super) struct TableFile {
    /// Live rows; every table that a statement touches must be listed.
    pub rows: Count,
    /// Heap pages of 8 kB.
    pub pages: Option<Count>,
    /// Dead rows.
    pub dead_rows: Option<Count>,
    /// Fraction of the pages that are all-visible.
    pub all_visible: Option<Fraction>,
    /// Statistics by column, as in pg_stats.
    #[serde(default)]
    pub columns: Entries<Text, ColumnFile>,
    /// Statistics by index expression, such as lower(email).
    #[serde(default)]
    pub expressions: Entries<Text, ColumnFile>,
}

/// Statistics of a column or an expression, as in pg_stats.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping, such as `{distinct: 5, avg_bytes: 12}`")]
pub(super) struct ColumnFile {
    /// avg_width: bytes of the stored value, header included.
    pub avg_bytes: Option<Count>,
    /// n_distinct: a count, or a negative fraction of the rows (-1: unique).
    pub distinct: Option<Located<Number>>,
    /// null_frac.
    pub null_fraction: Option<Fraction>,
    /// Correlation of physical and logical order, -1 to 1.
    pub correlation: Option<Located<Number>>,
    /// Most common values with their frequencies.
    #[serde(default)]
    pub most_common: Entries<Text, Located<Fraction>>,
    /// Lowest value: a number, or a text as PostgreSQL writes the type.
    pub min: Option<Value>,
    /// Highest value.
    pub max: Option<Located<Value>>,
    /// histogram_bounds.
    pub histogram: Option<Vec<Located<Value>>>,
    /// Elements of arrays and keys of jsonb.
    pub elements: Option<ElementsFile>,
}

/// Statistics of the elements of an array or the keys of a jsonb column.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping, such as `{distinct: 500, avg_count: 3}`")]
pub(super) struct ElementsFile {
    /// Distinct elements.
    pub distinct: Option<Count>,
    /// Average number of elements in a value.
    pub avg_count: Option<Count>,
    /// Most common elements with the fraction of values that hold them.
    #[serde(default)]
    pub most_common: Entries<Text, Located<Fraction>>,
}

/// A transaction type.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a transaction: a mapping with `name` and `statements`, or `script`")]
pub(super) struct TransactionFile {
    /// Its name; for a script, the file's name when not given.
    pub name: Option<Located<Text>>,
    /// Relative frequency; 1 when not given.
    pub weight: Option<Count>,
    /// Isolation level; the machine's `default_transaction_isolation` when not given.
    pub isolation: Option<IsolationFile>,
    /// Variables, drawn once per transaction; $1 is the first. Beside a script: as pgbench's -D.
    #[serde(default)]
    pub variables: Entries<Text, Located<DistributionFile>>,
    /// Statements in order. More than one execution: inside one BEGIN ... COMMIT.
    pub statements: Option<Located<Vec<Located<StatementFile>>>>,
    /// A pgbench script instead of statements, relative to this file.
    pub script: Option<Located<Text>>,
    /// What the client does after a serialization failure or a deadlock: fail (default) or retry.
    pub on_conflict: Option<OnConflictFile>,
}

/// Isolation level.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum IsolationFile {
    /// As read committed, in PostgreSQL.
    #[serde(rename = "read uncommitted")]
    ReadUncommitted,
    /// The default.
    #[serde(rename = "read committed")]
    ReadCommitted,
    /// Snapshot isolation.
    #[serde(rename = "repeatable read")]
    RepeatableRead,
    /// Serializable snapshot isolation.
    Serializable,
}

/// After a serialization failure or a deadlock.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum OnConflictFile {
    /// The transaction is lost.
    Fail,
    /// The client repeats it.
    Retry,
}

/// How statements are sent, as pgbench's -M.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum ProtocolFile {
    /// Simple query protocol.
    Simple,
    /// Extended protocol: parse, bind, execute each time.
    Extended,
    /// Named prepared statements.
    Prepared,
}

/// How a variable is drawn; names and shapes are those of pgbench's functions.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum DistributionFile {
    /// Uniform over the integers from lo to hi: [lo, hi].
    Random(Located<(Number, Number)>),
    /// Zipf: [lo, hi, parameter], parameter from 1.001 to 1000.
    RandomZipfian(Located<(Number, Number, Located<Number>)>),
    /// Gaussian: [lo, hi, parameter], parameter at least 2.
    RandomGaussian(Located<(Number, Number, Located<Number>)>),
    /// Exponential: [lo, hi, parameter], parameter above 0.
    RandomExponential(Located<(Number, Number, Located<Number>)>),
    /// Always the same number or text.
    Value(Value),
    /// One of several values, with their relative frequencies.
    OneOf(Located<Entries<Value, Located<Count>>>),
    /// Grows by one with every transaction of any client, from the value given.
    Sequence(Number),
    /// A random uuid (v4) or one that grows with time (v7).
    Uuid(UuidFile),
}

/// Versions of uuid.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum UuidFile {
    /// Random.
    V4,
    /// Grows with time.
    V7,
}

/// One statement, or a sleep.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping with `sql` or `sleep`")]
pub(super) struct StatementFile {
    /// One SQL statement; :name stands for a variable.
    pub sql: Option<Located<Text>>,
    /// Client-side work or network wait; a bare number counts milliseconds.
    pub sleep: Option<Located<Duration>>,
    /// Times per transaction, with the same variable values; a fraction for an average.
    pub repeat: Option<Located<Count>>,
    /// Measured server CPU of one execution on this machine, replaces the model's own price; a bare number counts
    /// milliseconds.
    pub cpu: Option<Located<Duration>>,
    /// File with EXPLAIN (FORMAT JSON) output, replaces the model's own path; relative to this file.
    pub plan: Option<Located<Text>>,
    /// Rows that a COPY FROM brings.
    pub rows: Option<Located<Count>>,
}

/// One measurement of the workload as it runs today.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping, such as `{clients: 16, tps: 850, latency: 18ms}`")]
pub(super) struct ObservedFile {
    /// Clients; the workload's own when not given.
    pub clients: Option<Located<Number>>,
    /// Committed transactions per second.
    pub tps: Option<Located<Frequency>>,
    /// Mean latency; a bare number counts milliseconds.
    pub latency: Option<Located<Duration>>,
    /// Share of all server cores in use, 0 to 1.
    pub server_cpu: Option<Fraction>,
}

/// Connection pool and reconnecting.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping, such as `{pool: 20}`")]
pub(super) struct ConnectionsFile {
    /// Server connections of a transaction-pooling pool.
    pub pool: Option<Located<Number>>,
    /// A new connection for every transaction.
    pub reconnect: Option<Switch>,
}
