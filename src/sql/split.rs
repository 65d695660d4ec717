//! Splits a script into statements the way psql does, keeping byte offsets.
//!
//! One statement that nobody can read must not sink the file, so statements are cut out before they
//! are parsed. Follows psql's lexer (psqlscan.l): quotes, E'' escapes, dollar quotes, nested
//! comments, BEGIN ATOMIC bodies, COPY data and backslash commands. One pass, linear time.

#[cfg(test)]
mod tests;

use std::ops::Range;

use super::depth::Depth;

/// What a piece of a script is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PieceKind {
    /// An SQL statement, without its semicolon.
    Statement,
    /// A psql meta-command (`\restrict ...`), to the end of its line.
    Meta,
    /// The data lines after `COPY ... FROM stdin`, with the closing `\.`.
    CopyData,
}

/// A piece of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// What it is.
    pub kind: PieceKind,
    /// Byte range in the script, from its first token to its last; comments around it left out.
    pub span: Range<usize>,
    /// Whether a quote or comment in it was still open at the end of the script.
    pub unterminated: bool,
    /// How deep its parentheses, brackets and CASEs nest.
    pub nesting: usize,
    /// How deep a recursive parser may have to go: nesting and chains of operators, joins and set
    /// operations together.
    pub depth: usize,
}

impl Piece {
    const fn other(kind: PieceKind, span: Range<usize>, unterminated: bool) -> Self {
        Self { kind, span, unterminated, nesting: 0, depth: 0 }
    }
}

/// Splits `text` into its statements, meta-commands and COPY data, in order.
///
/// Never fails: what is unterminated at the end is the last piece.
#[must_use]
pub fn split(text: &str) -> Vec<Piece> {
    Splitter { text, bytes: text.as_bytes(), at: 0, pieces: Vec::new() }.run()
}

/// What the splitter must remember of the statement it is in.
#[derive(Default)]
struct Current<'a> {
    /// Offset of the first token.
    start: Option<usize>,
    /// Offset after the last token.
    end: usize,
    /// The first words: enough to tell CREATE OR REPLACE FUNCTION and COPY.
    words: [&'a str; 8],
    /// How many of them there are.
    word_count: usize,
    /// How many BEGIN ATOMIC and CASE are open inside a routine's body.
    begin_depth: usize,
    /// Open parentheses.
    parens: usize,
    /// How deep its parts nest.
    depth: Depth,
    /// Offset after the last operator symbol; the next one there belongs to the same operator.
    operator_end: usize,
    /// Whether the last two words were FROM STDIN, in a COPY.
    from_stdin: bool,
    /// The last word.
    last_word: &'a str,
}

impl Current<'_> {
    /// Takes note of a symbol that ends at `end`.
    fn symbol(&mut self, byte: u8, end: usize) {
        match byte {
            b'(' | b'[' => self.depth.open(),
            b')' | b']' => self.depth.close(),
            b',' => self.depth.separate(),
            b'+' | b'-' | b'*' | b'/' | b'<' | b'>' | b'=' | b'~' | b'!' | b'@' | b'#' | b'%' | b'^' | b'&' | b'|'
            | b'`' | b'?' | b':' => {
                // A sign after an operator may be an operator of its own.
                if self.operator_end + 1 != end || matches!(byte, b'+' | b'-') {
                    self.depth.operator();
                }
                self.operator_end = end;
            }
            _ => {}
        }
        match byte {
            b'(' => self.parens += 1,
            b')' => self.parens = self.parens.saturating_sub(1),
            _ => {}
        }
    }

    /// Whether the statement is CREATE [OR REPLACE] FUNCTION or PROCEDURE, whose body may be SQL.
    fn is_routine(&self) -> bool {
        let is = |at: usize, word: &str| self.words[at].eq_ignore_ascii_case(word);
        let kind = if is(1, "or") && is(2, "replace") { 3 } else { 1 };
        is(0, "create") && (is(kind, "function") || is(kind, "procedure"))
    }

    /// Whether semicolons in parentheses belong to the statement: only CREATE RULE has them.
    fn is_rule(&self) -> bool {
        self.words[0].eq_ignore_ascii_case("create") && self.words.iter().any(|w| w.eq_ignore_ascii_case("rule"))
    }
}

struct Splitter<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    pieces: Vec<Piece>,
}

impl<'a> Splitter<'a> {
    fn run(mut self) -> Vec<Piece> {
        let mut current = Current::default();
        while let Some(&byte) = self.bytes.get(self.at) {
            let start = self.at;
            let closed = match byte {
                b' ' | b'\t' | b'\n' | b'\r' | 0x0c | 0x0b => {
                    self.at += 1;
                    continue;
                }
                b'-' if self.peek(1) == Some(b'-') => {
                    self.skip_line();
                    continue;
                }
                b'/' if self.peek(1) == Some(b'*') => {
                    if self.skip_comment() {
                        continue;
                    }
                    // An open comment is part of what cannot be read; alone it is nothing.
                    if current.start.is_none() {
                        break;
                    }
                    false
                }
                b'\\' => {
                    self.finish(&mut current, false);
                    self.skip_line();
                    let end = start + self.text[start..self.at].trim_end().len();
                    self.pieces.push(Piece::other(PieceKind::Meta, start..end, false));
                    continue;
                }
                b';' if current.begin_depth == 0 && (current.parens == 0 || !current.is_rule()) => {
                    self.at += 1;
                    let data = current.from_stdin;
                    self.finish(&mut current, false);
                    if data {
                        self.copy_data();
                    }
                    continue;
                }
                b'\'' => {
                    self.at += 1;
                    self.skip_quoted(b'\'', false)
                }
                b'"' => {
                    self.at += 1;
                    self.skip_quoted(b'"', false)
                }
                b'$' => self.skip_dollar(),
                _ if is_word_start(byte) => self.word(&mut current),
                _ => {
                    self.at += 1;
                    current.symbol(byte, self.at);
                    true
                }
            };
            current.start.get_or_insert(start);
            current.end = self.at;
            if !closed {
                self.finish(&mut current, true);
            }
        }
        self.finish(&mut current, false);
        self.pieces
    }

