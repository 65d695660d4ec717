//! Rewrites the `:name` placeholders of a statement to `$n`, keeping the place of every character.

use super::foreign;
use crate::diagnostic::{InputError, TextOrigin};

/// Identifier characters of a placeholder's name, as pgbench has them.
pub(super) fn name_length(text: &str) -> usize {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_' || !c.is_ascii();
    match text.chars().next() {
        Some(c) if word(c) && !c.is_ascii_digit() => text.find(|c| !word(c)).unwrap_or(text.len()),
        _ => 0,
    }
}

/// A stretch of SQL text, as far as placeholders are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece {
    /// Quoted text or a comment: nothing in it counts.
    Opaque,
    /// `:name`, the name's length.
    Placeholder(usize),
    /// `$n`.
    Parameter(usize),
    /// `;` outside quotes.
    Semicolon,
    /// A word.
    Word,
    /// Anything else.
    Other,
}

/// Walks over SQL text piece by piece, as psql's scanner does with standard_conforming_strings on.
#[derive(Debug, Clone)]
pub(super) struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scanner<'a> {
    pub(super) const fn new(text: &'a str, at: usize) -> Self {
        Self { text, at }
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// The length up to and with the closing quote, or to the end.
    fn quoted(rest: &str, quote: char, escapes: bool) -> usize {
        let mut chars = rest.char_indices().skip(1).peekable();
        while let Some((i, c)) = chars.next() {
            if escapes && c == '\\' {
                chars.next();
            } else if c == quote && chars.peek().is_none_or(|(_, next)| *next != quote) {
                return i + c.len_utf8();
            } else if c == quote {
                chars.next();
            }
        }
        rest.len()
    }

    /// A block comment's length; they nest.
    fn comment(rest: &str) -> usize {
        let bytes = rest.as_bytes();
        let (mut depth, mut i) = (0usize, 0);
        while i < bytes.len() {
            match (bytes[i], bytes.get(i + 1)) {
                (b'/', Some(b'*')) => {
                    depth += 1;
                    i += 2;
                }
                (b'*', Some(b'/')) => {
                    depth -= 1;
                    i += 2;
                    if depth == 0 {
                        return i;
                    }
                }
                _ => i += 1,
            }
        }
        rest.len()
    }

    /// `$tag$...$tag$`, when this is one.
    fn dollar_quoted(rest: &str) -> Option<usize> {
        let tag = rest[1..].find('$').map(|i| &rest[..i + 2])?;
        let inner = &tag[1..tag.len() - 1];
        (inner.is_empty() || name_length(inner) == inner.len())
            .then(|| rest[tag.len()..].find(tag).map_or(rest.len(), |i| i + 2 * tag.len()))
    }
}

impl Iterator for Scanner<'_> {
    /// The piece with its byte range.
    type Item = (Piece, usize, usize);

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.rest();
        let first = rest.chars().next()?;
        let second = rest[first.len_utf8()..].chars().next();
        let (piece, length) = match (first, second) {
            ('\'' | '"', _) => (Piece::Opaque, Self::quoted(rest, first, false)),
            ('e' | 'E', Some('\'')) => (Piece::Opaque, 1 + Self::quoted(&rest[1..], '\'', true)),
            ('-', Some('-')) => (Piece::Opaque, rest.find('\n').unwrap_or(rest.len())),
            ('/', Some('*')) => (Piece::Opaque, Self::comment(rest)),
            ('$', Some(c)) if c.is_ascii_digit() => {
                let digits = rest[1..].find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len() - 1);
                (Piece::Parameter(digits), 1 + digits)
            }
            ('$', Some(_)) => match Self::dollar_quoted(rest) {
                Some(length) => (Piece::Opaque, length),
                None => (Piece::Other, 1),
            },
            (':', Some(':' | '=')) => (Piece::Other, 2),
            (':', _) => match name_length(&rest[1..]) {
                0 => (Piece::Other, 1),
                n => (Piece::Placeholder(n), 1 + n),
            },
            (';', _) => (Piece::Semicolon, 1),
            (c, _) if name_length(rest) > 0 || c.is_ascii_digit() => {
                // A word may hold digits and dollars after its first character.
                let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '$' || !c.is_ascii()));
                (Piece::Word, end.unwrap_or(rest.len()))
            }
            (c, _) => (Piece::Other, c.len_utf8()),
        };
        let start = self.at;
        self.at += length;
        Some((piece, start, self.at))
    }
}

/// A statement with `$n` for its placeholders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rewritten {
    pub(super) sql: String,
    pub(super) origin: TextOrigin,
}

/// Finds places one after the other, so that a long text is walked once.
struct Cursor<'a> {
    text: &'a str,
    anchors: std::iter::Peekable<std::slice::Iter<'a, (usize, u32, u32)>>,
    at: (usize, u32, u32),
}

