//! `predict init` from outside: whatever the schema, the file that it writes can be forecast at once.

use std::fs;
use std::path::{Path, PathBuf};

use predict::live::{Cluster, ClusterOptions, LiveError};
use predict::workload::StepKind;
use predict::yaml::Document;

fn predict(args: &[&str]) -> assert_cmd::Command {
    let mut command = assert_cmd::Command::cargo_bin("predict").expect("the binary is built with the tests");
    command.current_dir(env!("CARGO_MANIFEST_DIR")).env_remove("PREDICT_MACHINE").args(args);
    command
}

fn text_of(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}

/// All files of DDL in this repository.
fn schemas() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = |folder: &str| -> Vec<PathBuf> {
        fs::read_dir(root.join(folder)).expect(folder).map(|e| e.expect(folder).path()).collect()
    };
    let mut found = files("tests/fixtures");
    for folder in ["workloads", "tests/explain_agreement/cases"] {
        found.extend(files(folder).into_iter().map(|f| f.join("schema.sql")));
    }
    found.retain(|f| f.is_file() && f.extension().is_some_and(|e| e == "sql"));
    assert!(found.len() >= 14, "{found:?}");
    found
}

/// Writes the draft for a schema and forecasts it; the draft's text and the forecast.
fn drafted(schema: &Path) -> (String, serde_json::Value) {
    let folder = tempfile::tempdir().expect("a scratch folder");
    let file = folder.path().join("workload.yaml");
    predict(&["init", text_of(schema), "-o", text_of(&file)]).assert().code(0);
    let output = predict(&["forecast", "--workload", text_of(&file), "--format", "json"]).assert().code(0);
    let forecast = serde_json::from_slice(&output.get_output().stdout).expect("JSON");
    predict(&["explain", "--workload", text_of(&file)]).assert().code(0);
    (fs::read_to_string(&file).expect("the draft"), forecast)
}

#[test]
fn every_schema_gives_a_file_that_can_be_forecast() {
    for schema in schemas() {
        let (text, forecast) = drafted(&schema);
        assert!(forecast["tps"]["mean"].as_f64().expect("a number") > 0.0, "{}", schema.display());
        assert!(text.contains("EVERY NUMBER HERE IS A GUESS") && text.contains("# a guess"), "{text}");
        let warnings = forecast["warnings"].as_array().expect("a list");
        let code = |c: &str| warnings.iter().filter(|w| w["code"] == c).count();
        // What the draft itself writes is understood as a whole.
        assert_eq!(code("partly_understood"), 0, "{}: {warnings:?}", schema.display());
    }
}

/// Any DDL: names that need quotes, types of one's own, tables without keys, keys in circles.
#[test]
fn strange_schemas() {
    let folder = tempfile::tempdir().expect("a scratch folder");
    for (place, ddl) in [
        "CREATE TABLE \"Order\" (\"user\" int PRIMARY KEY, \"a.b\" text, \"it's: #1\" text NOT NULL UNIQUE);",
        "CREATE SCHEMA \"My App\"; CREATE TABLE \"My App\".\"select\" (id uuid PRIMARY KEY, yes boolean, \"no\" int);
         CREATE INDEX ON \"My App\".\"select\" (yes); CREATE INDEX ON \"My App\".\"select\" (\"no\");",
        "CREATE TABLE log (at timestamptz, line text);",
        "CREATE TYPE mood AS ENUM ('it''s', 'b: c', 'yes', ''); CREATE TABLE m (m mood PRIMARY KEY, n mood NOT NULL);
         CREATE INDEX ON m (n);",
        "CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY, a int REFERENCES a, b int REFERENCES b);
         ALTER TABLE a ADD b int REFERENCES b;",
        "CREATE TYPE pair AS (a int, b int); CREATE TABLE p (v pair NOT NULL, w vector(3) NOT NULL, x geometry);",
        "CREATE TABLE w (k int, v text, PRIMARY KEY (k, v)) PARTITION BY LIST (k);
         CREATE TABLE w1 PARTITION OF w FOR VALUES IN (1); CREATE TABLE w2 PARTITION OF w DEFAULT;",
        "CREATE TABLE \"\u{e4}\u{df}\" (\"\u{d6}\" int PRIMARY KEY, \"\\back\" text NOT NULL);
         CREATE TABLE \"x\ny\" (id int PRIMARY KEY);",
        "CREATE TABLE c (id serial PRIMARY KEY, status text CHECK (status IN ('open', 'done')) NOT NULL, n int);
         CREATE TABLE d (c int REFERENCES c, line int, note varchar(3) NOT NULL, PRIMARY KEY (c, line));",
        "CREATE TABLE empty (); CREATE TABLE g (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY);",
        "CREATE TABLE big (id numeric PRIMARY KEY, a int[], j jsonb, t tsvector, r int4range NOT NULL, i inet NOT NULL);
         CREATE INDEX ON big USING gin (a); CREATE INDEX ON big USING gin (j); CREATE INDEX ON big (lower(id::text));",
    ]
    .iter()
    .enumerate()
    {
        let schema = folder.path().join(format!("{place}.sql"));
        fs::write(&schema, ddl).expect("a scratch file");
        let (text, forecast) = drafted(&schema);
        assert!(forecast["tps"]["mean"].as_f64().expect("a number") > 0.0, "{ddl}\n{text}");
    }
}