    fn peek(&self, ahead: usize) -> Option<u8> {
        self.bytes.get(self.at + ahead).copied()
    }

    fn finish(&mut self, current: &mut Current<'a>, unterminated: bool) {
        let done = std::mem::take(current);
        if let Some(start) = done.start {
            self.pieces.push(Piece {
                kind: PieceKind::Statement,
                span: start..done.end,
                unterminated,
                nesting: done.depth.nesting(),
                depth: done.depth.deepest(),
            });
        }
    }

    fn skip_line(&mut self) {
        self.at = self.bytes[self.at..].iter().position(|b| *b == b'\n').map_or(self.bytes.len(), |n| self.at + n);
    }

    /// Skips a comment with those nested in it; false when it never ends.
    fn skip_comment(&mut self) -> bool {
        let mut depth = 0usize;
        while self.at < self.bytes.len() {
            match (self.bytes[self.at], self.peek(1)) {
                (b'/', Some(b'*')) => {
                    depth += 1;
                    self.at += 2;
                }
                (b'*', Some(b'/')) => {
                    depth -= 1;
                    self.at += 2;
                    if depth == 0 {
                        return true;
                    }
                }
                _ => self.at += 1,
            }
        }
        false
    }

    /// Skips to after the closing quote; a doubled quote is part of the text. False when it never ends.
    fn skip_quoted(&mut self, quote: u8, backslashes: bool) -> bool {
        while let Some(&byte) = self.bytes.get(self.at) {
            self.at += 1;
            if byte == b'\\' && backslashes {
                self.at = (self.at + 1).min(self.bytes.len());
            } else if byte == quote {
                if self.peek(0) == Some(quote) {
                    self.at += 1;
                } else {
                    return true;
                }
            }
        }
        false
    }

    /// Skips a dollar quote, or a lone dollar sign (a parameter); false when it never ends.
    fn skip_dollar(&mut self) -> bool {
        let start = self.at;
        let mut end = start + 1;
        while self.bytes.get(end).is_some_and(|b| is_word_start(*b) || (end > start + 1 && b.is_ascii_digit())) {
            end += 1;
        }
        if self.bytes.get(end) != Some(&b'$') {
            self.at = end;
            return true;
        }
        let tag = &self.text[start..=end];
        match self.text[end + 1..].find(tag) {
            Some(found) => {
                self.at = end + 1 + found + tag.len();
                true
            }
            None => {
                self.at = self.bytes.len();
                false
            }
        }
    }

    /// Reads a word; E'' strings start as one.
    fn word(&mut self, current: &mut Current<'a>) -> bool {
        let start = self.at;
        let text: &'a str = self.text;
        while self.peek(0).is_some_and(|b| is_word_start(b) || b.is_ascii_digit() || b == b'$') {
            self.at += 1;
        }
        let word = &text[start..self.at];
        if self.peek(0) == Some(b'\'') && word.eq_ignore_ascii_case("e") {
            self.at += 1;
            return self.skip_quoted(b'\'', true);
        }
        // No keyword that matters is longer.
        let mut buffer = [0u8; 16];
        let folded = match buffer.get_mut(..word.len()) {
            Some(folded) => {
                folded.copy_from_slice(word.as_bytes());
                folded.make_ascii_lowercase();
                std::str::from_utf8(folded).unwrap_or("")
            }
            None => "",
        };
        if current.parens == 0 && current.is_routine() {
            let after_begin = current.last_word.eq_ignore_ascii_case("begin");
            match folded {
                "begin" if current.begin_depth == 0 => {}
                "atomic" if current.begin_depth == 0 && after_begin => current.begin_depth = 1,
                "begin" | "case" if current.begin_depth > 0 => current.begin_depth += 1,
                "end" => current.begin_depth = current.begin_depth.saturating_sub(1),
                _ => {}
            }
        }
        current.depth.word(folded);
        current.from_stdin |= folded == "stdin"
            && current.last_word.eq_ignore_ascii_case("from")
            && current.words[0].eq_ignore_ascii_case("copy");
        if let Some(place) = current.words.get_mut(current.word_count) {
            *place = word;
            current.word_count += 1;
        }
        current.last_word = word;
        true
    }

    /// Takes the lines after COPY ... FROM stdin up to `\.`.
    fn copy_data(&mut self) {
        self.skip_line();
        self.at = (self.at + 1).min(self.bytes.len());
        let start = self.at;
        while self.at < self.bytes.len() {
            let line = self.at;
            self.skip_line();
            let last = self.text[line..self.at].trim_end() == "\\.";
            let end = self.at;
            self.at = (self.at + 1).min(self.bytes.len());
            if last {
                self.pieces.push(Piece::other(PieceKind::CopyData, start..end, false));
                return;
            }
        }
        self.pieces.push(Piece::other(PieceKind::CopyData, start..self.at, true));
    }
}

/// Whether a byte can start a word; all bytes above ASCII can, as in PostgreSQL's scan.l.
fn is_word_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80
}