impl<'a> Cursor<'a> {
    fn new(text: &'a str, origin: &'a TextOrigin) -> Self {
        Self { text, anchors: origin.anchors.iter().peekable(), at: (0, 1, 1) }
    }

    /// The place of `offset`, as the anchor of `offset_in_sql`; offsets must not fall.
    fn place(&mut self, offset: usize, offset_in_sql: usize) -> (usize, u32, u32) {
        while let Some(anchor) = self.anchors.next_if(|a| a.0 <= offset) {
            self.at = *anchor;
        }
        for c in self.text[self.at.0..offset].chars() {
            (self.at.1, self.at.2) = if c == '\n' { (self.at.1 + 1, 1) } else { (self.at.1, self.at.2 + 1) };
        }
        self.at.0 = offset;
        (offset_in_sql, self.at.1, self.at.2)
    }
}

/// What a statement's placeholder may be.
pub(super) trait Names {
    /// The number of a variable, from 1.
    fn number(&mut self, name: &str) -> Option<usize>;
    /// How many variables `$n` may count.
    fn len(&self) -> usize;
    /// All names, for suggestions.
    fn all(&self) -> Vec<String>;
    /// Whether the placeholders of drivers (`%s`, `?`, `@p1`) count too; psql and pgbench know none of them.
    fn foreign(&self) -> bool {
        false
    }
    /// Whether a variable inside quotes is replaced as well: its text is, where it becomes part of the statement's
    /// text before that is sent.
    fn replaces_in_quotes(&mut self, _name: &str) -> bool {
        false
    }
}

/// Types whose name may stand before a quoted constant.
const TYPE_WORDS: &[&str] = &[
    "bigint",
    "bool",
    "boolean",
    "date",
    "inet",
    "int",
    "integer",
    "interval",
    "json",
    "jsonb",
    "numeric",
    "text",
    "time",
    "timestamp",
    "timestamptz",
    "timetz",
    "uuid",
    "varchar",
];

/// A quoted constant with variables in it, as an expression that joins its parts: where it starts, the text before
/// its first part, and after its last.
struct Joined {
    start: usize,
    open: String,
    close: String,
    /// Byte range of each variable with its number.
    variables: Vec<(usize, usize, usize)>,
}

/// Reads a quoted constant for variables; `word` is the word before it.
fn joined(
    text: &str,
    (start, end): (usize, usize),
    word: Option<(usize, usize)>,
    names: &mut dyn Names,
) -> Option<Joined> {
    if !text[start..end].starts_with('\'') {
        return None;
    }
    let mut variables = Vec::new();
    let mut at = start + 1;
    while let Some(colon) = text[at..end].find(':').map(|i| at + i) {
        let length = name_length(&text[colon + 1..end]);
        at = colon + 1 + length;
        if length == 0 {
            // Of `::` neither is a variable's.
            at += text[at..end].len() - text[at..end].trim_start_matches(':').len();
            at += name_length(&text[at..end]);
            continue;
        }
        let name = &text[colon + 1..at];
        if let (true, Some(number)) = (names.replaces_in_quotes(name), names.number(name)) {
            variables.push((colon, at, number));
        }
    }
    let typed = word.filter(|(a, b)| TYPE_WORDS.contains(&text[*a..*b].to_ascii_lowercase().as_str()));
    let (start, open, close) = match typed {
        Some((a, b)) => (a, "cast((".to_owned(), format!(") as {})", &text[a..b])),
        None => (start, "(".to_owned(), ")".to_owned()),
    };
    (!variables.is_empty()).then_some(Joined { start, open, close, variables })
}

