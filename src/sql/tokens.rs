//! A cursor over the tokens of a statement, for what is read without a tree of it.

use std::ops::Range;

use squawk_lexer::TokenKind;

use super::text::fold;
use super::tree::QualifiedName;

/// One token that is neither space nor comment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// The tokens of a part of a text, and where in them the reader is.
#[derive(Clone)]
pub(super) struct Tokens<'a> {
    pub(super) text: &'a str,
    list: Vec<Token>,
    at: usize,
}

impl<'a> Tokens<'a> {
    /// The tokens of `span` of `text`; their offsets are those of `text`.
    pub(super) fn new(text: &'a str, span: Range<usize>) -> Self {
        let mut list = Vec::with_capacity(span.len() / 6);
        let mut start = span.start;
        for token in squawk_lexer::tokenize(&text[span]) {
            let end = start + token.len as usize;
            let trivia =
                matches!(token.kind, TokenKind::Whitespace | TokenKind::LineComment | TokenKind::BlockComment { .. });
            if !trivia && end > start {
                list.push(Token { kind: token.kind, start, end });
            }
            start = end;
        }
        Self { text, list, at: 0 }
    }

    /// The next token.
    pub(super) fn peek(&self) -> Option<Token> {
        self.list.get(self.at).copied()
    }

    /// Takes the next token.
    pub(super) fn next(&mut self) -> Option<Token> {
        let token = self.peek();
        self.at += usize::from(token.is_some());
        token
    }

    /// Where the last token taken ends.
    pub(super) fn taken_to(&self) -> usize {
        self.at.checked_sub(1).and_then(|at| self.list.get(at)).map_or(0, |t| t.end)
    }

    /// Where the last token taken starts.
    pub(super) fn start_of_last(&self) -> usize {
        self.at.checked_sub(1).and_then(|at| self.list.get(at)).map_or(0, |t| t.start)
    }

    /// Where the reader is, for [`Tokens::back_to`].
    pub(super) const fn mark(&self) -> usize {
        self.at
    }

    /// Goes back to a place.
    pub(super) const fn back_to(&mut self, mark: usize) {
        self.at = mark;
    }

    /// Whether all tokens are taken.
    pub(super) fn is_done(&self) -> bool {
        self.at >= self.list.len()
    }

    /// Whether a token is that word, unquoted, in whatever case.
    pub(super) fn is(&self, token: Option<Token>, word: &str) -> bool {
        token.is_some_and(|t| {
            t.kind == TokenKind::Ident
                && t.end - t.start == word.len()
                && self.text[t.start..t.end].eq_ignore_ascii_case(word)
        })
    }

    /// Whether a token is one of these words.
    pub(super) fn is_any(&self, token: Option<Token>, words: &[&str]) -> bool {
        words.iter().any(|word| self.is(token, word))
    }

    /// Takes the next token when it is that word.
    pub(super) fn take(&mut self, word: &str) -> bool {
        let found = self.is(self.peek(), word);
        self.at += usize::from(found);
        found
    }

    /// Takes all of these words, or none.
    pub(super) fn take_all(&mut self, words: &[&str]) -> bool {
        let from = self.at;
        let found = words.iter().all(|word| self.take(word));
        if !found {
            self.at = from;
        }
        found
    }

    /// Takes the next token when it is of that kind.
    pub(super) fn symbol(&mut self, kind: TokenKind) -> bool {
        let found = self.peek().is_some_and(|t| t.kind == kind);
        self.at += usize::from(found);
        found
    }

    /// Takes a name, quoted or not; any word counts as one.
    pub(super) fn name(&mut self) -> Option<String> {
        let token = self.peek().filter(|t| matches!(t.kind, TokenKind::Ident | TokenKind::QuotedIdent { .. }))?;
        self.at += 1;
        Some(fold(&self.text[token.start..token.end]))
    }

    /// Takes a name with the names in front of it; that of a database is dropped.
    pub(super) fn qualified(&mut self) -> Option<QualifiedName> {
        let mut path = self.path()?;
        Some(QualifiedName { name: path.pop()?, schema: path.pop() })
    }

    /// Takes names with dots between them; at least one.
    pub(super) fn path(&mut self) -> Option<Vec<String>> {
        let mut path = vec![self.name()?];
        while self.symbol(TokenKind::Dot) {
            path.push(self.name()?);
        }
        Some(path)
    }

    /// Takes what stands in parentheses, with them; gives the range between, to the end when they never close.
    pub(super) fn parentheses(&mut self) -> Option<Range<usize>> {
        if !self.symbol(TokenKind::OpenParen) {
            return None;
        }
        let start = self.taken_to();
        let mut depth = 1;
        while let Some(token) = self.next() {
            match token.kind {
                TokenKind::OpenParen => depth += 1,
                TokenKind::CloseParen => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return Some(start..token.start);
            }
        }
        Some(start..self.taken_to())
    }
}

/// The parts of a range of a text between commas that stand in no parentheses; each without the space and the
/// comments around it, empty where there is nothing.
pub(super) fn between_commas(text: &str, span: Range<usize>) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    let (mut depth, mut part) = (0usize, None::<Range<usize>>);
    let mut tokens = Tokens::new(text, span.clone());
    let mut last = span.start;
    while let Some(token) = tokens.next() {
        match token.kind {
            TokenKind::OpenParen | TokenKind::OpenBracket => depth += 1,
            TokenKind::CloseParen | TokenKind::CloseBracket => depth = depth.saturating_sub(1),
            TokenKind::Comma if depth == 0 => {
                parts.push(part.take().unwrap_or(token.start..token.start));
                last = token.end;
                continue;
            }
            _ => {}
        }
        part = Some(part.map_or(token.start, |p| p.start)..token.end);
    }
    if part.is_some() || !parts.is_empty() {
        parts.push(part.unwrap_or(last..last));
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_between_commas() {
        let text = "a, b (c, d) 'x, y', -- e, f\n \"g,\" , , $$h,$$ array[1, 2] /* , */";
        let parts: Vec<_> = between_commas(text, 0..text.len()).into_iter().map(|p| &text[p]).collect();
        assert_eq!(parts, ["a", "b (c, d) 'x, y'", "\"g,\"", "", "$$h,$$ array[1, 2]"]);
        assert!(between_commas("  ", 0..2).is_empty());
    }

    #[test]
    fn names_and_parentheses() {
        let text = "Create TABLE db.\"My S\".T (a (b)) rest";
        let mut tokens = Tokens::new(text, 0..text.len());
        assert!(tokens.take_all(&["create", "table"]) && !tokens.take_all(&["db", "x"]));
        assert_eq!(tokens.qualified(), Some(QualifiedName { schema: Some("My S".into()), name: "t".into() }));
        assert_eq!(tokens.parentheses().map(|p| &text[p]), Some("a (b)"));
        assert!(tokens.take("rest") && tokens.is_done());
    }
}
