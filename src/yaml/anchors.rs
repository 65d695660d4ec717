//! Where the characters of a scalar stand in its file.
//!
//! A scalar's text differs from the file's: quotes and escapes are gone, lines are folded,
//! indentation is taken away. Walking both side by side finds the places where they part; between
//! two such places one character of the text is one character of the file.

use std::sync::Arc;

use saphyr_parser::ScalarStyle;

/// `(offset in the text, line, column)` of each place where text and file part; `None` when they
/// never do.
pub(super) fn anchors(
    raw: &str,
    text: &str,
    style: ScalarStyle,
    line: u32,
    column: u32,
) -> Option<Arc<[(usize, u32, u32)]>> {
    if raw == text && !raw.contains('\n') {
        return None;
    }
    let mut walk = Walk { raw: raw.chars().peekable(), line, column, style, space: 0 };
    if matches!(style, ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted) {
        walk.next();
    }
    let mut found = vec![(0, walk.line, walk.column)];
    let mut at = 0;
    let mut parted = false;
    while let Some(rest) = text.get(at..)
        && let Some(c) = rest.chars().next()
    {
        if walk.skip_space() {
            // Whatever white space the file has here, the text goes on at its next character.
            at += rest.len() - rest.trim_start().len();
            parted = true;
            if at == text.len() {
                break;
            }
            found.push((at, walk.line, walk.column));
            continue;
        }
        if std::mem::take(&mut parted) && found.last().is_none_or(|f| f.0 != at) {
            found.push((at, walk.line, walk.column));
        }
        match walk.character() {
            None => break,
            Some((_, escaped)) => {
                at += c.len_utf8();
                parted = escaped;
            }
        }
    }
    found.dedup_by_key(|f| f.0);
    Some(found.into())
}

struct Walk<'a> {
    raw: std::iter::Peekable<std::str::Chars<'a>>,
    line: u32,
    column: u32,
    style: ScalarStyle,
    /// White space ahead that is known to hold no line end.
    space: usize,
}

impl Walk<'_> {
    fn next(&mut self) -> Option<char> {
        let c = self.raw.next()?;
        if c == '\n' {
            self.line += 1;
            self.column = 1;
        } else {
            self.column += 1;
        }
        Some(c)
    }

    /// Skips white space when it holds a line end (other space is the same in text and file).
    fn skip_space(&mut self) -> bool {
        if self.space > 0 {
            self.space -= 1;
            return false;
        }
        let ahead = self.raw.clone();
        let space = ahead.take_while(|c| c.is_ascii_whitespace());
        let (count, has_end) = space.fold((0, false), |(n, end), c| (n + 1, end || c == '\n'));
        if !has_end {
            self.space = usize::saturating_sub(count, 1);
            return false;
        }
        for _ in 0..count {
            self.next();
        }
        true
    }

    /// One character of the text, and whether the file spells it differently.
    fn character(&mut self) -> Option<(char, bool)> {
        let c = self.next()?;
        match (self.style, c) {
            (ScalarStyle::SingleQuoted, '\'') => Some((self.next()?, true)),
            (ScalarStyle::DoubleQuoted, '\\') => {
                let kind = self.next()?;
                let digits = match kind {
                    'x' => 2,
                    'u' => 4,
                    'U' => 8,
                    _ => 0,
                };
                for _ in 0..digits {
                    self.next();
                }
                if kind == '\n' {
                    while self.raw.peek().is_some_and(|c| c.is_ascii_whitespace()) {
                        self.next();
                    }
                    return self.character().map(|(c, _)| (c, true));
                }
                Some((kind, true))
            }
            _ => Some((c, false)),
        }
    }
}