/// Rewrites `text`, whose places are given by `origin`; a final semicolon goes.
///
/// # Errors
/// An undefined variable, or a `$n` beyond the variables, at its place; the file's text is not
/// filled in.
pub(super) fn rewrite(text: &str, origin: &TextOrigin, names: &mut dyn Names) -> Result<Rewritten, InputError> {
    let mut sql = String::with_capacity(text.len());
    let mut anchors: Vec<(usize, u32, u32)> = Vec::with_capacity(origin.anchors.len());
    let mut pending = origin.anchors.iter().copied().peekable();
    let mut cursor = Cursor::new(text, origin);
    let mut brackets = 0usize;
    let mut copied = 0;
    let mut word = None;
    // Copies the text up to an offset, with the anchors on the way.
    let mut copy = |sql: &mut String, anchors: &mut Vec<(usize, u32, u32)>, from: usize, to: usize| {
        while let Some((offset, line, column)) = pending.next_if(|a| a.0 < to || (a.0 == 0 && to == 0)) {
            anchors.push((sql.len() + offset.saturating_sub(from), line, column));
        }
        sql.push_str(&text[from..to]);
    };
    let (mut expected, mut counted) = (foreign::Position::START, 0);
    for (piece, start, end) in Scanner::new(text, 0) {
        if start < copied {
            continue;
        }
        if piece == Piece::Other
            && names.foreign()
            && let Some((meaning, length)) = expected.placeholder(&text[start..])
            && let Some(number) = foreign_number(meaning, &mut counted, names, &text[start..start + length])
                .map_err(|e| e.at(origin.locate(text, start)))?
        {
            copy(&mut sql, &mut anchors, copied, start);
            anchors.push(cursor.place(start, sql.len()));
            sql.push_str(&format!("${number}"));
            anchors.push(cursor.place(start + length, sql.len()));
            copied = start + length;
            expected.pass(Piece::Parameter(1), "");
            continue;
        }
        expected.pass(piece, &text[start..end]);
        let before = word;
        if piece == Piece::Word {
            word = Some((start, end));
        } else if !text[start..end].trim().is_empty() {
            word = None;
        }
        match piece {
            Piece::Opaque => {
                let Some(constant) = joined(text, (start, end), before, names) else { continue };
                copy(&mut sql, &mut anchors, copied, constant.start);
                sql.push_str(&constant.open);
                copied = start;
                for (from, to, number) in constant.variables {
                    copy(&mut sql, &mut anchors, copied, from);
                    anchors.push(cursor.place(from, sql.len()));
                    sql.push_str(&format!("' || ${number} || '"));
                    anchors.push(cursor.place(to, sql.len()));
                    copied = to;
                }
                copy(&mut sql, &mut anchors, copied, end);
                sql.push_str(&constant.close);
                anchors.push(cursor.place(end, sql.len()));
                copied = end;
            }
            Piece::Placeholder(_) => {
                let name = &text[start + 1..end];
                let number = match names.number(name) {
                    Some(number) => number,
                    // The second half of an array slice, `a[1:n]`.
                    None if brackets > 0 => continue,
                    None => {
                        let all = names.all();
                        return Err(undefined(name, &all).at(origin.locate(text, start)));
                    }
                };
                copy(&mut sql, &mut anchors, copied, start);
                anchors.push(cursor.place(start, sql.len()));
                sql.push_str(&format!("${number}"));
                anchors.push(cursor.place(end, sql.len()));
                copied = end;
            }
            Piece::Parameter(_) => {
                let number: usize = text[start + 1..end].parse().unwrap_or(0);
                if number == 0 || number > names.len() {
                    let message = format!("`{}` without a variable: {} are listed", &text[start..end], names.len());
                    return Err(InputError::new(message)
                        .at(origin.locate(text, start))
                        .expected("`$1` for the first of the transaction's `variables`, `$2` for the second, ..."));
                }
            }
            Piece::Other if text[start..end].starts_with('[') => brackets += 1,
            Piece::Other if text[start..end].starts_with(']') => brackets = brackets.saturating_sub(1),
            _ => {}
        }
    }
    let end = text.trim_end_matches(|c: char| c == ';' || c.is_whitespace()).len().max(copied);
    copy(&mut sql, &mut anchors, copied, end);
    anchors.sort_by_key(|a| a.0);
    anchors.dedup_by_key(|a| a.0);
    if anchors.first().is_none_or(|a| a.0 > 0) {
        let place = origin.locate(text, 0);
        anchors.insert(0, (0, place.line, place.column));
    }
    Ok(Rewritten { sql, origin: TextOrigin { anchors, ..origin.clone() } })
}

/// The variable that a driver's placeholder means; `None` when it is none after all.
fn foreign_number(
    meaning: foreign::Meaning<'_>,
    counted: &mut usize,
    names: &mut dyn Names,
    written: &str,
) -> Result<Option<usize>, InputError> {
    let place = match meaning {
        foreign::Meaning::Name(name) => {
            return match names.number(name) {
                Some(number) => Ok(Some(number)),
                // `@x` is the absolute value of a column; `%(x)s` is nothing else.
                None if written.starts_with('@') => Ok(None),
                None => Err(undefined(name, &names.all())),
            };
        }
        foreign::Meaning::Place(place) => place,
        foreign::Meaning::Next => {
            *counted += 1;
            *counted
        }
    };
    if place <= names.len() {
        return Ok(Some(place));
    }
    let message = format!("placeholder {place} (`{written}`) without a variable: {} are listed", names.len());
    Err(InputError::new(message).expected("the transaction's `variables` in the order of the placeholders"))
}

/// The error of a variable that is nowhere defined.
pub(super) fn undefined(name: &str, all: &[String]) -> InputError {
    let mut error =
        InputError::new(format!("undefined variable `:{name}`")).nearest_of(name, all.iter().map(String::as_str));
    error.expected = Some(if all.is_empty() {
        "a variable of the transaction's `variables` (there are none)".to_owned()
    } else {
        format!("one of {}", all.iter().map(|n| format!("`:{n}`")).collect::<Vec<_>>().join(", "))
    });
    error
}
