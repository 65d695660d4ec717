//! SQL text to a small tree of what a statement touches, with byte offsets.
//!
//! The parser is a library and stays behind this module: nothing outside sees its types. Its
//! nesting of operators, joins and set operations is not trusted; see `expr`.

mod atom;
mod between;
mod brief;
mod brief_table;
#[cfg(test)]
mod brief_tests;
mod call;
#[cfg(test)]
mod chaos;
mod climb;
mod command;
pub(crate) mod ddl;
mod ddl_alter;
mod ddl_constraint;
mod ddl_object;
mod ddl_table;
mod depth;
mod dml;
mod expr;
mod from;
mod library;
mod merge;
mod node;
mod parse;
mod query;
mod salvage;
mod salvage_table;
mod sequence;
mod split;
mod statement;
#[cfg(test)]
mod tests;
mod text;
mod tokens;
pub mod tree;

use tree::{Expr, Span, Statement};

pub(crate) use parse::on_large_stack;
pub use split::{Piece, PieceKind, split};

/// Why a text could not be read as SQL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SqlError {
    /// What is wrong, in a lower-case fragment.
    pub message: String,
    /// Where, in bytes of the text given.
    pub span: Span,
}

/// Something in a statement that the tree has no place for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// What was left out.
    pub message: String,
    /// Where, in bytes of the text given.
    pub span: Span,
}

/// Reads one statement, with or without its semicolon; placeholders are `$n`.
///
/// # Errors
/// When the text is not exactly one statement, not SQL as PostgreSQL reads it, nested too deeply, or
/// of a kind or form that [`tree`] has no place for; the message says which, the span where.
pub fn parse_statement(text: &str) -> Result<Statement, SqlError> {
    let (statement, notes) = parse_statement_noted(text)?;
    match notes.into_iter().next() {
        Some(Note { message, span }) => Err(SqlError { message: format!("{message} is not supported yet"), span }),
        None => Ok(statement),
    }
}

/// Reads one statement as [`parse_statement`] does, but leaves out what has no place in the tree and
/// bears little on cost (TABLESAMPLE, WITH TIES, SEARCH ...), and says so.
///
/// # Errors
/// As [`parse_statement`], except for what is left out.
pub fn parse_statement_noted(text: &str) -> Result<(Statement, Vec<Note>), SqlError> {
    parse::one(text, |reader, node| reader.statement(node))
}

/// Reads a type as [`Expr::Cast`] gives it; `None` when it is none.
pub(crate) fn parse_type(text: &str) -> Option<ddl::TypeRef> {
    parse::one(&format!("SELECT NULL::{text}"), |reader, node| reader.cast_type(node)).ok().map(|read| read.0)
}

/// Reads one expression.
///
/// # Errors
/// When the text is not one expression as PostgreSQL reads it.
pub fn parse_expr(text: &str) -> Result<Expr, SqlError> {
    parse::expression(text)
}
