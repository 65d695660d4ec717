//! Files that are refused: where, why, what was expected, and the nearest name.

use super::{read, with_transaction};

/// `line:column message | expected | nearest` of an error.
pub(super) fn fails(text: &str) -> String {
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
            "5:19 unknown key `sqll` | one of `sql`, `sleep`, `repeat`, `cpu`, `plan`, `rows` | sql",
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
    let script = fails(&"SELECT 1; ".repeat(1000));
    assert!(script.starts_with("1:1 text `SELECT 1; SELECT 1; ") && script.len() < 200, "{script}");
    assert!(fails("- clients\n").starts_with("1:1 a list where it cannot be | a mapping with `transactions`"));
}
