//! A schema file into an empty database.

use postgres::Client;

use crate::diagnostic::{InputError, Position, TextOrigin};
use crate::live::LiveError;
use crate::sql::{PieceKind, split};

/// Statements that matter to whom the objects belong, or to things outside the database: refused, they are a note.
const HARMLESS: [&str; 16] = [
    "grant",
    "revoke",
    "comment",
    "set",
    "select",
    "create extension",
    "alter extension",
    "create role",
    "alter role",
    "create user",
    "create database",
    "create publication",
    "create subscription",
    "alter default",
    "create schema",
    "security label",
];

/// Runs a schema file statement by statement; psql's own lines and data are left out. Returns what was refused and
/// does not matter; once `stop` says so, the rest is left out.
///
/// # Errors
/// The first statement that matters and is refused, at its place, in the server's words.
pub fn load(client: &mut Client, file: &str, text: &str, stop: &dyn Fn() -> bool) -> Result<Vec<String>, InputError> {
    let origin = TextOrigin::file(file);
    let mut notes = Vec::new();
    for piece in split(text) {
        if piece.kind != PieceKind::Statement || stop() {
            continue;
        }
        let sql = &text[piece.span.clone()];
        let Err(error) = client.batch_execute(sql) else { continue };
        let at = error.as_db_error().and_then(|e| e.position()).map(|p| match p {
            postgres::error::ErrorPosition::Original(n) => offset(sql, *n as usize),
            postgres::error::ErrorPosition::Internal { .. } => 0,
        });
        let position: Position = origin.locate(text, piece.span.start + at.unwrap_or(0));
        let message = LiveError::from(error).to_string();
        let words = sql.split_whitespace().take(6).collect::<Vec<_>>().join(" ").to_lowercase();
        if HARMLESS.iter().any(|h| words == *h || words.starts_with(&format!("{h} "))) || owner(sql) {
            notes.push(format!("{position}: {message}"));
            continue;
        }
        let mut error = InputError::new(format!("the server refuses the schema: {message}")).at(position);
        error.source_text = Some(text.into());
        return Err(error);
    }
    Ok(notes)
}

/// `ALTER ... OWNER TO ...`.
fn owner(sql: &str) -> bool {
    let sql = sql.to_lowercase();
    sql.starts_with("alter") && sql.contains(" owner to ")
}

/// The byte offset of the server's character position.
fn offset(sql: &str, position: usize) -> usize {
    sql.char_indices().nth(position.saturating_sub(1)).map_or(0, |(i, _)| i)
}
