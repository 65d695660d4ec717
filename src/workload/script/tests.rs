//! Tests of scripts as a whole.

use super::super::tests::read as read_workload;
use super::*;
use crate::workload::{Distribution, Isolation, StepKind, Transaction};
use crate::yaml::Document;

/// Reads a script named by a workload file in a scratch folder; `head` is more lines of that file.
fn read_with(script: &str, head: &str) -> Result<(Transaction, Vec<Warning>), InputError> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("s.sql"), script).unwrap();
    let text = format!("{head}transactions: [{{script: s.sql}}]\nclients: 8\n");
    let path = folder.path().join("w.yaml");
    std::fs::write(&path, text).unwrap();
    let mut w = Document::read(&path).and_then(|d| crate::workload::from_document(&d))?;
    Ok((w.transactions.remove(0), w.warnings))
}

fn read(script: &str) -> (Transaction, Vec<Warning>) {
    read_with(script, "").unwrap_or_else(|e| panic!("{e} at {:?} in {script}", e.position))
}

/// `line:column message` of an error.
fn fails(script: &str) -> String {
    let e = read_with(script, "").map(|_| ()).unwrap_err();
    let p = e.position.unwrap();
    assert!(p.file.ends_with("s.sql") && e.source_text.is_some());
    let nearest = e.nearest.map(|n| format!(" -> {n}")).unwrap_or_default();
    format!("{}:{} {}{nearest}", p.line, p.column, e.message)
}

/// Steps as text, with their repeats where not 1 and `~` where pipelined.
fn steps(t: &Transaction) -> Vec<String> {
    t.steps
        .iter()
        .map(|s| {
            let text = match &s.kind {
                StepKind::Statement(t) => t.sql.clone(),
                StepKind::Sleep(time) => format!("Sleep {}us", time.us().round()),
                other => format!("{other:?}"),
            };
            let repeat = if s.repeat == 1.0 { String::new() } else { format!(" x{:.4}", s.repeat) };
            format!("{}{text}{repeat}", if s.pipelined { "~" } else { "" })
        })
        .collect()
}

fn distribution<'t>(t: &'t Transaction, name: &str) -> &'t Distribution {
    &t.variables.iter().find(|v| v.name == name).unwrap_or_else(|| panic!("{name}")).distribution
}

/// pgbench's own built-in script, as `pgbench --show-script=tpcb-like` prints it.
const TPCB: &str = "\\set aid random(1, 100000 * :scale)
\\set bid random(1, 1 * :scale)
\\set tid random(1, 10 * :scale)
\\set delta random(-5000, 5000)
BEGIN;
UPDATE pgbench_accounts SET abalance = abalance + :delta WHERE aid = :aid;
SELECT abalance FROM pgbench_accounts WHERE aid = :aid;
UPDATE pgbench_tellers SET tbalance = tbalance + :delta WHERE tid = :tid;
UPDATE pgbench_branches SET bbalance = bbalance + :delta WHERE bid = :bid;
INSERT INTO pgbench_history (tid, bid, aid, delta, mtime) VALUES (:tid, :bid, :aid, :delta, CURRENT_TIMESTAMP);
END;
";

#[test]
fn tpcb_like() {
    let (t, warnings) = read_with(TPCB, "tables: {pgbench_branches: {rows: 50}}\n").unwrap();
    assert_eq!(t.name, "s");
    assert!(warnings.is_empty());
    assert_eq!(distribution(&t, "aid"), &Distribution::Uniform { lo: 1.0, hi: 5e6 });
    assert_eq!(distribution(&t, "tid"), &Distribution::Uniform { lo: 1.0, hi: 500.0 });
    assert_eq!(t.client_commands, 4.0);
    let s = steps(&t);
    assert_eq!((s.len(), s[0].as_str(), s[6].as_str()), (7, "Begin", "Commit"));
    assert_eq!(s[1], "UPDATE pgbench_accounts SET abalance = abalance + $4 WHERE aid = $1");
    let StepKind::Statement(insert) = &t.steps[5].kind else { panic!() };
    let place = insert.origin.locate(&insert.sql, insert.sql.find("CURRENT").unwrap());
    assert_eq!((place.line, place.column), (10, 93));
    assert!(insert.written.starts_with("INSERT") && insert.written.contains(":tid"));
}

#[test]
fn without_begin_each_statement_stands_alone() {
    let (t, _) = read("SELECT 1;\nSELECT 2;");
    assert_eq!(steps(&t), ["SELECT 1", "SELECT 2"]);
}

