//! Tests of the workload reader as a whole.

use super::*;
use crate::diagnostic::InputError;
use crate::units::Seconds;
use crate::yaml::Document;

const TPCB: &str = "\
version: 1
name: tpcb-like
schema: schema.sql
tables:
  pgbench_accounts:
    rows: 5M
    columns:
      filler: {avg_bytes: 85}
  pgbench_tellers: {rows: 500}
  pgbench_branches: {rows: 50}
  pgbench_history: {rows: 0}
transactions:
  - name: tpcb-like
    variables:
      aid: {random: [1, 5M]}
      bid: {random: [1, 50]}
      tid: {random: [1, 500]}
      delta: {random: [-5000, 5000]}
    statements:
      - sql: UPDATE pgbench_accounts SET abalance = abalance + :delta WHERE aid = :aid
      - sql: SELECT abalance FROM pgbench_accounts WHERE aid = :aid;
      - sleep: 2ms
      - sql: >-
          INSERT INTO pgbench_history (tid, bid, aid, delta, mtime)
          VALUES (:tid, :bid, :aid, :delta, CURRENT_TIMESTAMP)
        cpu: 40us
  - name: look
    weight: 9
    variables: {id: {value: 5}}
    statements:
      - sql: SELECT 1 WHERE $1 = 2
clients: 16
think_time: 1.5ms
";

pub(super) fn read(text: &str) -> Result<Workload, InputError> {
    Document::parse("w.yaml", text).and_then(|d| from_document(&d))
}

#[test]
fn tpcb_like() {
    let w = read(TPCB).unwrap();
    assert_eq!(w.load, Load::Closed { clients: 16, think_time: Seconds(1.5e-3) });
    let accounts = crate::schema::TableName { schema: "public".into(), name: "pgbench_accounts".into() };
    assert_eq!(w.tables[&accounts].rows, 5e6);
    assert_eq!(w.tables[&accounts].columns["filler"].avg_bytes, Some(85.0));
    let [tpcb, look] = &w.transactions[..] else { panic!() };
    assert_eq!(tpcb.variables[3].distribution, Distribution::Uniform { lo: -5000.0, hi: 5000.0 });
    let kinds: Vec<String> = tpcb
        .steps
        .iter()
        .map(|s| match &s.kind {
            StepKind::Statement(t) => t.sql.clone(),
            other => format!("{other:?}"),
        })
        .collect();
    assert_eq!(
        kinds,
        [
            "Begin",
            "UPDATE pgbench_accounts SET abalance = abalance + $4 WHERE aid = $1",
            "SELECT abalance FROM pgbench_accounts WHERE aid = $1",
            "Sleep(Seconds(0.002))",
            "INSERT INTO pgbench_history (tid, bid, aid, delta, mtime) VALUES ($3, $2, $1, $4, CURRENT_TIMESTAMP)",
            "Commit",
        ]
    );
    let StepKind::Statement(insert) = &tpcb.steps[4].kind else { panic!() };
    assert_eq!(insert.cpu, Some(Seconds(40e-6)));
    // `CURRENT_TIMESTAMP` is on the second line of the folded text; found by hand in the text above.
    let at = insert.origin.locate(&insert.sql, insert.sql.find("CURRENT").unwrap());
    assert_eq!(
        (at.to_string().as_str(), at.path.as_deref()),
        ("w.yaml:25:45", Some("transactions[0].statements[3].sql"))
    );
    assert_eq!(look.steps.len(), 1, "a single statement is its own transaction");
    assert_eq!(look.weight, 9.0);
    assert!(w.warnings.is_empty());
}

/// Head and tail that make a whole file of one transaction's lines, or of lines at the top.
fn with_transaction(lines: &str) -> String {
    format!("version: 1\nclients: 1\ntransactions:\n  - name: a\n{lines}")
}

/// `line:column message | expected | nearest` of an error.
fn fails(text: &str) -> String {
    let e = read(text).unwrap_err();
    let p = e.position.unwrap_or_else(|| panic!("no position: {}", e.message));
    format!(
        "{}:{} {} | {} | {}",
        p.line,
        p.column,
        e.message,
        e.expected.unwrap_or_default(),
        e.nearest.unwrap_or_default()
    )
}

