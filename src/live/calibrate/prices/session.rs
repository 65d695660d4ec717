//! The sessions that probes run in, the tables they find, and the collation of a language.

use postgres::Client;

use super::tables;
use crate::live::calibrate::Place;
use crate::live::fill::insert::identifier;
use crate::live::{LiveError, Server};

/// Settings of the probes' sessions: those of a commit that does not wait, and the planner's own defaults, so that
/// every server runs the plans that the model counts.
const SETTINGS: [(&str, &str); 12] = [
    ("synchronous_commit", "off"),
    ("jit", "off"),
    ("max_parallel_workers_per_gather", "0"),
    ("plan_cache_mode", "auto"),
    ("work_mem", "4MB"),
    ("effective_cache_size", "4GB"),
    ("seq_page_cost", "1"),
    ("random_page_cost", "4"),
    ("cpu_tuple_cost", "0.01"),
    ("cpu_index_tuple_cost", "0.005"),
    ("cpu_operator_cost", "0.0025"),
    ("default_transaction_isolation", "read committed"),
];

/// As [`crate::live::pgbench::Run::settings`] takes them.
#[must_use]
pub fn settings(place: &Place) -> Vec<(String, String)> {
    let path = [("search_path", place.schema.as_str())];
    SETTINGS.into_iter().chain(path).map(|(n, v)| (n.to_owned(), v.to_owned())).collect()
}

/// A session that sees the scratch schema.
///
/// # Errors
/// No connection.
pub fn open(server: &Server, place: &Place) -> Result<Client, LiveError> {
    let mut client = server.conninfo().connect()?;
    client.batch_execute(&format!("SET search_path = {}", identifier(&place.schema)))?;
    client.batch_execute("SET synchronous_commit = off")?;
    Ok(client)
}

/// The collation that text of this database has, as SQL writes it; where that is C, another that the server has, so
/// that the price is known; C where it has none.
///
/// # Errors
/// A lost connection.
pub fn locale(client: &mut Client) -> Result<String, LiveError> {
    let own = "SELECT datcollate FROM pg_database WHERE datname = current_database()";
    let own: String = client.query_one(own, &[])?.get(0);
    if !["C", "POSIX"].contains(&own.as_str()) {
        return Ok("\"default\"".to_owned());
    }
    let others = "SELECT collname::text FROM pg_collation \
                  WHERE collencoding IN (-1, pg_char_to_encoding(getdatabaseencoding())) \
                  AND collprovider IN ('c', 'i') AND collname NOT IN ('C', 'POSIX', 'ucs_basic') \
                  AND collname !~ '^C\\.' AND collisdeterministic \
                  ORDER BY collname <> 'en_US.utf8', collname <> 'en-x-icu', collname <> 'und-x-icu', collname LIMIT 1";
    let found = client.query_opt(others, &[])?;
    Ok(found.map_or_else(|| "\"C\"".to_owned(), |row| identifier(&row.get::<_, String>(0))))
}

/// Makes and fills the tables; `tick` is told of each.
///
/// # Errors
/// What the server refuses.
pub fn build(client: &mut Client, locale: &str, tick: &mut dyn FnMut(&str)) -> Result<(), LiveError> {
    client.batch_execute(tables::SEQUENCE)?;
    for table in tables::TABLES {
        tick(&format!("filling table {}", table.name));
        for statement in table.build(locale) {
            client.batch_execute(&statement).map_err(|e| LiveError::Sql {
                message: format!("failed to make table {} of the probes: {}", table.name, LiveError::from(e)),
            })?;
        }
    }
    Ok(())
}
