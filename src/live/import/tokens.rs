//! The words of a statement, as far as finding out what its parameters are for needs them.

use crate::sql::tree::Span;

/// A piece of a statement; comments and spaces are left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// A word, or a name with dots; folded unless quoted.
    Name(Vec<String>),
    /// `$n`.
    Parameter(usize, Span),
    /// An operator or a mark of punctuation.
    Symbol(String),
    /// A number or a text.
    Constant,
}

impl Token {
    /// The word, if it is a single one.
    pub fn word(&self) -> Option<&str> {
        match self {
            Self::Name(parts) if parts.len() == 1 => parts.first().map(String::as_str),
            _ => None,
        }
    }

    /// Whether it is that word or symbol.
    pub fn is(&self, text: &str) -> bool {
        match self {
            Self::Symbol(s) => s == text,
            _ => self.word() == Some(text),
        }
    }
}

/// Characters that operators are made of.
const OPERATOR: &str = "+-*/<>=~!@#%^&|`?:";

/// Splits a statement.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let mut all = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        let length = if c.is_whitespace() {
            c.len_utf8()
        } else if rest.starts_with("--") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if c == '\'' {
            all.push(Token::Constant);
            closing(rest, '\'')
        } else if c == '"' || c.is_alphabetic() || c == '_' {
            let (parts, length) = name(rest);
            all.push(Token::Name(parts));
            length
        } else if c == '$' && rest[1..].starts_with(|d: char| d.is_ascii_digit()) {
            let digits = rest[1..].find(|d: char| !d.is_ascii_digit()).unwrap_or(rest.len() - 1);
            let number = rest[1..=digits].parse().unwrap_or(0);
            all.push(Token::Parameter(number, at..at + 1 + digits));
            1 + digits
        } else if c.is_ascii_digit() {
            all.push(Token::Constant);
            rest.find(|d: char| !(d.is_ascii_alphanumeric() || d == '.')).unwrap_or(rest.len())
        } else {
            let run = rest.find(|o: char| !OPERATOR.contains(o)).unwrap_or(rest.len()).max(c.len_utf8());
            all.push(Token::Symbol(rest[..run].to_owned()));
            run
        };
        at += length;
    }
    all
}

/// The length of a quoted piece; a doubled quote stands for itself.
fn closing(text: &str, quote: char) -> usize {
    let mut characters = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = characters.next() {
        if c == quote {
            match characters.peek() {
                Some((_, next)) if *next == quote => drop(characters.next()),
                _ => return at + c.len_utf8(),
            }
        }
    }
    text.len()
}

/// The parts of a name and its length.
fn name(text: &str) -> (Vec<String>, usize) {
    let (mut parts, mut at) = (Vec::new(), 0);
    loop {
        let rest = &text[at..];
        if rest.starts_with('"') {
            let length = closing(rest, '"');
            parts.push(rest.get(1..length - 1).unwrap_or_default().replace("\"\"", "\""));
            at += length;
        } else {
            let word = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
            let length = rest.find(|c| !word(c)).unwrap_or(rest.len());
            parts.push(rest[..length].to_lowercase());
            at += length;
        }
        let next = text[at..].strip_prefix('.');
        match next.and_then(|n| n.chars().next()) {
            Some(c) if c == '"' || c.is_alphabetic() || c == '_' => at += 1,
            _ => return (parts, at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits() {
        let all = tokens("SELECT \"A\".b, 'it''s' /* $9 */ FROM Public.t -- $8\nWHERE x>=$12::int4");
        let text: Vec<String> = all
            .iter()
            .map(|t| match t {
                Token::Name(parts) => parts.join("."),
                Token::Parameter(n, span) => format!("${n}@{}", span.start),
                Token::Symbol(s) => s.clone(),
                Token::Constant => "_".to_owned(),
            })
            .collect();
        assert_eq!(text.join(" "), "select A.b , _ from public.t where x >= $12@60 :: int4");
    }

    #[test]
    fn any_text_is_taken() {
        for text in ["'", "\"", "$", "é.", "a.\"", "/*", "--", "$1", "\u{0}'\u{7f}", "..", "1e", "\""] {
            let _ = tokens(text);
        }
    }
}