#[test]
fn variables_given_beside_the_script() {
    let head =
        "clients: 8\ntransactions:\n  - name: x\n    variables: {scale: {value: 7}, who: {value: me}}\n    script: ";
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("s.sql");
    std::fs::write(&script, "\\set a random(1, :scale)\nSELECT :a, :who, :scale;").unwrap();
    let w = read_workload(&format!("{head}{}\n", script.display())).unwrap();
    let t = &w.transactions[0];
    assert_eq!(distribution(t, "a"), &Distribution::Uniform { lo: 1.0, hi: 7.0 });
    assert_eq!(steps(t), ["SELECT $3, $2, $1"]);
}

#[test]
fn expressions_become_distributions() {
    let uniform = |lo: f64, hi: f64| Distribution::Uniform { lo, hi };
    let of = |expression: &str| {
        let (t, _) = read(&format!("\\set x {expression}\nSELECT :x;"));
        distribution(&t, "x").clone()
    };
    assert_eq!(of("random(1, 10) + 5"), uniform(6.0, 15.0));
    assert_eq!(of("3 + random(1, 10)"), uniform(4.0, 13.0));
    assert_eq!(of("random(1, 10) - 1"), uniform(0.0, 9.0));
    assert_eq!(of("random_zipfian(1, 100, 1.1)"), Distribution::Zipfian { lo: 1.0, hi: 100.0, theta: 1.1 });
    assert_eq!(of("random_gaussian(1, 100, 2.0)"), Distribution::Gaussian { lo: 1.0, hi: 100.0, parameter: 2.0 });
    assert_eq!(of("RANDOM_EXPONENTIAL(1, 100, 5)"), Distribution::Exponential { lo: 1.0, hi: 100.0, parameter: 5.0 });
    let zipfian = |lo: f64, hi: f64| Distribution::Zipfian { lo, hi, theta: 1.1 };
    assert_eq!(of("1 + permute(random_zipfian(1, 100, 1.1), 100)"), zipfian(1.0, 100.0));
    assert_eq!(of("abs(hash(random_zipfian(1, 100, 1.1))) % 50"), zipfian(0.0, 49.0));
    let (t, _) = read("\\set r random_zipfian(5, 100, 1.1)\n\\set x permute(:r, 1000, 7)\nSELECT :x;");
    assert_eq!(distribution(&t, "x"), &zipfian(0.0, 95.0));
    let (t, _) = read("\\set x random(0, 9) / 2 * 10\nSELECT :x;");
    let derived = format!("{:?}", distribution(&t, "x"));
    assert!(derived.contains("\"floor\"") && derived.contains("x.draw"), "{derived}");
    assert_eq!(distribution(&t, "x.draw"), &uniform(0.0, 9.0));
    let (t, _) = read("\\set x random(0, 9)\n\\set y :x\n\\set x random(5, 6)\nSELECT :x, :y;");
    assert_eq!(steps(&t), ["SELECT $2, $1"], "y keeps the first x");
    let (t, warnings) = read("\\set n random(1, 9)\n\\set x random(1, :n)\nSELECT :x;");
    assert_eq!(distribution(&t, "x"), &uniform(1.0, 5.0), "the mean of 1..9");
    assert_eq!(warnings.len(), 1);
}

/// Each value was printed by pgbench 15 (`\set x debug(...)`).
#[test]
fn constants_are_those_of_pgbench() {
    for (expression, value) in PRINTED {
        let (t, _) = read(&format!("\\set x {expression}\nSELECT :x;"));
        let Distribution::Constant(literal) = distribution(&t, "x") else { panic!("{expression}") };
        use crate::sql::tree::Literal;
        let got = match literal {
            Literal::Number(x) => format!("{x:.6}"),
            Literal::Bool(b) => b.to_string(),
            other => format!("{other:?}").to_lowercase(),
        };
        let wanted = value.parse::<f64>().map_or((*value).to_owned(), |x| format!("{x:.6}"));
        assert_eq!(got, wanted, "{expression}");
    }
}

