//! A schema file to a schema: what cannot be read is a warning with its line, and the rest loads.

use rayon::prelude::*;

use super::build::{Builder, Place};
use super::harmless::is_harmless;
use super::recovery::hidden_statement;
use super::types::Schema;
use crate::diagnostic::{Position, TextOrigin, Warning, WarningCode};
use crate::sql::ddl::{self, Facts, LeftOut};
use crate::sql::{self, Note, Piece, PieceKind, SqlError};

/// Broken statements may hide others behind an unclosed quote; looking for them may read so many times
/// the file's size again.
const RECOVERY_SHARE: usize = 4;

/// What one statement gave.
type Outcome = Result<Facts, SqlError>;

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
    // What an editor may put in front says nothing.
    let start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let mut pieces = pieces_from(text, start);
    while !pieces.is_empty() {
        let outcomes = read_all(text, &pieces);
        let mut resume = None;
        for (piece, outcome) in pieces.iter().zip(outcomes) {
            let place = |at: usize| origin.locate(text, at);
            match outcome {
                None => {
                    builder.schema.harmless += 1;
                    if let Some(warning) = not_included(text, piece, place) {
                        builder.schema.warnings.push(warning);
                    }
                }
                Some(Ok(facts)) => take_in(&mut builder, text, facts, piece.span.start, &place),
                Some(Err(error)) => {
                    resume = hidden_statement(text, piece).filter(|at| text.len() - at <= budget);
                    let span = piece.span.start..resume.unwrap_or(piece.span.end);
                    match ddl::read_parts(text, span.clone()) {
                        Some(mut facts) => {
                            if piece.unterminated && facts.left_out.is_empty() {
                                facts.left_out.push(LeftOut { span: span.clone(), message: error.message });
                            }
                            take_in(&mut builder, text, facts, span.start, &place);
                        }
                        None => {
                            let warning = unreadable(&text[span.clone()], &error.message, place(span.start));
                            builder.schema.warnings.push(warning);
                        }
                    }
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
                pieces_from(text, at)
            }
            None => Vec::new(),
        };
    }
    builder.finish()
}

/// The pieces of a text from an offset on.
fn pieces_from(text: &str, at: usize) -> Vec<Piece> {
    let mut pieces = sql::split(&text[at..]);
    for piece in &mut pieces {
        piece.span = piece.span.start + at..piece.span.end + at;
    }
    pieces
}

/// psql's commands bear no cost, but those that read another file or turn to another database.
fn not_included(text: &str, piece: &Piece, place: impl Fn(usize) -> Position) -> Option<Warning> {
    if piece.kind != PieceKind::Meta {
        return None;
    }
    let mut words = text[piece.span.clone()].split_whitespace();
    let file = match words.next()? {
        "\\i" | "\\ir" | "\\include" | "\\include_relative" => words.next()?,
        _ => return None,
    };
    let message = format!("file {file} is not read: give one schema file that has all statements in it");
    Some(Warning::new(WarningCode::UnreadableDdl, message).at(place(piece.span.start)))
}

/// Applies what a statement gave.
fn take_in(builder: &mut Builder, text: &str, facts: Facts, at: usize, place: Place<'_>) {
    for LeftOut { span, message } in facts.left_out {
        builder.schema.warnings.push(unreadable(&text[span.clone()], &message, place(span.start)));
    }
    for note in facts.notes {
        builder.schema.warnings.push(partly(&note, place(note.span.start)));
    }
    for fact in facts.ddl {
        builder.apply(fact, at, place);
    }
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

fn unreadable(statement: &str, problem: &str, position: Position) -> Warning {
    let mut words = statement.split_whitespace();
    let first: String = words.by_ref().take(5).collect::<Vec<_>>().join(" ");
    let cut = words.next().is_some() || first.chars().count() > 60;
    let first: String = first.chars().take(60).collect();
    let message = match first.as_str() {
        "" => problem.to_owned(),
        _ => format!("cannot read `{first}{}` and left it out: {problem}", if cut { " ..." } else { "" }),
    };
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
