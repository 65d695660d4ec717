//! Statements that bear no cost, told by their first words.

/// First words of statements that define nothing with a cost.
const VERBS: &[&str] = &[
    "grant",
    "revoke",
    "comment",
    "insert",
    "update",
    "delete",
    "begin",
    "commit",
    "end",
    "start",
    "analyze",
    "vacuum",
    "copy",
    "reset",
    "show",
    "security",
    "lock",
    "refresh",
    "reindex",
    "cluster",
    "checkpoint",
    "truncate",
    "merge",
    "call",
    "prepare",
    "execute",
    "deallocate",
    "discard",
    "listen",
    "notify",
    "load",
    "reassign",
];

/// What CREATE, ALTER or DROP may be of without any bearing on cost.
const KINDS: &[&str] = &[
    "access",
    "aggregate",
    "cast",
    "collation",
    "conversion",
    "database",
    "default",
    "event",
    "extension",
    "group",
    "language",
    "large",
    "operator",
    "procedural",
    "publication",
    "role",
    "server",
    "statistics",
    "subscription",
    "system",
    "tablespace",
    "text",
    "transform",
    "trusted",
    "user",
];

/// Whether a statement need not be parsed to know that it bears no cost.
pub(super) fn is_harmless(statement: &str) -> bool {
    let mut words = statement.split(|c: char| !c.is_ascii_alphabetic()).filter(|w| !w.is_empty());
    let first = words.next().unwrap_or("");
    let is = |word: &str, of: &[&str]| of.iter().any(|w| w.eq_ignore_ascii_case(word));
    if is(first, VERBS) {
        return true;
    }
    match first.to_ascii_lowercase().as_str() {
        // SELECT ... INTO makes a table.
        "select" => !contains_word(statement, "into"),
        "set" => !contains_word(statement, "search_path"),
        "create" | "alter" | "drop" => {
            let mut kind = words.next().unwrap_or("");
            if kind.eq_ignore_ascii_case("or") {
                kind = words.nth(1).unwrap_or("");
            }
            is(kind, KINDS)
                || (kind.eq_ignore_ascii_case("foreign") && words.next().is_some_and(|w| is(w, &["data"])))
                || (first.eq_ignore_ascii_case("alter") && is_owner_to(statement))
        }
        _ => false,
    }
}

/// ALTER ... OWNER TO role, which pg_dump writes for every object.
fn is_owner_to(statement: &str) -> bool {
    if statement.contains([',', '\'', '"']) {
        return false;
    }
    let mut last = statement.split_whitespace().rev();
    let mut next_is = |word: &str| last.next().is_some_and(|w| word.is_empty() || w.eq_ignore_ascii_case(word));
    next_is("") && next_is("to") && next_is("owner")
}

/// Whether a word stands somewhere in a text, be it in a comment.
fn contains_word(text: &str, word: &str) -> bool {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').any(|w| w.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn told_by_their_first_words() {
        for text in [
            "GRANT ALL ON t TO x",
            "alter table public.t\n OWNER TO joe",
            "CREATE OR REPLACE PROCEDURAL LANGUAGE plperl",
            "CREATE TRUSTED LANGUAGE x",
            "ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO x",
            "CREATE FOREIGN DATA WRAPPER w",
            "SET client_encoding = 'UTF8'",
            "SELECT pg_catalog.setval('s', 1, false)",
            "CREATE STATISTICS s ON a, b FROM t",
        ] {
            assert!(is_harmless(text), "{text}");
        }
        for text in [
            "SELECT 1 AS a INTO t",
            "set search_path = x",
            "CREATE FOREIGN TABLE f (a int) SERVER s",
            "ALTER TABLE t OWNER TO a, ADD b int",
            "ALTER TABLE \"owner to\" ADD b int",
            "CREATE OR REPLACE VIEW v AS SELECT 1",
            "CREATE USERS (a int)",
        ] {
            assert!(!is_harmless(text), "{text}");
        }
    }
}