const PRINTED: &[(&str, &str)] = &[
    ("1 + 2 * 3", "7"),
    ("7 / 2", "3"),
    ("-7 / 2", "-3"),
    ("-7 % 3", "-1"),
    ("7 % -3", "1"),
    ("7.0 / 2", "3.5"),
    ("1 - 2 - 3", "-4"),
    ("2 * (3 + 4)", "14"),
    ("- 5 + 2", "-3"),
    ("~ 5", "-6"),
    ("1 << 4", "16"),
    ("-16 >> 2", "-4"),
    ("6 | 9", "15"),
    ("6 # 3", "5"),
    ("6 & 3", "2"),
    ("6 | 1 + 2", "7"),
    ("1 | 6 & 3", "3"),
    ("not true or true", "true"),
    ("not (true and false)", "true"),
    ("null is null", "true"),
    ("5 is not null", "true"),
    ("null isnull", "true"),
    ("1 notnull", "true"),
    ("true is not false", "true"),
    ("1 < 2", "true"),
    ("2 <= 1", "false"),
    ("1 <> 1", "false"),
    ("1 != 2", "true"),
    ("5 = 5", "true"),
    ("true and null", "null"),
    ("false and null", "false"),
    ("true or null", "true"),
    ("abs(-17)", "17"),
    ("abs(-1.5)", "1.5"),
    ("double(5432)", "5432"),
    ("int(5.4 + 3.8)", "9"),
    ("int(2.5)", "2"),
    ("int(3.5)", "4"),
    ("greatest(5, 4, 3, 2)", "5"),
    ("greatest(5, 4.5, 3)", "5"),
    ("least(5, 4, 3, 2.1)", "2.1"),
    ("ln(2.718281828459045)", "1"),
    ("exp(1.0)", "2.71828182845905"),
    ("mod(54, 32)", "22"),
    ("mod(-54, 32)", "-22"),
    ("pi()", "3.14159265358979"),
    ("pow(2.0, 10)", "1024"),
    ("power(2.0, 0.5)", "1.4142135623731"),
    ("sqrt(2.0)", "1.4142135623731"),
    ("hash(10, 5432)", "-5817877081768721676"),
    ("hash_murmur2(123456789, 42)", "-6824048790355813029"),
    ("hash_fnv1a(10, 5432)", "-7793829335365542153"),
    ("case when 1 > 2 then 5 when 2 > 1 then 6 else 7 end", "6"),
    ("case when false then 1 end", "null"),
    ("permute(1, 10, 5432)", "5"),
    ("permute(7, 1000, 42)", "440"),
    ("permute(123456, 1000000007, -3)", "680916884"),
    ("permute(0, 2, 1)", "1"),
    ("permute(-5, 9223372036854775807, 12)", "1643562350910056397"),
    ("permute(5, 1, 12)", "0"),
    ("1e3", "1000"),
    ("1.5e-2", "0.015"),
    (".5", "0.5"),
    ("9223372036854775807", "9223372036854775807"),
    ("1 + null", "null"),
    ("debug(1 + 1)", "2"),
    ("2 + 3 < 6", "true"),
    ("not 1 = 2", "true"),
    ("1 = 1 and 2 = 2", "true"),
];

#[test]
fn branches_have_probabilities() {
    let (t, warnings) = read(
        "\\set r random(1, 100)\n\\if :r <= 70\nSELECT 1;\n\\elif :r <= 95\nSELECT 2;\n\\set z 5\n\\else\nSELECT 3;\n\
         \\if :r = 100\nSELECT 4;\n\\endif\n\\endif\nSELECT 5;",
    );
    assert_eq!(steps(&t), ["SELECT 1 x0.7000", "SELECT 2 x0.2500", "SELECT 3 x0.0500", "SELECT 4 x0.0100", "SELECT 5"]);
    assert!(warnings.is_empty());
    assert!((t.client_commands - 1.25).abs() < 1e-9);
    let (t, _) = read("\\if true\nSELECT 1;\n\\else\n\\set x :nowhere\nSELECT 2;\n\\endif\n");
    assert_eq!(steps(&t), ["SELECT 1"], "a branch that is never taken costs nothing");
    // Two dice: the sum is at least 10 in 6 of 36 cases.
    let (t, _) = read("\\set a random(1, 6)\n\\set b random(1, 6)\n\\if :a + :b >= 10\nSELECT 1;\n\\endif");
    assert!((t.steps[0].repeat - 6.0 / 36.0).abs() < 0.01, "{}", t.steps[0].repeat);
}

