//! CREATE TABLE as pg_dump writes it: columns with their types, constant defaults and NOT NULL.

use squawk_lexer::{LiteralKind, TokenKind};

use super::brief::{default, references, unique};
use super::ddl::{ColumnDef, Constraint, CreateTable, TypeRef};
use super::parse;
use super::tokens::Tokens;
use super::tree::QualifiedName;

/// Words that start an element which is no column.
const NO_COLUMN: &[&str] = &["constraint", "primary", "unique", "check", "foreign", "exclude", "like"];
/// Words of types that are more than a name.
const LONG_TYPES: &[&str] = &[
    "array",
    "bit",
    "char",
    "character",
    "double",
    "float",
    "interval",
    "national",
    "nchar",
    "setof",
    "time",
    "timestamp",
];

/// `name (elements)` after CREATE TABLE, to the end of the statement; elements of a rarer form are read by the
/// parser, each by itself.
pub(super) fn create_table(tokens: &mut Tokens<'_>) -> Option<CreateTable> {
    if tokens.is(tokens.peek(), "if") {
        return None;
    }
    let mut table = CreateTable::new(tokens.qualified()?);
    tokens.symbol(TokenKind::OpenParen).then_some(())?;
    loop {
        let start = tokens.mark();
        match column(tokens) {
            Some(column) => table.columns.push(column),
            None => {
                tokens.back_to(start);
                element(tokens, &mut table)?;
            }
        }
        if tokens.symbol(TokenKind::CloseParen) {
            return tokens.is_done().then_some(table);
        }
        tokens.symbol(TokenKind::Comma).then_some(())?;
    }
}

/// Any element, through the parser's tree.
fn element(tokens: &mut Tokens<'_>, table: &mut CreateTable) -> Option<()> {
    let start = tokens.peek()?.start;
    let mut depth = 0usize;
    while let Some(token) = tokens.peek() {
        match token.kind {
            TokenKind::OpenParen | TokenKind::OpenBracket => depth += 1,
            TokenKind::Comma | TokenKind::CloseParen | TokenKind::CloseBracket if depth == 0 => break,
            TokenKind::CloseParen | TokenKind::CloseBracket => depth -= 1,
            _ => {}
        }
        tokens.next();
    }
    if tokens.taken_to() <= start {
        return None;
    }
    let read = parse::part(tokens.text, "CREATE TABLE x (", start..tokens.taken_to(), ")", |reader, node| {
        reader.create_table(node)
    });
    let (read, notes) = read.ok()?;
    let columns = table.columns.len();
    table.likes.extend(read.likes.into_iter().map(|(_, like)| (columns, like)));
    table.columns.extend(read.columns);
    table.constraints.extend(read.constraints);
    // What is noted is said by the parser's own reading.
    notes.is_empty().then_some(())
}

fn column(tokens: &mut Tokens<'_>) -> Option<ColumnDef> {
    if tokens.is_any(tokens.peek(), NO_COLUMN) {
        return None;
    }
    let mut column = ColumnDef::new(tokens.name()?);
    column.ty = Some(type_ref(tokens)?);
    loop {
        let start = tokens.peek()?;
        let own = || vec![column.name.clone()];
        let kind = if tokens.take("default") {
            column.default = Some(default(tokens)?);
            continue;
        } else if tokens.take_all(&["not", "null"]) {
            column.not_null = true;
            continue;
        } else if tokens.take_all(&["primary", "key"]) {
            unique(true, own())
        } else if tokens.take("unique") {
            unique(false, own())
        } else if tokens.take("references") {
            references(tokens, own())?
        } else {
            // Anything else is for the parser.
            return matches!(start.kind, TokenKind::Comma | TokenKind::CloseParen).then_some(column);
        };
        column.constraints.push(Constraint { name: None, span: start.start..tokens.taken_to(), kind });
    }
}

/// A type by its name, with a modifier and one pair of brackets.
fn type_ref(tokens: &mut Tokens<'_>) -> Option<TypeRef> {
    let long = match () {
        () if tokens.take_all(&["character", "varying"]) || tokens.take("varchar") => Some("character varying"),
        () if tokens.take_all(&["double", "precision"]) => Some("double precision"),
        () if tokens.take_all(&["timestamp", "with", "time", "zone"]) => Some("timestamp with time zone"),
        () if tokens.take_all(&["timestamp", "without", "time", "zone"]) => Some("timestamp without time zone"),
        () => None,
    };
    let name = match long {
        Some(name) => QualifiedName { schema: None, name: name.to_owned() },
        None if tokens.is_any(tokens.peek(), LONG_TYPES) => return None,
        None => tokens.qualified()?,
    };
    let mut modifier = Vec::new();
    if long.is_none_or(|name| name == "character varying") && tokens.symbol(TokenKind::OpenParen) {
        loop {
            let token = tokens.next()?;
            if !matches!(token.kind, TokenKind::Literal { kind: LiteralKind::Int { .. } }) {
                return None;
            }
            modifier.push(tokens.text[token.start..token.end].parse().ok()?);
            if tokens.symbol(TokenKind::CloseParen) {
                break;
            }
            tokens.symbol(TokenKind::Comma).then_some(())?;
        }
    }
    let array = tokens.symbol(TokenKind::OpenBracket);
    if array {
        tokens.symbol(TokenKind::CloseBracket).then_some(())?;
    }
    Some(TypeRef { name, modifier, array })
}

/// The type of a cast, as the tree's casts name it.
pub(super) fn cast_name(tokens: &mut Tokens<'_>) -> Option<String> {
    const NAMES: &[&str] = &["text", "regclass", "jsonb", "json", "date", "uuid", "bytea", "inet", "numeric", "bpchar"];
    let name = if tokens.take_all(&["character", "varying"]) {
        "character varying"
    } else {
        NAMES.iter().find(|name| tokens.take(name))?
    };
    let mut name = name.to_owned();
    if tokens.symbol(TokenKind::OpenBracket) {
        tokens.symbol(TokenKind::CloseBracket).then_some(())?;
        name.push_str("[]");
    }
    (!tokens.peek().is_some_and(|t| matches!(t.kind, TokenKind::OpenParen | TokenKind::Dot))).then_some(name)
}
