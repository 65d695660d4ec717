//! Scripts as they are split.

use super::*;

fn texts(text: &str) -> Vec<(PieceKind, &str)> {
    split(text).into_iter().map(|p| (p.kind, &text[p.span])).collect()
}

fn statements(text: &str) -> Vec<&str> {
    texts(text).into_iter().filter(|p| p.0 == PieceKind::Statement).map(|p| p.1).collect()
}

#[test]
fn semicolons_in_quotes_and_comments_do_not_split() {
    let text =
        "select 'a;''b', \"c;\"; -- x;\n select E'\\';' /* ; /* ; */ ; */, U&'\\;' ;;select $$;$$, $a$;$$;$a$, $1;";
    assert_eq!(
        statements(text),
        ["select 'a;''b', \"c;\"", "select E'\\';' /* ; /* ; */ ; */, U&'\\;'", "select $$;$$, $a$;$$;$a$, $1"]
    );
}

#[test]
fn routine_bodies_hold_together() {
    let body = "CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT CASE WHEN a THEN 1 END; SELECT 2; END";
    assert_eq!(statements(&format!("{body};\nbegin;select 1;end;")), [body, "begin", "select 1", "end"]);
}

#[test]
fn meta_commands_and_copy_data() {
    let text = "\\restrict abc\nCOPY public.t (a) FROM stdin;\n1;'\t2\n\\.\n\nselect 1;\n\\unrestrict abc\n";
    assert_eq!(
        texts(text),
        [
            (PieceKind::Meta, "\\restrict abc"),
            (PieceKind::Statement, "COPY public.t (a) FROM stdin"),
            (PieceKind::CopyData, "1;'\t2\n\\."),
            (PieceKind::Statement, "select 1"),
            (PieceKind::Meta, "\\unrestrict abc"),
        ]
    );
}

#[test]
fn rules_keep_semicolons_in_parentheses_and_others_do_not() {
    let rule = "CREATE RULE r AS ON INSERT TO t DO ALSO (DELETE FROM a; DELETE FROM b)";
    assert_eq!(
        statements(&format!("{rule}; create table t (a int; create table u (b int);")),
        [rule, "create table t (a int", "create table u (b int)"]
    );
}

#[test]
fn what_is_open_at_the_end_is_the_last_piece() {
    for text in ["select 1; select 'abc; def", "select 1; select $a$ x; $b$", "select 1; select /* x"] {
        let pieces = split(text);
        assert_eq!(pieces.len(), 2, "{text}");
        assert!(pieces[1].unterminated, "{text}");
    }
}

#[test]
fn time_is_linear() {
    // Quadratic behaviour on any of these would take minutes.
    for unit in ["$a$ ", "/* ", "';\n", "$x ", "\\\n", "COPY a FROM stdin;\n", "begin ", "((("] {
        let text = unit.repeat(400_000 / unit.len());
        assert!(!split(&text).is_empty() || unit.starts_with('/'), "{unit}");
    }
}
