//! Tests of the workload reader as a whole.

mod fuzz;
mod invalid;
mod statements;

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

pub(in crate::workload) fn read(text: &str) -> Result<Workload, InputError> {
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
pub(super) fn with_transaction(lines: &str) -> String {
    format!("version: 1\nclients: 1\ntransactions:\n  - name: a\n{lines}")
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
    assert_eq!((t.isolation, t.on_conflict, t.weight), (Some(Isolation::RepeatableRead), OnConflict::Retry, 9.0));
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
    assert_eq!(insert.plan.as_ref().map(|p| &*p.text), Some("[]"));
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

/// The workloads of this repository, files and scripts, are read without a warning.
#[test]
fn the_workloads_that_come_along() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("workloads");
    let mut read = 0;
    for folder in std::fs::read_dir(root).unwrap().map(|f| f.unwrap().path()) {
        let file = folder.join("workload.yaml");
        if file.exists() {
            let w = from_document(&Document::read(&file).unwrap()).unwrap();
            assert!(w.warnings.is_empty(), "{}: {:?}", file.display(), w.warnings);
            read += 1;
        }
        for script in std::fs::read_dir(&folder).unwrap().map(|f| f.unwrap().path()) {
            let text = std::fs::read_to_string(&script).unwrap_or_default();
            if script.extension().is_some_and(|e| e == "sql") && text.contains("\\set ") {
                let text = format!("transactions: [{{script: {}}}]\nclients: 4\n", script.display());
                let w = from_document(&Document::parse("w.yaml", &text).unwrap())
                    .unwrap_or_else(|e| panic!("{e} at {:?}", e.position));
                assert!(w.warnings.is_empty(), "{}: {:?}", script.display(), w.warnings);
                read += 1;
            }
        }
    }
    assert!(read >= 8, "only {read} were found");
}

#[test]
fn the_json_schema_names_every_key() {
    let schema = json_schema();
    let text = schema.to_string();
    for key in [
        "version",
        "name",
        "schema",
        "database",
        "tables",
        "rows",
        "pages",
        "dead_rows",
        "all_visible",
        "columns",
        "expressions",
        "avg_bytes",
        "distinct",
        "null_fraction",
        "correlation",
        "most_common",
        "min",
        "max",
        "histogram",
        "elements",
        "avg_count",
        "transactions",
        "weight",
        "isolation",
        "variables",
        "random",
        "random_zipfian",
        "random_gaussian",
        "random_exponential",
        "value",
        "one_of",
        "sequence",
        "uuid",
        "statements",
        "sql",
        "sleep",
        "repeat",
        "cpu",
        "plan",
        "on_conflict",
        "script",
        "clients",
        "rate",
        "think_time",
        "protocol",
        "observed",
        "tps",
        "latency",
        "server_cpu",
        "connections",
        "pool",
        "reconnect",
        "collation",
        "encoding",
    ] {
        assert!(text.contains(&format!("\"{key}\":")), "{key}");
    }
    assert_eq!(schema["additionalProperties"], false);
    assert_eq!(
        schema["properties"]["clients"]["description"],
        "Closed load: so many clients, each sending its next transaction after the last."
    );
    for name in ["read committed", "repeatable read", "serializable", "retry", "prepared"] {
        assert!(text.contains(&format!("\"{name}\"")), "{name}");
    }
    assert!(!text.contains("Located"), "how places are kept is no business of the format");
}

#[test]
fn clients_and_rate_replace_each_other_by_hand() {
    let mut d = Document::parse("w.yaml", TPCB).unwrap();
    set(&mut d, "rate", "500/s").unwrap();
    assert_eq!(from_document(&d).unwrap().load, Load::Open { rate: 500.0 });
    set(&mut d, "clients", "3").unwrap();
    assert_eq!(from_document(&d).unwrap().load, Load::Closed { clients: 3, think_time: Seconds(1.5e-3) });
    set(&mut d, "transactions.look.weight", "0").unwrap();
    set(&mut d, "tables.pgbench_accounts.columns.filler.avg_bytes", "10").unwrap();
    set(&mut d, "transactions.tpcb-like.variables.aid", "{random_zipfian: [1, 10, 1.5]}").unwrap();
    let w = from_document(&d).unwrap();
    assert_eq!(w.transactions[1].weight, 0.0);
    assert_eq!(w.transactions[0].variables[0].distribution, Distribution::Zipfian { lo: 1.0, hi: 10.0, theta: 1.5 });
    set(&mut d, "clients", "0").unwrap();
    let e = from_document(&d).unwrap_err();
    assert_eq!(e.position.unwrap().to_string(), "--set:1:9");
    assert_eq!(e.source_text.as_deref(), Some("clients=0"));
}
