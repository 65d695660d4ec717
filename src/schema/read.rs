//! A schema file to a schema: what cannot be read is a warning with its line, and the rest loads.

use std::ops::Range;

use rayon::prelude::*;

use super::build::Builder;
use super::types::Schema;
use crate::diagnostic::{Position, TextOrigin, Warning, WarningCode};
use crate::sql::ddl::{self, Ddl};
use crate::sql::{self, Note, Piece, PieceKind, SqlError};

/// Statements whose first word says that they bear no cost.
const HARMLESS: &[&str] = &[
    "grant", "revoke", "comment", "select", "insert", "update", "delete", "begin", "commit", "end", "start", "analyze",
    "vacuum", "copy", "reset", "show", "security", "lock",
];

/// Broken statements may hide others behind an unclosed quote; looking for them may read so many times
/// the file's size again.
const RECOVERY_SHARE: usize = 4;

/// What one statement gave.
type Outcome = Result<(Vec<Ddl>, Vec<Note>), SqlError>;

/// Reads a schema file: plain DDL, by hand or from pg_dump.
///
/// Never fails. Statements that cannot be read become warnings ([`WarningCode::UnreadableDdl`]) with
/// their place and first words; what has no place in the model becomes a warning too
/// ([`WarningCode::NotModelled`]).
#[must_use]
pub fn read(file_name: &str, text: &str) -> Schema {
    let origin = line_origin(file_name, text);
    let mut builder = Builder::new();
    let mut budget = text.len() * RECOVERY_SHARE + (1 << 20);
    let mut pieces = sql::split(text);
    while !pieces.is_empty() {
        let outcomes = read_all(text, &pieces);
        let mut resume = None;
        for (piece, outcome) in pieces.iter().zip(outcomes) {
            let place = |at: usize| origin.locate(text, at);
            match outcome {
                None => builder.schema.harmless += 1,
                Some(Ok((facts, notes))) => {
                    for note in notes {
                        builder.schema.warnings.push(partly(&note, place(note.span.start)));
                    }
                    for fact in facts {
                        builder.apply(fact, piece.span.start, &place);
                    }
                }
                Some(Err(error)) => {
                    builder.schema.warnings.push(unreadable(
                        &text[piece.span.clone()],
                        &error,
                        place(piece.span.start),
                    ));
                    resume = hidden_statement(text, &piece.span).filter(|at| text.len() - at <= budget);
                }
            }
            if resume.is_some() {
                break;
            }
        }
        // What stands behind the point where the broken statement seems to end is split anew.
        pieces = match resume {
            Some(at) => {
                budget -= text.len() - at;
                let mut rest = sql::split(&text[at..]);
                for piece in &mut rest {
                    piece.span = piece.span.start + at..piece.span.end + at;
                }
                rest
            }
            None => Vec::new(),
        };
    }
    builder.finish()
}

/// Reads pieces in parallel; `None` for those that bear no cost.
fn read_all(text: &str, pieces: &[Piece]) -> Vec<Option<Outcome>> {
    // Each chunk starts a thread with a large stack, so there are few; but enough to share the work evenly.
    const SMALLEST: usize = 256;
    let size = (pieces.len() / (rayon::current_num_threads() * 4)).max(SMALLEST);
    let chunks = pieces.par_chunks(size).map(|chunk| {
        let read = || chunk.iter().map(|piece| read_piece(text, piece)).collect::<Vec<_>>();
        // A thread that cannot start leaves each statement to fail by itself.
        sql::on_large_stack(read).unwrap_or_else(|| chunk.iter().map(|piece| read_piece(text, piece)).collect())
    });
    chunks.collect::<Vec<_>>().into_iter().flatten().collect()
}

fn read_piece(text: &str, piece: &Piece) -> Option<Outcome> {
    if piece.kind != PieceKind::Statement {
        return None;
    }
    let statement = &text[piece.span.clone()];
    if !piece.unterminated && is_harmless(statement) {
        return None;
    }
    Some(ddl::read(text, piece))
}

/// Whether a statement need not be parsed to know that it bears no cost.
fn is_harmless(statement: &str) -> bool {
    let first = statement.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or("");
    if HARMLESS.iter().any(|word| first.eq_ignore_ascii_case(word)) {
        return true;
    }
    if first.eq_ignore_ascii_case("set") {
        return !statement.contains("search_path") && !statement.contains("SEARCH_PATH");
    }
    // ALTER ... OWNER TO role, which pg_dump writes for every object.
    if first.eq_ignore_ascii_case("alter") && !statement.contains([',', '\'', '"']) {
        let mut last = statement.split_whitespace().rev();
        return last.next().is_some()
            && last.next().is_some_and(|w| w.eq_ignore_ascii_case("to"))
            && last.next().is_some_and(|w| w.eq_ignore_ascii_case("owner"));
    }
    false
}

/// Where the next statement seems to start inside one that cannot be read: after a line that ends in a
/// semicolon, at a line that starts with CREATE, ALTER, COMMENT, SET or DROP.
fn hidden_statement(text: &str, span: &Range<usize>) -> Option<usize> {
    const STARTS: &[&str] = &["create ", "alter ", "comment ", "set ", "drop ", "grant ", "insert ", "copy "];
    let mut after_semicolon = false;
    let mut at = span.start;
    for line in text[span.clone()].split_inclusive('\n') {
        let starts = STARTS.iter().any(|s| line.get(..s.len()).is_some_and(|l| l.eq_ignore_ascii_case(s)));
        if after_semicolon && starts {
            return Some(at);
        }
        let code = line.trim_end();
        if !code.is_empty() && !code.starts_with("--") {
            after_semicolon = code.ends_with(';');
        }
        at += line.len();
    }
    None
}

fn unreadable(statement: &str, error: &SqlError, position: Position) -> Warning {
    let words: Vec<_> = statement.split_whitespace().take(5).collect();
    let first: String = words.join(" ").chars().take(60).collect();
    let message = format!("cannot read `{first} ...` and left it out: {}", error.message);
    Warning::new(WarningCode::UnreadableDdl, message).at(position)
}

fn partly(note: &Note, position: Position) -> Warning {
    Warning::new(WarningCode::PartlyUnderstood, format!("read without {}", note.message)).at(position)
}

/// An origin with an anchor at every line, so that a place is found without reading the whole file.
fn line_origin(file_name: &str, text: &str) -> TextOrigin {
    let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1));
    let anchors = starts.zip(1..).map(|(at, line)| (at, line, 1)).collect();
    TextOrigin { file: file_name.into(), path: None, anchors }
}
