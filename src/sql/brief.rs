//! The forms in which pg_dump writes almost all of a schema, read from tokens: a dump of thousands of tables
//! is read several times faster than through a tree of each statement.
//!
//! Only what is exactly of such a form is read here, and gives the very facts that the parser's tree gives
//! (`brief_tests`); everything else is left to the parser.

use std::ops::Range;

use squawk_lexer::{LiteralKind, TokenKind};

use super::ddl::{Action, AlterTable, Constraint, ConstraintKind, CreateIndex, Ddl, ForeignKeyDef, KeyDef};
use super::expr::simple_call;
use super::parse;
use super::text::unquote;
use super::tokens::Tokens;
use super::tree::{Expr, Literal};

/// Reads a statement of a common form at `span`; `None` for any other.
pub(super) fn statement(script: &str, span: Range<usize>) -> Option<Ddl> {
    let mut tokens = Tokens::new(script, span);
    let ddl = if tokens.take_all(&["alter", "table"]) {
        alter_table(&mut tokens)?
    } else if tokens.take_all(&["create", "table"]) {
        Ddl::CreateTable(super::brief_table::create_table(&mut tokens)?)
    } else if tokens.take("create") {
        create_index(&mut tokens)?
    } else {
        return None;
    };
    tokens.is_done().then_some(ddl)
}

/// A name that cannot be taken for a keyword: quoted, or followed by what no keyword is followed by here.
fn plain_name(tokens: &mut Tokens<'_>) -> Option<String> {
    if tokens.is_any(tokens.peek(), &["all", "if", "using", "on", "constraint", "only", "concurrently"]) {
        return None;
    }
    tokens.name()
}

/// `(a, b)`.
fn columns(tokens: &mut Tokens<'_>) -> Option<Vec<String>> {
    let mut columns = Vec::new();
    tokens.symbol(TokenKind::OpenParen).then_some(())?;
    loop {
        columns.push(tokens.name()?);
        if tokens.symbol(TokenKind::CloseParen) {
            return Some(columns);
        }
        tokens.symbol(TokenKind::Comma).then_some(())?;
    }
}

/// ALTER TABLE, one action: a constraint without options, or the next value of a sequence as a default.
fn alter_table(tokens: &mut Tokens<'_>) -> Option<Ddl> {
    let only = tokens.take("only");
    plain_name(&mut tokens.clone())?;
    let name = tokens.qualified()?;
    let action = if tokens.take_all(&["add", "constraint"]) {
        let start = tokens.start_of_last();
        let constraint = plain_name(tokens)?;
        let kind = if tokens.take_all(&["primary", "key"]) {
            unique(true, columns(tokens)?)
        } else if tokens.take("unique") {
            unique(false, columns(tokens)?)
        } else if tokens.take_all(&["foreign", "key"]) {
            foreign_key(tokens)?
        } else {
            return None;
        };
        let span = start..tokens.taken_to();
        AlterTable::AddConstraint(Constraint { name: Some(constraint), span, kind })
    } else if tokens.take_all(&["alter", "column"]) {
        let column = tokens.name()?;
        tokens.take_all(&["set", "default"]).then_some(())?;
        AlterTable::SetDefault { column, default: Some(default(tokens)?) }
    } else {
        return None;
    };
    Some(Ddl::AlterTable { name, only, if_exists: false, actions: vec![action] })
}

/// PRIMARY KEY or UNIQUE without options.
pub(super) const fn unique(primary: bool, columns: Vec<String>) -> ConstraintKind {
    ConstraintKind::Unique {
        primary,
        columns,
        include: Vec::new(),
        parameters: Vec::new(),
        without_overlaps: false,
        nulls_not_distinct: false,
    }
}

fn foreign_key(tokens: &mut Tokens<'_>) -> Option<ConstraintKind> {
    let own = columns(tokens)?;
    tokens.take("references").then_some(())?;
    references(tokens, own)
}

/// What stands behind REFERENCES.
pub(super) fn references(tokens: &mut Tokens<'_>, own: Vec<String>) -> Option<ConstraintKind> {
    let table = tokens.qualified()?;
    let parenthesis = tokens.peek().is_some_and(|t| t.kind == TokenKind::OpenParen);
    let mut key = ForeignKeyDef {
        columns: own,
        table,
        referenced: if parenthesis { columns(tokens)? } else { Vec::new() },
        on_delete: Action::Check,
        on_update: Action::Check,
    };
    while tokens.take("on") {
        let deleted = tokens.take("delete");
        if !deleted && !tokens.take("update") {
            return None;
        }
        let action = if tokens.take("cascade") {
            Action::Cascade
        } else if tokens.take("restrict") || tokens.take_all(&["no", "action"]) {
            Action::Check
        } else if tokens.take_all(&["set", "null"]) || tokens.take_all(&["set", "default"]) {
            Action::Set
        } else {
            return None;
        };
        *(if deleted { &mut key.on_delete } else { &mut key.on_update }) = action;
    }
    Some(ConstraintKind::ForeignKey(key))
}