#[test]
fn bad_files_are_answered_with_place_and_expectation() {
    const ONE: &str = "transactions: [{name: a, statements: [{sql: SELECT 1}]}]\n";
    for (head, answer) in [
        (
            "clients: 1\nclents: 1\n",
            "2:1 unknown key `clents` | one of `version`, `name`, `schema`, `database`, `tables`, `transactions`, `clients`, `rate`, `think_time`, `protocol`, `observed`, `connections` | clients",
        ),
        ("clients: 0\n", "1:10 `clients` cannot be 0 | a whole number from 1 to 1000000000 | "),
        ("clients: 1.5\n", "1:10 `clients` cannot be 1.5 | a whole number from 1 to 1000000000 | "),
        ("clients: -4\n", "1:10 `clients` cannot be -4 | a whole number from 1 to 1000000000 | "),
        ("clients: many\n", "1:10 `many` is not a number | a number | "),
        ("clients: .nan\n", "1:10 `.nan` is not a finite number | a number | "),
        ("clients: .inf\n", "1:10 `.inf` is not a finite number | a number | "),
        ("clients: [1, 2]\n", "1:10 a list where it cannot be | a number | "),
        ("rate: 0/s\n", "1:7 `rate` cannot be 0 | a value above 0 | "),
        ("rate: -5/s\n", "1:7 `-5/s` is negative | a rate, such as `500/s` | "),
        ("rate: 500/sec\n", "1:7 unknown unit `/sec` in `500/sec` | a rate, such as `500/s` | 500/s"),
        (
            "clients: 1\nrate: 5/s\n",
            "2:7 both `clients` and `rate` are given | `clients` for a closed load, or `rate` for an open one | ",
        ),
        (
            "version: 1\n",
            "1:1 neither `clients` nor `rate` is given | `clients: 16` for a closed load, or `rate: 500/s` for an open one | ",
        ),
        ("clients: 1\nversion: 2\n", "2:10 version 2 is not supported | `version: 1` | "),
        (
            "clients: 1\nthink_time: 5 parsecs\n",
            "2:13 unknown unit `parsecs` in `5 parsecs` | a duration, such as `150us`, `2ms`, `1.5s` or `5min` | ",
        ),
        (
            "clients: 1\nthink_time: -1ms\n",
            "2:13 `-1ms` is negative | a duration, such as `150us`, `2ms`, `1.5s` or `5min` | ",
        ),
        (
            "clients: 1\nprotocol: perpared\n",
            "2:11 unknown value `perpared` | one of `simple`, `extended`, `prepared` | prepared",
        ),
        ("clients: 1\nconnections: {pool: 0}\n", "2:21 `pool` cannot be 0 | a whole number from 1 to 1000000000 | "),
        ("clients: 1\nconnections: {reconnect: onn}\n", "2:26 `onn` is not a switch | `on` or `off` | on"),
        (
            "clients: 1\nobserved: [{clients: 4}]\n",
            "2:12 a measurement that measures nothing | at least one of `tps`, `latency`, `server_cpu` | ",
        ),
        ("clients: 1\nobserved: [{tps: 0}]\n", "2:18 `tps` cannot be 0 | a value above 0 | "),
        ("clients: 1\nobserved: [{server_cpu: 45}]\n", "2:25 `45` is not between 0 and 1 | a share between 0 and 1 | "),
        (
            "clients: 1\ntables: {t: {rows: -1}}\n",
            "2:20 `-1` is negative | a count, such as `5000000`, `5M` or `20k` | ",
        ),
        (
            "clients: 1\ntables: {t: {rows: 5m}}\n",
            "2:20 unknown unit `m` in `5m` | a count, such as `5000000`, `5M` or `20k` | 5M",
        ),
        ("clients: 1\ntables: {t: {pages: 1}}\n", "2:13 missing key `rows` |  | "),
        (
            "clients: 1\ntables: {t: {row: 1}}\n",
            "2:14 unknown key `row` | one of `rows`, `pages`, `dead_rows`, `all_visible`, `columns`, `expressions` | rows",
        ),
        (
            "clients: 1\ntables: {a.b.c: {rows: 1}}\n",
            "2:10 `a.b.c` is not the name of a table | a table's name as in SQL, such as `accounts`, `crm.contacts` or `\"Mixed Case\"` in quotes of its own | ",
        ),
        ("clients: 1\ntables: {T: {rows: 1}, t: {rows: 1}}\n", "2:24 table `t` stands here twice |  | "),
        (
            "clients: 1\ntables: {t: {rows: 1, all_visible: 1.5}}\n",
            "2:36 `1.5` is not between 0 and 1 | a share between 0 and 1 | ",
        ),
    ] {
        assert_eq!(fails(&format!("{head}{ONE}")), answer, "{head}");
    }
    for (column, answer) in [
        ("{distinct: -2}", "`-2` is out of range | a count, or a negative fraction of the rows down to -1 | "),
        ("{correlation: 2}", "`2` is out of range | a number from -1 to 1 | "),
        ("{null_fraction: -0.1}", "`-0.1` is not between 0 and 1 | a share between 0 and 1 | "),
        ("{most_common: {a: 0.7, b: 0.7}}", "the frequencies add up to 1.4000 | at most 1 together | "),
        ("{min: 5, max: 1}", "the range is reversed: max 1 is below min 5 | a value of at least 5 | "),
        ("{histogram: [1, 3, 2]}", "histogram bounds must not fall: 2 comes after 3 | bounds in increasing order | "),
        (
            "{avg_bites: 3}",
            "unknown key `avg_bites` | one of `avg_bytes`, `distinct`, `null_fraction`, `correlation`, `most_common`, `min`, `max`, `histogram`, `elements` | avg_bytes",
        ),
    ] {
        let text = format!("clients: 1\ntables: {{t: {{rows: 1, columns: {{c: {column}}}}}}}\n{ONE}");
        let got = fails(&text);
        assert_eq!(got.split_once(' ').unwrap().1, answer, "{column}");
        assert!(got.starts_with("2:"), "{got}");
    }
}

