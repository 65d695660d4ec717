//! Runs the parser library where it can do no harm: within limits, on a large stack, its panics caught.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use squawk_syntax::SyntaxNode;

use super::between::disguise;
use super::depth::{MAX_DEPTH, MAX_NESTING};
use super::library::Tree;
use super::node::{Reader, is_trivia};
use super::split::{Piece, PieceKind, split};
use super::tree::{Expr, Span};
use super::{Note, SqlError};

/// Stack of the thread that parses; the deepest statement within the limits needs a tenth of it in
/// an unoptimized build.
const STACK_BYTES: usize = 128 << 20;

thread_local! {
    static ON_LARGE_STACK: Cell<bool> = const { Cell::new(false) };
}

/// Runs `work` on a thread with a large stack; at once when this thread is one.
///
/// `None` when the thread could not be started or `work` panicked.
pub(crate) fn on_large_stack<T: Send>(work: impl FnOnce() -> T + Send) -> Option<T> {
    if ON_LARGE_STACK.get() {
        return catch_unwind(AssertUnwindSafe(work)).ok();
    }
    std::thread::scope(|scope| {
        let run = move || {
            ON_LARGE_STACK.set(true);
            work()
        };
        let builder = std::thread::Builder::new().name("sql".into()).stack_size(STACK_BYTES);
        builder.spawn_scoped(scope, run).ok()?.join().ok()
    })
}

/// Reads `text`, which must be one statement, by `read`; gives its result with what it left out.
pub(super) fn one<T: Send>(
    text: &str,
    read: impl FnOnce(&mut Reader, &SyntaxNode) -> Result<T, SqlError> + Send,
) -> Result<(T, Vec<Note>), SqlError> {
    let piece = only_statement(text)?;
    let base = piece.span.start.cast_signed();
    let inner = &text[piece.span.clone()];
    on_large_stack(|| parse(inner, base, Tree::checked, read)).unwrap_or_else(|| Err(cannot_read(&piece)))
}

/// Reads one piece of a schema by `read`; spans are offsets in the schema. Only the syntax is checked.
pub(super) fn piece<T: Send>(
    text: &str,
    piece: &Piece,
    read: impl FnOnce(&mut Reader, &SyntaxNode) -> Result<T, SqlError> + Send,
) -> Result<(T, Vec<Note>), SqlError> {
    check(piece)?;
    let base = piece.span.start.cast_signed();
    let inner = &text[piece.span.clone()];
    on_large_stack(|| parse(inner, base, Tree::unchecked, read)).unwrap_or_else(|| Err(cannot_read(piece)))
}

/// Reads a part of a schema as the one statement that it was made to be, by `read`; `base` is the offset of
/// `text` in the schema.
pub(super) fn fragment<T: Send>(
    text: &str,
    base: isize,
    read: impl FnOnce(&mut Reader, &SyntaxNode) -> Result<T, SqlError> + Send,
) -> Result<(T, Vec<Note>), SqlError> {
    let piece = only_statement(text)?;
    let base = base + piece.span.start.cast_signed();
    let inner = &text[piece.span.clone()];
    on_large_stack(|| parse(inner, base, Tree::unchecked, read)).unwrap_or_else(|| Err(cannot_read(&piece)))
}

/// Reads the part of a schema at `span` between `before` and `after`, which make a statement of it.
pub(super) fn part<T: Send>(
    script: &str,
    before: &str,
    span: Span,
    after: &str,
    read: impl FnOnce(&mut Reader, &SyntaxNode) -> Result<T, SqlError> + Send,
) -> Result<(T, Vec<Note>), SqlError> {
    let text = format!("{before}{}{after}", &script[span.clone()]);
    fragment(&text, span.start.cast_signed() - before.len().cast_signed(), read)
}

/// Reads `text`, which must be one expression.
pub(super) fn expression(text: &str) -> Result<Expr, SqlError> {
    const PREFIX: &str = "SELECT ";
    let piece = only_statement(text)?;
    let statement = format!("{PREFIX}{}", &text[piece.span.clone()]);
    let base = piece.span.start.cast_signed() - PREFIX.len().cast_signed();
    let read = |reader: &mut Reader, node: &SyntaxNode| reader.bare_expression(node);
    let parsed =
        on_large_stack(|| parse(&statement, base, Tree::checked, read)).unwrap_or_else(|| Err(cannot_read(&piece)));
    let (expr, notes) = parsed?;
    match notes.into_iter().next() {
        Some(note) => Err(SqlError { message: format!("{} is not supported yet", note.message), span: note.span }),
        None => Ok(expr),
    }
}

fn only_statement(text: &str) -> Result<Piece, SqlError> {
    let mut pieces = split(text).into_iter();
    let Some(first) = pieces.next() else {
        return Err(SqlError { message: "no statement here".into(), span: 0..text.len() });
    };
    if first.kind != PieceKind::Statement {
        return Err(SqlError { message: "a psql command is not a statement".into(), span: first.span });
    }
    if let Some(second) = pieces.next() {
        return Err(SqlError { message: "more than one statement here".into(), span: second.span });
    }
    check(&first)?;
    Ok(first)
}

fn check(piece: &Piece) -> Result<(), SqlError> {
    let message = if piece.unterminated {
        "a quote, dollar quote or comment is never closed".into()
    } else if piece.nesting > MAX_NESTING {
        format!("nested {} deep; at most {MAX_NESTING} is read", piece.nesting)
    } else if piece.depth > MAX_DEPTH {
        format!("a chain of about {} operators or joins; at most {MAX_DEPTH} are read", piece.depth)
    } else {
        return Ok(());
    };
    Err(SqlError { message, span: piece.span.clone() })
}

fn cannot_read(piece: &Piece) -> SqlError {
    SqlError { message: "cannot read this statement".into(), span: piece.span.clone() }
}

fn parse<T>(
    text: &str,
    base: isize,
    tree: fn(&str) -> Tree,
    read: impl FnOnce(&mut Reader, &SyntaxNode) -> Result<T, SqlError>,
) -> Result<(T, Vec<Note>), SqlError> {
    let mut parsed = tree(text);
    let mut reader = Reader::new(base);
    if parsed.error.is_some()
        && let Some(disguised) = disguise(&parsed.root)
    {
        let again = tree(&disguised);
        if again.error.is_none() {
            parsed = again;
        }
    }
    if let Some((message, place)) = parsed.error {
        return Err(SqlError { message: plain_message(&message), span: reader.offsets(place.start, place.end) });
    }
    let mut statements = parsed.root.children().filter(|n| !is_trivia(n.kind()));
    let (Some(statement), second) = (statements.next(), statements.next()) else {
        return Err(SqlError { message: "no statement here".into(), span: reader.offsets(0, text.len()) });
    };
    if let Some(second) = second {
        return Err(SqlError { message: "cannot read what follows here".into(), span: reader.span(&second) });
    }
    let result = read(&mut reader, &statement)?;
    Ok((result, reader.into_notes()))
}

/// The library's message, with its names of tokens put as they are written: `FROM_KW` as `FROM`.
fn plain_message(message: &str) -> String {
    let mut out = String::with_capacity(message.len());
    for word in message.split_inclusive(' ') {
        out.push_str(&word.replace("_KW", ""));
    }
    let mut chars = out.chars();
    match (chars.next(), chars.next()) {
        (Some(first), Some(second)) if second.is_lowercase() => {
            first.to_lowercase().chain(std::iter::once(second)).chain(chars).collect()
        }
        _ => out,
    }
}