#[test]
fn variables_after_branches() {
    let (t, _) = read(
        "\\set r random(1, 10)\n\\if :r = 1\n\\set x 7\n\\else\n\\set x 8\n\\endif\nSELECT :x;\n\\if :x = 7\nSELECT 1;\n\\endif",
    );
    let Distribution::OneOf(values) = distribution(&t, "x") else { panic!() };
    assert!((values[0].1 - 0.1).abs() < 1e-9 && (values[1].1 - 0.9).abs() < 1e-9);
    assert_eq!(steps(&t)[1], "SELECT 1 x0.1000", "the branch follows from the first draw");
    let (t, _) = read("\\set r random(1, 10)\n\\set x 1\n\\if :r > 5\n\\set x random(1, 3)\n\\endif\nSELECT :x;");
    assert!(matches!(distribution(&t, "x#2"), Distribution::Derived(_)), "{:?}", t.variables);
}

#[test]
fn results_of_statements() {
    let (t, warnings) = read("SELECT a, b AS bee, count(*) FROM t \\gset p_\nSELECT :p_bee, :p_a, :p_count;\n");
    assert_eq!(steps(&t)[1], "SELECT $2, $1, $3");
    assert_eq!(distribution(&t, "p_bee"), &Distribution::FromStatement { step: 0, column: 1 });
    assert!(warnings.is_empty());
    let (t, warnings) = read("SELECT a FROM t \\gset\n\\if :a > 3\nSELECT 1;\n\\elif :a > 2\nSELECT 2;\n\\endif\n");
    assert_eq!(steps(&t)[1..], ["SELECT 1 x0.3333".to_owned(), "SELECT 2 x0.3333".to_owned()]);
    assert!(warnings.iter().all(|w| w.code == crate::diagnostic::WarningCode::PartlyUnderstood));
    assert_eq!(warnings[0].position.as_ref().unwrap().line, 2);
    let (t, _) = read("INSERT INTO t (x) VALUES (1) RETURNING id \\gset\nSELECT :id;");
    assert_eq!(distribution(&t, "id"), &Distribution::FromStatement { step: 0, column: 0 });
    let (t, _) = read("SELECT * FROM t \\gset r_\nSELECT :r_x;");
    assert!(matches!(distribution(&t, "r_x"), Distribution::FromStatement { step: 0, .. }));
}

#[test]
fn sleeps_pipelines_and_joined_statements() {
    let (t, _) = read("\\set d random(2, 4)\n\\sleep 10 ms\n\\sleep 5us\n\\sleep 1\n\\sleep :d ms\nSELECT 1;");
    assert_eq!(steps(&t), ["Sleep 10000us", "Sleep 5us", "Sleep 1000000us", "Sleep 3000us", "SELECT 1"]);
    let (t, _) = read("SELECT 1 AS one \\; SELECT 2 AS two \\gset\nSELECT :two;");
    assert_eq!(distribution(&t, "two"), &Distribution::FromStatement { step: 2, column: 0 });
    let (t, _) = read("SELECT 1 AS one \\; SELECT 2 AS two \\aset\nSELECT :one, :two;");
    assert_eq!(distribution(&t, "one"), &Distribution::FromStatement { step: 1, column: 0 });
    let (t, _) = read("\\startpipeline\nSELECT 1;\n\\syncpipeline\nSELECT 2;\n\\endpipeline\n");
    assert_eq!(steps(&t), ["SELECT 1", "~SELECT 2"]);
    let (t, _) = read("\\startpipeline\nBEGIN;\nSELECT 1;\nEND;\n\\endpipeline\nSELECT 2;");
    assert_eq!(steps(&t), ["Begin", "~SELECT 1", "~Commit", "SELECT 2"]);
    let (t, _) = read("SELECT 1 \\; SELECT 2;\nBEGIN;\nSELECT 3 \\; SELECT 4;\nCOMMIT;");
    assert_eq!(steps(&t), ["Begin", "~SELECT 1", "~SELECT 2", "~Commit", "Begin", "SELECT 3", "~SELECT 4", "Commit"]);
    let (t, _) = read("BEGIN ISOLATION LEVEL SERIALIZABLE;\nSELECT 1;\nROLLBACK;");
    assert_eq!((t.isolation, steps(&t)[2].as_str()), (Some(Isolation::Serializable), "Rollback"));
    let (t, _) = read("SELECT :client_id;");
    assert_eq!(distribution(&t, "client_id"), &Distribution::Uniform { lo: 0.0, hi: 7.0 });
}

