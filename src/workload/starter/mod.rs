//! A workload file to start from, written from the DDL alone: every table with a place for its rows and for the
//! statistics that matter, and transactions that keys and foreign keys suggest.
//!
//! All numbers in it are guesses and say so; the file can be forecast at once and is there to be edited.

mod guess;
mod insert;
pub(crate) mod names;
mod tables;
mod transactions;
mod values;

pub use transactions::{StarterTransaction, Step};

use crate::schema::Schema;
use guess::Guesses;

/// Tables that get transactions of their own; those with most foreign keys come first.
const MAX_TABLES: usize = 10;

/// A draft of a workload file.
#[derive(Debug, Clone, PartialEq)]
pub struct Starter {
    name: String,
    schema_path: String,
    tables: Vec<String>,
    /// What the clients do; may be thinned out before the text is made.
    pub transactions: Vec<StarterTransaction>,
    left_out: usize,
}

impl Starter {
    /// Drafts a workload for a schema; `schema_path` is how the file will name it.
    #[must_use]
    pub fn new(schema: &Schema, name: &str, schema_path: &str) -> Self {
        let guesses = Guesses::of(schema);
        let ranked = guesses.ranked();
        let chosen = &ranked[..ranked.len().min(MAX_TABLES)];
        Self {
            name: name.to_owned(),
            schema_path: schema_path.to_owned(),
            tables: tables::entries(&guesses),
            transactions: transactions::of(&guesses, chosen),
            left_out: ranked.len() - chosen.len(),
        }
    }

    /// Puts in place of all transactions one that reads a table as a whole, which any schema allows.
    pub fn count_only(&mut self, schema: &Schema) {
        let table =
            schema.tables.iter().find(|t| !t.columns.is_empty()).map(|t| names::table_sql(&t.name)).unwrap_or_default();
        self.transactions = vec![StarterTransaction::counting(&table)];
    }

    /// The file.
    #[must_use]
    pub fn text(&self) -> String {
        let mut out = format!(
            "{HEAD}version: 1\nname: {}\nschema: {}\n\n{TABLES}tables:\n",
            names::yaml(&self.name),
            names::yaml(&self.schema_path)
        );
        for table in &self.tables {
            out += table;
        }
        out += "\n";
        out += TRANSACTIONS;
        if self.left_out > 0 {
            out += &format!(
                "# The {MAX_TABLES} tables with most keys between them have transactions here; {} more have none.\n",
                self.left_out
            );
        }
        out += "transactions:\n";
        for transaction in &self.transactions {
            out += &transaction.text();
        }
        out + LOAD
    }
}

const HEAD: &str = "\
# A workload to start from, made from the DDL alone. EVERY NUMBER HERE IS A GUESS: put your own in their place.
# `predict forecast --workload THIS_FILE` works at once; `predict explain` shows how each statement is believed to
# run; `predict schema workload` prints a JSON Schema from which editors complete keys.
";

const TABLES: &str = "\
# What DDL cannot say. `rows` is needed for every table that a statement touches (5M and 20k are counts):
#   SELECT relname, reltuples FROM pg_class WHERE relkind IN ('r', 'p');
# Statistics of columns mean what pg_stats says: `distinct` is n_distinct (a negative number is a share of the rows,
# -1 is unique), `null_fraction`, `avg_bytes` (avg_width), `correlation`, `most_common: {value: frequency}`, `min`,
# `max`. Only columns that decide something are listed: keys, indexes, conditions. Take the `#` away from a line to
# use it; delete a line to let PostgreSQL's own assumption stand.
";

const TRANSACTIONS: &str = "\
# What clients do. `weight` is how often relative to the others. `variables` are drawn once per transaction, as in
# pgbench: random, random_zipfian [lo, hi, 1.2] (a few hot values), random_gaussian, random_exponential, value,
# one_of {a: 0.7, b: 0.3}, sequence, uuid; `:name` puts one into a statement. Several statements run inside one
# BEGIN ... COMMIT; `sleep: 2ms` between them is time that the client takes; `repeat: 3` runs one several times;
# `cpu: 40us` and `plan: plan.json` (EXPLAIN (FORMAT JSON)) put what you measured in place of the model's idea.
# `script: file.sql` in place of variables and statements names a pgbench script.
";

const LOAD: &str = "
# So many clients, each sending its next transaction after the last (`think_time` between them); or transactions that
# arrive by themselves: `rate: 500/s` in place of `clients`.
clients: 16
# think_time: 10ms
protocol: prepared                       # or simple, extended

# A pool of server connections in between, and what you have measured: the model is then corrected to it.
# connections: {pool: 20}
# observed:
#   - {clients: 16, tps: 850, latency: 18ms, server_cpu: 0.45}
";
