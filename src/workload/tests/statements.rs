//! Statements of a workload file: their transactions, placeholders and places.

use super::invalid::fails;
use super::*;

/// The SQL of each statement of the only transaction, `BEGIN` and its kin by their names.
fn steps(lines: &str) -> Vec<String> {
    let w = read(&with_transaction(lines)).unwrap();
    let text = |s: &Step| match &s.kind {
        StepKind::Statement(t) => t.sql.clone(),
        other => format!("{other:?}"),
    };
    w.transactions[0].steps.iter().map(text).collect()
}

#[test]
fn begin_and_commit_are_made_explicit() {
    assert_eq!(steps("    statements: [{sql: SELECT 1}]\n"), ["SELECT 1"]);
    assert_eq!(steps("    statements: [{sql: SELECT 1}, {sleep: 1ms}]\n"), ["SELECT 1", "Sleep(Seconds(0.001))"]);
    assert_eq!(steps("    statements: [{sql: SELECT 1, repeat: 2}]\n"), ["Begin", "SELECT 1", "Commit"]);
    assert_eq!(steps("    statements: [{sql: SELECT 1, repeat: 0.5}]\n"), ["SELECT 1"]);
    assert_eq!(
        steps("    statements: [{sql: SELECT 1}, {sql: SELECT 2}]\n"),
        ["Begin", "SELECT 1", "SELECT 2", "Commit"]
    );
    assert_eq!(
        steps("    statements: [{sql: BEGIN}, {sql: SELECT 1}, {sql: SELECT 2}, {sql: END}, {sql: SELECT 3}]\n"),
        ["Begin", "SELECT 1", "SELECT 2", "Commit", "SELECT 3"]
    );
}

#[test]
fn placeholders_are_only_placeholders() {
    let vars = "    variables: {a: {value: 1}, b_2: {value: x}}\n    statements:\n      - sql: ";
    for (sql, rewritten) in [
        ("SELECT :a, :b_2", "SELECT $1, $2"),
        ("SELECT ':a', \":a\", :a -- :zz", "SELECT ':a', \":a\", $1 -- :zz"),
        ("SELECT x::int, :a::int, y[1:2], y[:a:3], y[1:n]", "SELECT x::int, $1::int, y[1:2], y[$1:3], y[1:n]"),
        (
            "SELECT $$ :zz $$, $t$ :zz $t$, E'\\' :zz', 'it''s :zz' /* :zz /* :zz */ :zz */, :a",
            "SELECT $$ :zz $$, $t$ :zz $t$, E'\\' :zz', 'it''s :zz' /* :zz /* :zz */ :zz */, $1",
        ),
        ("SELECT f(x := :a), '12:30:00', $2;", "SELECT f(x := $1), '12:30:00', $2"),
        ("SELECT a:b", ""),
        ("SELECT 12:30", "SELECT 12:30"),
    ] {
        let lines = format!("{vars}|\n          {sql}\n");
        if rewritten.is_empty() {
            assert!(fails(&with_transaction(&lines)).contains("undefined variable `:b`"));
        } else {
            assert_eq!(steps(&lines), [rewritten], "{sql}");
        }
    }
}

/// Offsets after a placeholder must still lead to the character in the file.
#[test]
fn places_survive_the_rewriting() {
    for scalar in [
        "SELECT :a, :b_2 FROM zz WHERE :a > 0",
        "|\n          SELECT :a,\n            :b_2\n          FROM  zz",
        "'SELECT ''x'', :a, :b_2\n          FROM zz'",
    ] {
        let text = with_transaction(&format!(
            "    variables: {{a: {{value: 1}}, b_2: {{value: x}}}}\n    statements:\n      - sql: {scalar}\n"
        ));
        let w = read(&text).unwrap();
        let StepKind::Statement(statement) = &w.transactions[0].steps[0].kind else { panic!() };
        for (wanted, in_sql) in [("zz", "zz"), (":b_2", "$2"), ("SELECT", "SELECT"), ("FROM", "FROM")] {
            let at = text.rfind(wanted).unwrap();
            let line = text[..at].matches('\n').count() + 1;
            let column = at - text[..at].rfind('\n').unwrap();
            let place = statement.origin.locate(&statement.sql, statement.sql.find(in_sql).unwrap());
            assert_eq!((place.line as usize, place.column as usize), (line, column), "{wanted} in {scalar:?}");
        }
    }
}

#[test]
fn drivers_placeholders_stand_where_an_operand_does() {
    let vars = "    variables: {a: {value: 1}, p2: {value: x}}\n    statements:\n      - sql: ";
    for (sql, rewritten) in [
        ("SELECT x FROM t WHERE a = %s AND b IN (%s)", "SELECT x FROM t WHERE a = $1 AND b IN ($2)"),
        ("SELECT x FROM t WHERE a = %(p2)s LIMIT %(a)s", "SELECT x FROM t WHERE a = $2 LIMIT $1"),
        ("SELECT x FROM t WHERE a = ? AND b LIKE ?", "SELECT x FROM t WHERE a = $1 AND b LIKE $2"),
        ("SELECT x FROM t WHERE a = @p2 AND b = @a", "SELECT x FROM t WHERE a = $2 AND b = $1"),
        // Operators stay operators: modulo, jsonb's key tests, absolute value, containment.
        (
            "SELECT n % s, d ? 'k', d ?| l, @ n FROM t WHERE d <@ e",
            "SELECT n % s, d ? 'k', d ?| l, @ n FROM t WHERE d <@ e",
        ),
        ("SELECT '%s ? @a' FROM t WHERE d ? ?", "SELECT '%s ? @a' FROM t WHERE d ? $1"),
    ] {
        assert_eq!(steps(&format!("{vars}\"{sql}\"\n")), [rewritten], "{sql}");
    }
    let missing = format!("{vars}\"SELECT ?, ?, ?\"\n");
    assert!(fails(&with_transaction(&missing)).contains("placeholder 3 (`?`) without a variable: 2 are listed"));
    let unknown = format!("{vars}\"SELECT %(zz)s\"\n");
    assert!(fails(&with_transaction(&unknown)).contains("undefined variable"));
}