#[test]
fn bad_transactions_are_answered_with_place_and_expectation() {
    for (lines, answer) in [
        (
            "    statments: []\n",
            "5:5 unknown key `statments` | one of `name`, `weight`, `isolation`, `variables`, `statements`, `script`, `on_conflict` | statements",
        ),
        ("    statements: []\n", "5:17 no statements | at least one `sql` | "),
        ("    weight: 1\n", "4:5 a transaction without statements | a key `statements`, or `script` | "),
        (
            "    weight: 0\n    statements: [{sql: SELECT 1}]\n",
            "4:3 the weights of the transactions add up to 0 | a `weight` above 0 for at least one of them | ",
        ),
        (
            "    weight: -1\n    statements: [{sql: SELECT 1}]\n",
            "5:13 `-1` is negative | a count, such as `5000000`, `5M` or `20k` | ",
        ),
        (
            "    isolation: serialisable\n    statements: [{sql: SELECT 1}]\n",
            "5:16 unknown value `serialisable` | one of `read uncommitted`, `read committed`, `repeatable read`, `serializable` | serializable",
        ),
        (
            "    statements: [{sqll: SELECT 1}]\n",
            "5:19 unknown key `sqll` | one of `sql`, `sleep`, `repeat`, `cpu`, `plan` | sql",
        ),
        (
            "    statements: [SELECT 1]\n",
            "5:18 text `SELECT 1` where it cannot be | a mapping with `sql` or `sleep` | ",
        ),
        (
            "    statements: [{sql: SELECT 1, sleep: 1}]\n",
            "5:41 both `sql` and `sleep` in one step | an item of its own: `- sleep: 2ms` | ",
        ),
        (
            "    statements: [{sleep: 1, cpu: 1}]\n",
            "5:34 a sleep costs no server CPU | `sleep`, with or without `repeat` | ",
        ),
        ("    statements: [{sql: ''}]\n", "5:24 an empty statement | one SQL statement | "),
        (
            "    statements: [{sql: SELECT 1, repeat: -1}]\n",
            "5:42 `-1` is negative | a count, such as `5000000`, `5M` or `20k` | ",
        ),
        (
            "    statements:\n      - sql: |\n          SELECT 1;\n          SELECT 2\n",
            "8:11 more than one statement in one `sql` | an item of its own for each statement | ",
        ),
        (
            "    variables: {aid: {random: [1, 5]}}\n    statements:\n      - sql: >-\n          SELECT x\n          FROM t WHERE id = :aidd\n",
            "9:29 undefined variable `:aidd` | one of `:aid` | aid",
        ),
        (
            "    statements: [{sql: 'SELECT $1'}]\n",
            "5:32 `$1` without a variable: 0 are listed | `$1` for the first of the transaction's `variables`, `$2` for the second, ... | ",
        ),
        ("    script: none.sql\n", "5:13 failed to read `none.sql`: No such file or directory (os error 2) |  | "),
        (
            "    script: a.sql\n    statements: [{sql: SELECT 1}]\n",
            "5:13 both `statements` and `script` are given | one of the two | ",
        ),
        (
            "    statements: [{sql: SELECT 1}]\n  - name: a\n    statements: [{sql: SELECT 1}]\n",
            "6:11 a second transaction of the name `a` | a name of its own for each transaction | ",
        ),
        (
            "    statements: [{sql: SELECT 1, plan: p.json}]\n",
            "5:40 failed to read `p.json`: No such file or directory (os error 2) |  | ",
        ),
    ] {
        assert_eq!(fails(&with_transaction(lines)), answer, "{lines}");
    }
    for (variable, answer) in [
        ("{random: [5, 1]}", "the range is reversed: 5 is above 1 | the lower end first: [1, 5] | "),
        ("{random: [1.5, 2]}", "the range from 1.5 to 2 is not of whole numbers | whole numbers | "),
        ("{random: [1]}", "a list of 1 value | a tuple of size 2 | "),
        ("{random_zipfian: [1, 50, 1.0]}", "the zipfian parameter cannot be 1 | a number from 1.001 to 1000 | "),
        ("{random_zipfian: [1, 50, 1001]}", "the zipfian parameter cannot be 1001 | a number from 1.001 to 1000 | "),
        ("{random_gaussian: [1, 50, 1.9]}", "the gaussian parameter cannot be 1.9 | a number of at least 2 | "),
        ("{random_exponential: [1, 50, 0]}", "the exponential parameter cannot be 0 | a number above 0 | "),
        (
            "{random_zipfain: [1, 50, 1.2]}",
            "unknown value `random_zipfain` | one of `random`, `random_zipfian`, `random_gaussian`, `random_exponential`, `value`, `one_of`, `sequence`, `uuid` | random_zipfian",
        ),
        (
            "{one_of: {}}",
            "values whose frequencies add up to 0 | at least one value with a frequency above 0, such as `{open: 0.7, paid: 0.3}` | ",
        ),
        ("{one_of: {a: -1}}", "`-1` is negative | a count, such as `5000000`, `5M` or `20k` | "),
        ("{uuid: v5}", "unknown value `v5` | one of `v4`, `v7` | v4"),
    ] {
        let text =
            with_transaction(&format!("    variables:\n      x: {variable}\n    statements: [{{sql: SELECT 1}}]\n"));
        let got = fails(&text);
        assert_eq!(got.split_once(' ').unwrap().1, answer, "{variable}");
        assert!(got.starts_with("6:"), "{got}");
    }
    assert!(fails("clients: 1\ntransactions: []\n").starts_with("2:15 no transactions"));
    assert!(fails("clients: 1\n").starts_with("1:1 missing key `transactions`"));
    assert!(fails("hello\n").starts_with("1:1 text `hello` where it cannot be | a mapping with `transactions`"));
    assert!(fails("- clients\n").starts_with("1:1 a list where it cannot be | a mapping with `transactions`"));
}