#[test]
fn a_draft_holds_what_one_would_edit() {
    let (text, forecast) = drafted(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/orders.sql"));
    for part in [
        "get_orders",
        "WHERE customer_id = :customer_id ORDER BY id DESC LIMIT 20",
        "currval(pg_get_serial_sequence('orders', 'id'))",
        "repeat: 3",
        "most_common: {open: 0.25, paid: 0.25, shipped: 0.25, done: 0.25}",
        "clients: 16",
        "# observed:",
    ] {
        assert!(text.contains(part), "{part} in\n{text}");
    }
    let names: Vec<&str> =
        forecast["transactions"].as_array().expect("a list").iter().filter_map(|t| t["name"].as_str()).collect();
    assert!(names.contains(&"add_orders") && names.contains(&"change_products"), "{names:?}");
}

#[test]
fn where_it_goes_and_what_is_refused() {
    let schema = "workloads/orders/schema.sql";
    let output = predict(&["init", schema]).assert().code(0).get_output().clone();
    assert!(String::from_utf8_lossy(&output.stdout).contains("\nschema: workloads/orders/schema.sql\n"));
    let folder = tempfile::tempdir().expect("a scratch folder");
    let copy = folder.path().join("db.sql");
    fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join(schema), &copy).expect("a copy");
    let file = folder.path().join("w.yaml");
    predict(&["init", text_of(&copy), "-o", text_of(&file)]).assert().code(0);
    assert!(fs::read_to_string(&file).expect("the draft").contains("\nschema: db.sql\n"));
    fs::write(&copy, "SELECT 1;").expect("a scratch file");
    for bad in [text_of(&copy), "no/such/file.sql"] {
        let output = predict(&["init", bad]).assert().code(2).get_output().clone();
        assert!(output.stdout.is_empty() && !output.stderr.is_empty());
    }
}

/// Placeholders count the transaction's variables; a statement prepared by itself has its own count.
fn renumbered(sql: &str) -> String {
    let mut numbers: Vec<&str> = Vec::new();
    let mut parts = sql.split('$');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let digits = part.len() - part.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, rest) = part.split_at(digits);
        let place = numbers.iter().position(|n| *n == number).unwrap_or_else(|| {
            numbers.push(number);
            numbers.len() - 1
        });
        out += &format!("${}{rest}", place + 1);
    }
    out
}

/// The statements are SQL that a server takes on that schema.
#[test]
fn the_server_prepares_every_drafted_statement() {
    let cluster = match Cluster::start(&ClusterOptions::default()) {
        Ok(cluster) => cluster,
        Err(LiveError::NoBinary { program }) if std::env::var_os("CI").is_none() => {
            return eprintln!("NOT RUN: no {program} here, so no statement was tried");
        }
        Err(error) => panic!("{error}"),
    };
    let mut prepared = 0;
    // Dumps of other versions set parameters and use clauses that this server may not know.
    let of_any_version =
        |path: &std::path::PathBuf| path.file_stem().and_then(|s| s.to_str()).is_none_or(|s| !s.starts_with("pg1"));
    for (place, schema) in schemas().into_iter().filter(of_any_version).enumerate() {
        let database = format!("draft{place}");
        cluster.create_database(&database).expect("a database");
        cluster.sql_file(&database, &schema).unwrap_or_else(|e| panic!("{}: {e}", schema.display()));
        let output = predict(&["init", text_of(&schema)]).assert().code(0).get_output().stdout.clone();
        let document = Document::parse("w.yaml", &String::from_utf8_lossy(&output)).expect("YAML");
        let workload = predict::workload::from_document(&document).expect("a workload");
        for step in workload.transactions.iter().flat_map(|t| &t.steps) {
            let StepKind::Statement(statement) = &step.kind else { continue };
            let sql = format!("PREPARE p AS {}", renumbered(&statement.sql));
            cluster.sql(&database, &sql).unwrap_or_else(|e| panic!("{}: {sql}: {e}", schema.display()));
            prepared += 1;
        }
    }
    assert!(prepared > 50, "{prepared}");
}
