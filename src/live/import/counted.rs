//! The statements that pg_stat_statements counted.

use postgres::Client;

use super::catalog::About;
use super::tokens::{Token, tokens};
use crate::live::LiveError;
use crate::live::fill::insert::identifier;

/// A statement with its constants taken out.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Counted {
    pub sql: String,
    pub calls: f64,
    /// Mean time of one call.
    pub mean_ms: f64,
    /// Mean rows of one call.
    pub rows: f64,
}

/// What there is.
pub(super) enum Found {
    Statements(Statements),
    /// Nothing, and why.
    Nothing(String),
}

/// The statements of clients, by falling number of calls.
pub(super) struct Statements {
    pub all: Vec<Counted>,
    /// How often a transaction was begun by BEGIN.
    pub begun: f64,
}

/// Reads them; the extension's columns have changed their names over its versions.
pub(super) fn statements(client: &mut Client, about: &About, most: u32) -> Result<Found, LiveError> {
    let installed = "SELECT n.nspname::text, a.attname::text FROM pg_catalog.pg_extension e \
        JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace \
        JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = 'pg_stat_statements' \
        JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 WHERE e.extname = 'pg_stat_statements'";
    let rows = client.query(installed, &[])?;
    let Some(first) = rows.first() else {
        return Ok(Found::Nothing(format!(
            "the extension pg_stat_statements is not installed in the database \"{}\"",
            about.database
        )));
    };
    let schema: String = first.get(0);
    let has = |column: &str| rows.iter().any(|r| r.get::<_, String>(1) == column);
    let time = if has("total_exec_time") { "total_exec_time" } else { "total_time" };
    let toplevel = if has("toplevel") { "AND s.toplevel" } else { "" };
    let sql = format!(
        "SELECT s.query, sum(s.calls)::float8, (sum(s.{time}) / sum(s.calls))::float8, \
         (sum(s.rows) / sum(s.calls))::float8 FROM {}.pg_stat_statements s \
         WHERE s.dbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()) \
         AND s.calls > 0 AND s.query IS NOT NULL {toplevel} GROUP BY s.query ORDER BY 2 DESC, 1",
        identifier(&schema)
    );
    let rows = match client.query(&sql, &[]) {
        Ok(rows) => rows,
        // Installed but not loaded, or not for this role: told, and the rest goes on.
        Err(error) => return Ok(Found::Nothing(LiveError::from(error).to_string())),
    };
    let (mut all, mut begun) = (Vec::new(), 0.0);
    for row in rows {
        let counted = Counted { sql: row.get(0), calls: row.get(1), mean_ms: row.get(2), rows: row.get(3) };
        let tokens = tokens(&counted.sql);
        match tokens.first().and_then(Token::word) {
            Some("begin" | "start") => begun += counted.calls,
            Some("select" | "insert" | "update" | "delete" | "merge" | "with" | "values") => all.push(counted),
            _ => {}
        }
    }
    all.truncate(usize::try_from(most).unwrap_or(usize::MAX));
    Ok(if all.is_empty() {
        Found::Nothing("pg_stat_statements has counted no statement of this database that touches a table".to_owned())
    } else {
        Found::Statements(Statements { all, begun })
    })
}
