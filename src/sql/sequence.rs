//! Sequences: CREATE and ALTER SEQUENCE, and the options of identity columns.
//!
//! Read from tokens: a dump has one for every serial column, and they are too simple to need a tree.

use squawk_lexer::TokenKind;

use super::ddl::{CreateSequence, Ddl};
use super::tokens::Tokens;
use super::tree::QualifiedName;

/// Reads CREATE or ALTER SEQUENCE; `None` for what is neither, or is not understood to its end.
pub(super) fn statement(text: &str) -> Option<Ddl> {
    let mut tokens = Tokens::new(text, 0..text.len());
    let create = tokens.take("create");
    if !create && !tokens.take("alter") {
        return None;
    }
    let unlogged =
        create && tokens.is_any(tokens.peek(), &["unlogged", "temp", "temporary"]) && tokens.next().is_some();
    if !tokens.take("sequence") {
        return None;
    }
    let _ = tokens.take_all(&["if", "not", "exists"]) || tokens.take_all(&["if", "exists"]);
    let name = tokens.qualified()?;
    let mut sequence = CreateSequence { unlogged, ..read(&mut tokens)? };
    tokens.symbol(TokenKind::Semi);
    if !tokens.is_done() {
        return None;
    }
    sequence.name = Some(name);
    Some(if create { Ddl::CreateSequence(sequence) } else { Ddl::AlterSequence(sequence) })
}

/// The options in the parentheses of an identity clause; those of a clause without any are the server's.
pub(super) fn options(clause: &str) -> CreateSequence {
    let mut tokens = Tokens::new(clause, 0..clause.len());
    while tokens.peek().is_some_and(|t| t.kind != TokenKind::OpenParen) {
        tokens.next();
    }
    tokens.next();
    read(&mut tokens).unwrap_or_else(plain)
}

const fn plain() -> CreateSequence {
    CreateSequence { name: None, increment: None, cache: None, unlogged: false, owner: None }
}

/// Reads options up to what is none.
fn read(tokens: &mut Tokens<'_>) -> Option<CreateSequence> {
    let mut sequence = plain();
    loop {
        if tokens.take("as") {
            tokens.qualified()?;
        } else if tokens.take("increment") {
            tokens.take("by");
            sequence.increment = number(tokens)?.try_into().ok();
        } else if tokens.take("cache") {
            sequence.cache = number(tokens)?.try_into().ok();
        } else if tokens.take("start") || tokens.take("restart") {
            tokens.take("with");
            if tokens.peek().is_some_and(|t| matches!(t.kind, TokenKind::Minus | TokenKind::Literal { .. })) {
                number(tokens)?;
            }
        } else if tokens.take("minvalue") || tokens.take("maxvalue") {
            number(tokens)?;
        } else if tokens.take("no") {
            tokens.next()?;
        } else if tokens.take_all(&["sequence", "name"]) {
            sequence.name = Some(tokens.qualified()?);
        } else if tokens.take_all(&["owned", "by"]) {
            let mut path = tokens.path()?;
            let column = path.pop()?;
            // OWNED BY NONE has no table.
            sequence.owner = path.pop().map(|name| (QualifiedName { schema: path.pop(), name }, column));
        } else if !tokens.take("cycle") && !tokens.take("logged") {
            return Some(sequence);
        }
    }
}

fn number(tokens: &mut Tokens<'_>) -> Option<i128> {
    let negative = tokens.symbol(TokenKind::Minus);
    let token = tokens.next()?;
    let value: i128 = tokens.text[token.start..token.end].parse().ok()?;
    Some(if negative { -value } else { value })
}
