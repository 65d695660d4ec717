//! A running database as the three files a forecast is made from.
//!
//! The schema is pg_dump's; rows and statistics of columns are the catalog's; transactions are drafted from what
//! pg_stat_statements counted, or from keys and foreign keys where it is not installed. Nothing is written to the
//! database, and no table of the user's is read.

mod catalog;
mod counted;
mod dump;
mod machine;
mod parameters;
mod tables;
mod tokens;
mod transactions;
mod values;

use crate::access::Statements;
use crate::diagnostic::InputError;
use crate::live::{Conninfo, LiveError};
use crate::schema::{self, Schema};
use crate::workload::starter::{Starter, names};
use crate::workload::{check_against, from_document};
use crate::yaml::Document;

/// The files, and what the user should know about them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// schema.sql.
    pub schema: String,
    /// workload.yaml.
    pub workload: String,
    /// machine.yaml.
    pub machine: String,
    /// What could not be taken over, one sentence each.
    pub notes: Vec<String>,
}

/// What is taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choice {
    /// Values out of the statistics: most common ones, histograms, bounds. Without them the files hold no data.
    pub values: bool,
    /// The most statements of pg_stat_statements, those called most often first.
    pub statements: u32,
}

/// Name of the schema file, as the workload file refers to it.
pub const SCHEMA_FILE: &str = "schema.sql";

/// Reads a database.
///
/// # Errors
/// [`LiveError`]: no connection, a catalog that may not be read, no pg_dump of the server's version or newer.
pub fn read(conninfo: &Conninfo, choice: Choice) -> Result<Imported, LiveError> {
    let (mut client, conninfo) = conninfo.connect_to_one()?;
    let mut notes = Vec::new();
    let about = catalog::about(&mut client)?;
    let text = dump::schema(&conninfo, about.version)?;
    let schema = schema::read(SCHEMA_FILE, &text);
    let tables = catalog::tables(&mut client)?;
    let head = tables::section(&tables, &about, choice.values);
    if tables.iter().any(|t| t.rows.is_none()) {
        notes.push(
            "tables that were never analysed have guessed rows in the workload file; run ANALYZE first".to_owned(),
        );
    }
    let drafts = match counted::statements(&mut client, &about, choice.statements)? {
        counted::Found::Statements(counted) => transactions::drafts(&counted, &tables, choice.values),
        counted::Found::Nothing(why) => {
            notes.push(format!("the transactions are drafted from keys and foreign keys alone: {why}"));
            Vec::new()
        }
    };
    let (mut kept, mut unread) = (Vec::new(), Vec::new());
    for draft in drafts {
        match is_read(&schema, &head, &draft) {
            Ok(()) => kept.push(draft),
            Err(error) => unread.push(error.to_string()),
        }
    }
    if let Some(first) = unread.first() {
        let all = kept.len() + unread.len();
        notes.push(format!(
            "{} of {all} transactions of pg_stat_statements could not be read and were left out: {first}{}",
            unread.len(),
            if unread.len() > 1 { " ..." } else { "" }
        ));
    }
    if kept.is_empty() {
        kept = from_keys(&schema, &about.database, &head);
    }
    let workload = format!("{head}\n{}{}{}", transactions::HEAD, kept.concat(), transactions::LOAD);
    Ok(Imported { schema: text, workload, machine: machine::file(&mut client, &conninfo, &about)?, notes })
}

/// What `predict init` would draft.
fn from_keys(schema: &Schema, name: &str, head: &str) -> Vec<String> {
    let mut starter = Starter::new(schema, name, SCHEMA_FILE);
    let texts = |s: &Starter| -> Vec<String> {
        s.transactions.iter().map(|t| t.text()).filter(|t| is_read(schema, head, t).is_ok()).collect()
    };
    let kept = texts(&starter);
    if !kept.is_empty() {
        return kept;
    }
    starter.count_only(schema);
    let kept = texts(&starter);
    // A database without tables still gives a file that can be forecast.
    if kept.is_empty() { vec!["  - name: nothing\n    statements:\n      - sql: SELECT 1\n".to_owned()] } else { kept }
}

/// Whether a forecast could be made of a transaction, and why not.
fn is_read(schema: &Schema, head: &str, transaction: &str) -> Result<(), InputError> {
    let text = format!("{head}\ntransactions:\n{transaction}{}", transactions::LOAD);
    let workload = from_document(&Document::parse("workload.yaml", &text)?)?;
    check_against(&workload, schema)?;
    Statements::parse(schema, &workload).map(drop)
}

/// A text as a YAML scalar that stays a text.
fn text_scalar(text: &str) -> String {
    names::yaml(text)
}
