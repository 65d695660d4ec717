//! Placeholders as drivers and mappers write them: `%s`, `%(name)s`, `?`, `@p1`.
//!
//! They are placeholders only where an operand is expected, so that `a % s`, `doc ? 'key'` and `@ x` stay operators.

use super::placeholder::{Piece, name_length};

/// Words after which an operand follows.
const BEFORE_OPERANDS: [&str; 32] = [
    "select",
    "where",
    "and",
    "or",
    "not",
    "like",
    "ilike",
    "between",
    "in",
    "limit",
    "offset",
    "values",
    "set",
    "when",
    "then",
    "else",
    "case",
    "by",
    "on",
    "having",
    "returning",
    "any",
    "all",
    "some",
    "from",
    "to",
    "is",
    "as",
    "first",
    "next",
    "distinct",
    "similar",
];

/// Which variable a foreign placeholder means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning<'a> {
    /// The next in order.
    Next,
    /// The n-th, from 1.
    Place(usize),
    /// By its name.
    Name(&'a str),
}

/// Follows a statement to know where an operand is expected.
#[derive(Debug, Clone, Copy)]
pub(super) struct Position {
    operand: bool,
}

impl Position {
    pub(super) const START: Self = Self { operand: true };

    /// Takes notice of a piece.
    pub(super) fn pass(&mut self, piece: Piece, text: &str) {
        match piece {
            Piece::Opaque if text.starts_with("--") || text.starts_with("/*") => {}
            Piece::Opaque | Piece::Placeholder(_) | Piece::Parameter(_) => self.operand = false,
            Piece::Semicolon => self.operand = true,
            Piece::Word => {
                self.operand = BEFORE_OPERANDS.iter().any(|w| w.eq_ignore_ascii_case(text));
            }
            Piece::Other => match text.chars().next() {
                Some(c) if c.is_whitespace() => {}
                Some(')' | ']' | '.') => self.operand = false,
                _ => self.operand = true,
            },
        }
    }

    /// The placeholder that starts `rest`, and its length.
    pub(super) fn placeholder<'a>(&self, rest: &'a str) -> Option<(Meaning<'a>, usize)> {
        if !self.operand {
            return None;
        }
        let word_after = |at: usize| rest[at..].chars().next().is_some_and(|c| c.is_alphanumeric() || c == '_');
        match rest.as_bytes() {
            [b'%', b's', ..] if !word_after(2) => Some((Meaning::Next, 2)),
            [b'%', b'(', ..] => {
                let end = rest.find(")s")?;
                let name = &rest[2..end];
                (name_length(name) == name.len() && !name.is_empty() && !word_after(end + 2))
                    .then_some((Meaning::Name(name), end + 2))
            }
            [b'?', b'|' | b'&' | b'?', ..] => None,
            [b'?', ..] => Some((Meaning::Next, 1)),
            [b'@', ..] => {
                let length = name_length(&rest[1..]);
                let name = &rest[1..=length];
                let place = name.strip_prefix(['p', 'P']).and_then(|n| n.parse().ok()).filter(|n| *n > 0);
                (length > 0).then_some((place.map_or(Meaning::Name(name), Meaning::Place), 1 + length))
            }
            _ => None,
        }
    }
}
