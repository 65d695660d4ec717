//! Statements that begin and end transactions.

use super::placeholder::{Piece, Scanner};
use super::{Isolation, StepKind};

/// The first words of a statement, in lower case.
pub(super) fn first_words(text: &str, count: usize) -> Vec<String> {
    Scanner::new(text, 0)
        .filter(|(piece, ..)| *piece == Piece::Word)
        .take(count)
        .map(|(_, start, end)| text[start..end].to_ascii_lowercase())
        .collect()
}

/// The isolation level that a BEGIN or SET TRANSACTION names.
pub(super) fn named_isolation(text: &str) -> Option<Isolation> {
    let words = first_words(text, 12);
    let at = words.windows(2).position(|w| w[0] == "isolation" && w[1] == "level")?;
    match (words.get(at + 2).map(String::as_str), words.get(at + 3).map(String::as_str)) {
        (Some("serializable"), _) => Some(Isolation::Serializable),
        (Some("repeatable"), Some("read")) => Some(Isolation::RepeatableRead),
        (Some("read"), _) => Some(Isolation::ReadCommitted),
        _ => None,
    }
}

/// BEGIN, COMMIT and ROLLBACK in all their spellings; an isolation level named there is noted.
pub(super) fn control(text: &str, isolation: &mut Option<Isolation>) -> Option<StepKind> {
    // Nearly every statement is none of these: look at the first letter before anything else.
    let first = text.trim_start().chars().next()?.to_ascii_lowercase();
    if !matches!(first, 'b' | 's' | 'c' | 'e' | 'r' | 'a' | '-' | '/') {
        return None;
    }
    let words = first_words(text, 3);
    let word = |i: usize| words.get(i).map_or("", String::as_str);
    match (word(0), word(1)) {
        ("begin", _) | ("start", "transaction") => {
            *isolation = named_isolation(text).or(*isolation);
            Some(StepKind::Begin)
        }
        ("commit", "prepared") | ("rollback", "prepared" | "to") => None,
        ("rollback", _) if word(2) == "to" => None,
        ("commit" | "end", _) => Some(StepKind::Commit),
        ("rollback" | "abort", _) => Some(StepKind::Rollback),
        ("set", "transaction") | ("set", "session") => {
            *isolation = named_isolation(text).or(*isolation);
            None
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings() {
        let read = |text: &str| {
            let mut isolation = None;
            (control(text, &mut isolation).map(|k| format!("{k:?}")).unwrap_or_default(), isolation)
        };
        let plain = |s: &str| (s.to_owned(), None);
        for text in ["BEGIN", "begin;", " Begin Work", "-- c\nBEGIN", "START TRANSACTION", "/* x */ begin"] {
            assert_eq!(read(text), plain("Begin"), "{text}");
        }
        for text in ["END", "commit", "COMMIT WORK;", "end transaction"] {
            assert_eq!(read(text), plain("Commit"), "{text}");
        }
        for text in ["rollback", "ABORT"] {
            assert_eq!(read(text), plain("Rollback"), "{text}");
        }
        for text in [
            "ROLLBACK TO s",
            "rollback to savepoint s",
            "ROLLBACK WORK TO s",
            "beginning",
            "SELECT 1",
            "COMMIT PREPARED 'x'",
        ] {
            assert_eq!(read(text), plain(""), "{text}");
        }
        assert_eq!(read("BEGIN ISOLATION LEVEL REPEATABLE READ").1, Some(Isolation::RepeatableRead));
        assert_eq!(read("start transaction read write, isolation level serializable").1, Some(Isolation::Serializable));
        assert_eq!(read("BEGIN ISOLATION LEVEL READ COMMITTED").1, Some(Isolation::ReadCommitted));
        assert_eq!(read("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE").1, Some(Isolation::Serializable));
    }
}