#[test]
fn what_is_valid_at_the_edge() {
    let w = read(
        "rate: 0.5/s\nthink_time: 0\ntables: {t: {rows: 0, columns: {c: {avg_bytes: 0, distinct: -1, null_fraction: 1}}}}\n\
         transactions: [{name: a, statements: [{sql: SELECT 1, cpu: 0}, {sleep: 0ms}]}, {name: b, weight: 0, statements: [{sql: SELECT 2}]}]\n",
    )
    .unwrap();
    assert_eq!(w.load, Load::Open { rate: 0.5 });
    assert!(w.warnings.is_empty());
    let warned = read(&format!(
        "think_time: 5ms\n{}",
        with_transaction("    statements: [{sql: SELECT 1}]\n").replace("clients: 1", "rate: 5/s")
    ))
    .unwrap();
    assert_eq!(warned.warnings.len(), 1);
    assert_eq!(warned.warnings[0].position.as_ref().unwrap().to_string(), "w.yaml:1:13");
}

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
fn every_key_of_the_contract() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("plan.json"), "[]").unwrap();
    let path = folder.path().join("workload.yaml");
    std::fs::write(
        &path,
        r#"
version: 1
name: transfer
schema: schema.sql
database: {collation: C.UTF-8, encoding: UTF8}
tables:
  accounts:
    rows: 5M
    pages: 80k
    dead_rows: 100
    all_visible: 0.9
    columns:
      filler: {avg_bytes: 85}
      status: {distinct: 5, null_fraction: 0.1, correlation: 1.0, most_common: {open: 0.9, true: 0.05, 7: 0.01}}
      code: {distinct: 1M, min: 1, max: 1000000}
      made: {min: 2026-01-01, max: '2026-01-31 12:00', histogram: [1, 2, 2, 9]}
      tags: {elements: {distinct: 500, avg_count: 3, most_common: {sale: 0.2}}}
    expressions:
      lower(email): {distinct: 5M}
  crm.contacts: {rows: 2M}
transactions:
  - name: transfer
    weight: 9
    isolation: repeatable read
    variables:
      aid: {random: [1, 5000000]}
      bid: {random_zipfian: [1, 50, 1.2]}
      g: {random_gaussian: [1, 50, 2.5]}
      e: {random_exponential: [1, 50, 5]}
      delta: {value: 10}
      t: {value: 'x'}
      s: {one_of: {open: 0.6, 5: 0.2, '6': 0.1, true: 0.1}}
      n: {sequence: 1}
      u: {uuid: v7}
    statements:
      - sql: UPDATE accounts SET balance = balance + :delta WHERE id = :aid
      - sleep: 2ms
      - sql: INSERT INTO history (bid, aid, delta) VALUES (:bid, :aid, :delta)
        repeat: 3
        cpu: 40us
        plan: plan.json
    on_conflict: retry
clients: 16
think_time: 0ms
protocol: extended
observed:
  - {clients: 16, tps: 850, latency: 18ms, server_cpu: 0.45}
connections:
  pool: 20
  reconnect: true
"#,
    )
    .unwrap();
    let w = from_document(&Document::read(&path).unwrap()).unwrap();
    use crate::sql::tree::Literal;
    let text = |s: &str| Literal::Text(s.into());
    assert_eq!(w.schema, Some(folder.path().join("schema.sql")));
    assert_eq!(w.database, Database { collation: Some("C.UTF-8".into()), encoding: Some("UTF8".into()) });
    let accounts = &w.tables.iter().find(|(n, _)| n.name == "accounts").unwrap().1;
    assert_eq!(
        (accounts.rows, accounts.pages, accounts.dead_rows, accounts.all_visible),
        (5e6, Some(8e4), Some(100.0), Some(0.9))
    );
    let status = &accounts.columns["status"];
    assert_eq!(status.most_common, [("open".to_owned(), 0.9), ("true".to_owned(), 0.05), ("7".to_owned(), 0.01)]);
    assert_eq!((status.distinct, status.null_fraction, status.correlation), (Some(5.0), Some(0.1), Some(1.0)));
    let made = &accounts.columns["made"];
    assert_eq!((made.min.clone(), made.max.clone()), (Some(text("2026-01-01")), Some(text("2026-01-31 12:00"))));
    assert_eq!(made.histogram.len(), 4);
    assert_eq!(accounts.columns["tags"].elements.as_ref().unwrap().avg_count, Some(3.0));
    assert_eq!(accounts.expressions["lower(email)"].distinct, Some(5e6));
    assert_eq!(w.tables.keys().map(ToString::to_string).collect::<Vec<_>>(), ["crm.contacts", "accounts"]);
    let t = &w.transactions[0];
    assert_eq!((t.isolation, t.on_conflict, t.weight), (Isolation::RepeatableRead, OnConflict::Retry, 9.0));
    let drawn: Vec<_> = t.variables.iter().map(|v| v.distribution.clone()).collect();
    assert_eq!(drawn[1], Distribution::Zipfian { lo: 1.0, hi: 50.0, theta: 1.2 });
    assert_eq!(drawn[2], Distribution::Gaussian { lo: 1.0, hi: 50.0, parameter: 2.5 });
    assert_eq!(drawn[3], Distribution::Exponential { lo: 1.0, hi: 50.0, parameter: 5.0 });
    assert_eq!(drawn[4], Distribution::Constant(Literal::Number(10.0)));
    assert_eq!(drawn[5], Distribution::Constant(text("x")));
    let Distribution::OneOf(of) = &drawn[6] else { panic!() };
    assert_eq!(
        of.iter().map(|v| v.0.clone()).collect::<Vec<_>>(),
        [text("open"), Literal::Number(5.0), text("6"), Literal::Bool(true)]
    );
    assert!((of.iter().map(|v| v.1).sum::<f64>() - 1.0).abs() < 1e-12);
    assert_eq!(drawn[7], Distribution::Sequence { start: 1.0 });
    assert_eq!(drawn[8], Distribution::Uuid { version: 7 });
    assert_eq!(t.steps.len(), 5);
    assert_eq!(t.steps[3].repeat, 3.0);
    let StepKind::Statement(insert) = &t.steps[3].kind else { panic!() };
    assert_eq!(insert.plan.as_deref(), Some("[]"));
    assert_eq!(w.protocol, Protocol::Extended);
    assert_eq!(w.observed[0].latency, Some(Seconds(18e-3)));
    assert_eq!(w.connections, Connections { pool: Some(20), reconnect: true });
}

#[test]
fn the_default_name_is_that_of_the_folder() {
    let text = "clients: 1\ntransactions: [{name: a, statements: [{sql: SELECT 1}]}]\n";
    for (file, name) in [("a/b/workload.yaml", "b"), ("a/sales.yaml", "sales"), ("workload.yaml", "workload")] {
        let d = Document::parse(file, text).unwrap();
        assert_eq!(from_document(&d).unwrap().name, name);
    }
}