/// CREATE INDEX over plain columns, after its first word.
fn create_index(tokens: &mut Tokens<'_>) -> Option<Ddl> {
    let unique = tokens.take("unique");
    tokens.take("index").then_some(())?;
    let name = plain_name(tokens)?;
    tokens.take("on").then_some(())?;
    let only = tokens.take("only");
    let table = tokens.qualified()?;
    let method = if tokens.take("using") { tokens.name()? } else { "btree".to_owned() };
    tokens.symbol(TokenKind::OpenParen).then_some(())?;
    let mut keys = Vec::new();
    loop {
        let at = tokens.peek()?;
        let column = tokens.name()?;
        let expr = Expr::Column { qualifier: None, name: column, span: at.start..at.end };
        let descending = tokens.take("desc");
        let _ = (
            !descending && tokens.take("asc"),
            tokens.take_all(&["nulls", "last"]) || tokens.take_all(&["nulls", "first"]),
        );
        keys.push(KeyDef { expr, descending, opclass: None, collation: None });
        if tokens.symbol(TokenKind::CloseParen) {
            break;
        }
        tokens.symbol(TokenKind::Comma).then_some(())?;
    }
    let predicate = if tokens.take("where") { Some(predicate(tokens)?) } else { None };
    Some(Ddl::CreateIndex(CreateIndex {
        name: Some(name),
        if_not_exists: false,
        table,
        only,
        unique,
        method,
        keys,
        include: Vec::new(),
        predicate,
        parameters: Vec::new(),
        nulls_not_distinct: false,
    }))
}

/// The expression to the end of the statement, by the parser.
fn predicate(tokens: &mut Tokens<'_>) -> Option<Expr> {
    let start = tokens.peek()?.start;
    while tokens.next().is_some() {}
    let span = start..tokens.taken_to();
    let read = parse::part(tokens.text, "SELECT ", span, "", |reader, node| reader.bare_expression(node));
    read.ok().filter(|(_, notes)| notes.is_empty()).map(|(expr, _)| expr)
}

/// A default that is a constant, a cast one, or a call without arguments or with one constant.
pub(super) fn default(tokens: &mut Tokens<'_>) -> Option<Expr> {
    if let Some(constant) = constant(tokens) {
        return Some(constant);
    }
    let at = tokens.peek()?;
    if at.kind != TokenKind::Ident {
        return None;
    }
    let name = ["nextval", "now", "gen_random_uuid"].into_iter().find(|name| tokens.take(name))?;
    tokens.symbol(TokenKind::OpenParen).then_some(())?;
    let mut args = Vec::new();
    if !tokens.symbol(TokenKind::CloseParen) {
        args.push(constant(tokens)?);
        tokens.symbol(TokenKind::CloseParen).then_some(())?;
    }
    Some(simple_call(name, args, at.start..tokens.taken_to()))
}

/// A string, number or boolean; a string may be cast.
fn constant(tokens: &mut Tokens<'_>) -> Option<Expr> {
    let token = tokens.peek()?;
    let text = &tokens.text[token.start..token.end];
    let literal = match token.kind {
        TokenKind::Literal { kind: LiteralKind::Str { terminated: true } } => Literal::Text(unquote(text)),
        TokenKind::Literal { kind: LiteralKind::Int { .. } } if text.len() < 16 => {
            Literal::Number(text.parse::<u64>().ok()? as f64)
        }
        TokenKind::Ident if text.eq_ignore_ascii_case("true") => Literal::Bool(true),
        TokenKind::Ident if text.eq_ignore_ascii_case("false") => Literal::Bool(false),
        _ => return None,
    };
    let is_text = matches!(literal, Literal::Text(_));
    tokens.next();
    let mut expr = Expr::Literal(literal);
    if is_text && tokens.symbol(TokenKind::Colon) {
        tokens.symbol(TokenKind::Colon).then_some(())?;
        let to = super::brief_table::cast_name(tokens)?;
        expr = Expr::Cast { expr: Box::new(expr), to };
    }
    Some(expr)
}