/// As pgbench 15 sends them (`pgbench -d`): under the simple protocol a variable is replaced wherever it stands.
#[test]
fn variables_inside_quotes() {
    let script = "\\set d random(1, 9)\nSELECT ':d', 'x:d y', '1:2', ':nope', '::d', ':dd';\nSELECT now() - interval ':d days', :d;";
    let (t, warnings) = read_with(script, "protocol: simple\n").unwrap();
    assert_eq!(
        steps(&t),
        [
            "SELECT ('' || $1 || ''), ('x' || $1 || ' y'), '1:2', ':nope', '::d', ':dd'",
            "SELECT now() - cast(('' || $1 || ' days') as interval), $1"
        ]
    );
    assert!(warnings.is_empty());
    let StepKind::Statement(second) = &t.steps[1].kind else { panic!() };
    let place = second.origin.locate(&second.sql, second.sql.rfind("$1").unwrap());
    assert_eq!((place.line, place.column), (3, 36));
    assert!(crate::sql::parse_statement_noted(&second.sql).is_ok());
    let (t, warnings) = read_with("\\set d 1\nSELECT ':d';", "").unwrap();
    assert_eq!((steps(&t)[0].as_str(), warnings.len()), ("SELECT ':d'", 1));
}

#[test]
fn bad_scripts_are_answered_at_their_place() {
    for (script, answer) in [
        ("", "1:1 "),
        ("SELECT 1;\n\\sett x 1\n", "2:1 unknown command `\\sett` -> \\set"),
        ("\\setshell x date\n", "1:1 `\\setshell` runs a program, whose time and result no forecast can know"),
        ("SELECT 1;\n  \\shell ls\n", "2:3 `\\shell` runs a program, whose time and result no forecast can know"),
        ("\\set\n", "1:5 `\\set` without a variable's name"),
        ("\\set x\n", "1:7 `the end` does not fit here in the expression"),
        ("\\set x 1 +\n", "1:11 `the end` does not fit here in the expression"),
        ("\\set x (1\n", "1:10 `the end` does not fit here in the expression: `)` is missing"),
        ("\\set x randum(1, 2)\n", "1:8 unknown function `randum` -> random"),
        ("\\set x random(1)\n", "1:8 `random` does not take 1 arguments"),
        ("\\set x random(5, 1)\n", "1:8 empty range given to `random`: 5 is above 1"),
        (
            "\\set x random_zipfian(1, 5, 1)\n",
            "1:8 the zipfian parameter cannot be 1: a number from 1.001 to 1000 is needed",
        ),
        ("\\set x 1 / 0\n", "1:10 division by zero"),
        ("\\set aid 1\n\\set x 2 * \\\n  :aidd\n", "3:3 undefined variable `:aidd` -> aid"),
        ("\\set aid 1\nSELECT 1,\n  :aidd;", "3:3 undefined variable `:aidd` -> aid"),
        ("SELECT $1;", "1:8 `$1` without a variable: 0 are listed"),
        ("\\sleep\n", "1:7 `\\sleep` without a time"),
        ("\\sleep 5 hours\n", "1:8 unknown unit `hours` of `\\sleep`"),
        ("\\sleep x ms\n", "1:8 unknown unit `x` of `\\sleep`"),
        ("\\if true\nSELECT 1;\n", "1:1 `\\if` without its `\\endif`"),
        ("\\endif\n", "1:1 `\\endif` without `\\if`"),
        ("\\else\n", "1:1 `\\else` without `\\if`"),
        ("\\if 1\n\\else\n\\else\n\\endif", "3:1 `\\else` after `\\else`"),
        ("\\gset\n", "1:1 `\\gset` must follow an SQL statement"),
        ("\\endpipeline\n", "1:1 no pipeline is open"),
        ("\\syncpipeline\n", "1:1 no pipeline is open"),
        ("\\startpipeline\nSELECT 1 AS a \\gset\n", "2:15 `\\gset` is not allowed in pipeline mode"),
        ("SELECT 1 AS a \\gset\n\\gset\n", "2:1 `\\gset` must follow an SQL statement"),
        ("\\set x permute(1, 0)\n", "1:8 permute size parameter must be greater than zero"),
        ("\\startpipeline now\n", "1:16 `\\startpipeline` takes no arguments"),
    ] {
        let got = fails(script);
        assert!(got.starts_with(answer) && (script.is_empty() || got == answer), "{script:?}: {got}");
    }
    assert!(fails(&format!("\\set x {}1{}\n", "(".repeat(5000), ")".repeat(5000))).contains("nested deeper than 100"));
    assert!(fails(&format!("\\set x {}1\n", "- ".repeat(5000))).contains("nested deeper than 100"));
    assert!(fails(&"\\if 1\n".repeat(5000)).contains("nested deeper than 100"));
    assert!(fails(&"\\set x random(1, 2)\n".repeat(5000)).contains("more than 1000 variables"));
}
