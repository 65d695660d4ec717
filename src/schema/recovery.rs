//! Where a statement that cannot be read seems to end, so that it takes no other with it.

use crate::sql::Piece;

/// How statements of a schema start.
const STARTS: &[&str] = &["create ", "alter ", "comment ", "set ", "drop ", "grant ", "insert ", "copy "];

/// Where the next statement seems to start inside one that cannot be read: at a line that starts with
/// CREATE, ALTER, COMMENT, SET or DROP, after a line that ends in a semicolon (which an unclosed quote has
/// taken in) or, for CREATE and ALTER, after a closing parenthesis (a semicolon is missing).
pub(super) fn hidden_statement(text: &str, piece: &Piece) -> Option<usize> {
    let mut last = '(';
    let mut at = piece.span.start;
    for line in text[piece.span.clone()].split_inclusive('\n') {
        let starts = |word: &&&str| line.get(..word.len()).is_some_and(|l| l.eq_ignore_ascii_case(word));
        let found = match last {
            ';' => STARTS.iter().find(starts),
            ')' if !piece.unterminated => STARTS.iter().take(2).find(starts),
            _ => None,
        };
        if found.is_some() && at > piece.span.start {
            return Some(at);
        }
        let code = line.trim_end();
        if !code.is_empty() && !code.starts_with("--") {
            last = code.chars().next_back().unwrap_or('(');
        }
        at += line.len();
    }
    None
}
