//! Statements in all the forms that applications write them in: each is read and counted, and a real
//! server agrees that it is SQL.

mod support;

use std::fmt::Write;
use std::path::{Path, PathBuf};

use predict::access;
use predict::live::{Cluster, ClusterOptions};
use predict::schema;
use predict::workload;
use predict::yaml::Document;

const FORMS: &str = include_str!("fixtures/statement_forms.txt");

/// What every statement may use; the same names and values for the model and for psql.
const VARIABLES: [(&str, &str); 9] = [
    ("id", "{random: [1, 1000]}"),
    ("a", "{random: [1, 1000]}"),
    ("b", "{random: [1, 1000]}"),
    ("c", "{random: [1, 20]}"),
    ("n", "{value: 10}"),
    ("s", "{value: open}"),
    ("day", "{value: '2025-02-10'}"),
    ("ids", "{value: '{1,2,3}'}"),
    ("doc", "{value: '{\"k\": 1}'}"),
];
const PSQL: &str = r#"\set id 7
\set a 8
\set b 9
\set c 3
\set n 10
\set s '\'open\''
\set day '\'2025-02-10\''
\set ids '\'{1,2,3}\''
\set doc '\'{"k": 1}\''
"#;

/// Objects that only statements of a session need.
const SESSION: &str = "
CREATE MATERIALIZED VIEW account_totals_stored AS SELECT account_id, count(*) AS tickets FROM tickets GROUP BY account_id;
CREATE UNIQUE INDEX account_totals_stored_key ON account_totals_stored (account_id);
CREATE PROCEDURE close_old (integer) LANGUAGE sql AS 'UPDATE tickets SET state = ''closed'' WHERE id < $1';
";

struct Form {
    case: String,
    session: bool,
    line: usize,
    sql: String,
}

fn forms() -> Vec<Form> {
    let (mut case, mut session, mut found) = (String::new(), false, Vec::new());
    for (place, line) in FORMS.lines().enumerate() {
        if let Some(heading) = line.strip_prefix("-- schema: ") {
            let (name, rest) = heading.split_once(',').unwrap_or((heading, ""));
            (case, session) = (name.to_owned(), !rest.is_empty());
        } else if !line.starts_with("--") {
            let sql = line.strip_suffix(';').expect("one statement a line").to_owned();
            found.push(Form { case: case.clone(), session, line: place + 1, sql });
        }
    }
    found
}

fn folder(case: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/explain_agreement/cases").join(case)
}

/// A workload of one statement over a case's tables.
fn workload_of(form: &Form) -> String {
    let whole = std::fs::read_to_string(folder(&form.case).join("workload.yaml")).unwrap();
    let mut text = whole.split_once("transactions:").unwrap().0.to_owned();
    let variables: Vec<String> = VARIABLES.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    let quoted = form.sql.replace('\'', "''");
    let declared =
        if form.sql.contains("FROM cur") { "{sql: DECLARE cur CURSOR FOR SELECT id FROM tickets}, " } else { "" };
    let _ = write!(
        text,
        "clients: 1\ntransactions:\n  - name: t\n    variables: {{{}}}\n    statements: [{declared}{{sql: '{quoted}'}}]\n",
        variables.join(", ")
    );
    text
}

fn problem(form: &Form) -> Option<String> {
    let text = workload_of(form);
    let read = || {
        let document = Document::parse("workload.yaml", &text)?;
        let workload = workload::from_document(&document)?;
        let ddl = std::fs::read_to_string(folder(&form.case).join("schema.sql")).unwrap();
        let ddl = if form.session { ddl + SESSION } else { ddl };
        let schema = schema::read("schema.sql", &ddl);
        access::footprints(&schema, &workload, &predict::machine::reference())
    };
    match read() {
        Ok(footprints) => footprints.iter().flatten().flatten().find_map(|f| {
            let sound = |x: f64| x.is_finite() && x >= 0.0;
            let fine = sound(f.pages.get()) && sound(f.wal_bytes.get()) && sound(f.rows_out) && sound(f.rows_written);
            (!fine).then(|| format!("{f:?}"))
        }),
        Err(error) => Some(format!("{} {:?}", error.message, error.position.map(|p| p.column))),
    }
}

#[test]
fn every_form_is_read() {
    let forms = forms();
    assert!(forms.len() >= 120, "{} forms", forms.len());
    let mut problems = String::new();
    for form in &forms {
        if let Some(problem) = problem(form) {
            let _ = writeln!(problems, "{}: {}\n    {problem}", form.line, form.sql);
        }
    }
    assert!(problems.is_empty(), "\n{problems}");
}

fn server() -> Option<Cluster> {
    support::server(&ClusterOptions::default())
}

/// Statements that a server is asked to plan, since they cannot run there without anything around them.
#[test]
fn a_server_takes_every_form_too() {
    let Some(cluster) = server() else { return };
    let mut problems = String::new();
    let mut ready: Vec<String> = Vec::new();
    for form in forms() {
        if !ready.contains(&form.case) {
            cluster.create_database(&form.case).unwrap();
            cluster.sql_file(&form.case, &folder(&form.case).join("schema.sql")).unwrap();
            if form.case == "forms" {
                for statement in SESSION.split(";\n").filter(|s| !s.trim().is_empty()) {
                    cluster.sql(&form.case, statement).unwrap();
                }
            }
            ready.push(form.case.clone());
        }
        let script = match around(&form.sql) {
            _ if !form.session => format!("{PSQL}EXPLAIN {};\n", form.sql),
            Some((before, after)) => format!("{PSQL}{before}{};\n{after}", form.sql),
            None => format!("{PSQL}{};\n", form.sql),
        };
        let path = cluster.scratch().join("form.sql");
        std::fs::write(&path, format!("\\set ON_ERROR_STOP on\n{script}")).unwrap();
        if let Err(error) = cluster.sql_file(&form.case, &path) {
            let _ = writeln!(problems, "{}: {}\n    {error}", form.line, form.sql);
        }
    }
    assert!(problems.is_empty(), "\n{problems}");
}

/// What has to stand before and after a statement of a session for it to run.
fn around(sql: &str) -> Option<(&'static str, &'static str)> {
    let verb = sql.split_whitespace().next().unwrap_or("");
    Some(match verb {
        "SAVEPOINT" | "LOCK" | "TRUNCATE" => ("BEGIN;\n", "ROLLBACK;\n"),
        "RELEASE" | "ROLLBACK" if sql.contains("before_update") => {
            ("BEGIN;\nSAVEPOINT before_update;\n", "ROLLBACK;\n")
        }
        "DECLARE" => ("BEGIN;\n", "ROLLBACK;\n"),
        "FETCH" | "MOVE" | "CLOSE" => ("BEGIN;\nDECLARE cur CURSOR FOR SELECT 1;\n", "ROLLBACK;\n"),
        "EXECUTE" => ("PREPARE q (bigint) AS SELECT id FROM tickets WHERE id = $1;\n", ""),
        "COPY" if sql.contains("STDIN") => ("", "\\.\n"),
        _ => return None,
    })
}
