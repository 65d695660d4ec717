//! `predict import` from a real server: what it writes is read by `predict forecast`, and says what the catalog says.
#![cfg(feature = "live")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use predict::live::{Cluster, ClusterOptions};
use support::server;

/// The program, connected to the cluster by environment.
fn predict(cluster: &Cluster, arguments: &[&str]) -> Output {
    let mut command = cluster.client(env!("CARGO_BIN_EXE_predict"));
    command.args(arguments).output().unwrap()
}

#[track_caller]
fn ok(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}", text(&output.stderr));
    (text(&output.stdout), text(&output.stderr))
}

fn import(cluster: &Cluster, database: &str, folder: &Path, more: &[&str]) -> (String, String, String) {
    let folder = folder.display().to_string();
    let arguments = [&["import", "-d", database, "-o", &folder], more].concat();
    let (_, notes) = ok(&predict(cluster, &arguments));
    let file = |name: &str| fs::read_to_string(Path::new(&folder).join(name)).unwrap();
    (file("workload.yaml"), file("machine.yaml"), notes)
}

fn forecast(cluster: &Cluster, folder: &Path) -> serde_json::Value {
    let file = |name: &str| folder.join(name).display().to_string();
    let arguments =
        ["forecast", "--workload", &file("workload.yaml"), "--machine", &file("machine.yaml"), "--format", "json"];
    let (text, _) = ok(&predict(cluster, &arguments));
    serde_json::from_str(&text).unwrap()
}

const SHOP: &str = r#"
CREATE SCHEMA crm;
CREATE TABLE crm."Customers" (id int PRIMARY KEY, email text NOT NULL, tags text[], state text, joined timestamptz);
CREATE INDEX ON crm."Customers" (lower(email));
CREATE TABLE orders (id bigint, placed date NOT NULL, customer int REFERENCES crm."Customers", total numeric(10,2),
    PRIMARY KEY (id, placed)) PARTITION BY RANGE (placed);
CREATE TABLE orders_25 PARTITION OF orders FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE orders_26 PARTITION OF orders FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE TABLE untouched (id int, "on" boolean);
INSERT INTO crm."Customers" SELECT i, 'User' || i || '@x.test', ARRAY['a', 'it''s'],
    CASE WHEN i % 10 = 0 THEN 'odd: "one"' ELSE 'open' END, '2025-01-01'::timestamptz + i * interval '1 hour'
    FROM generate_series(1, 2000) i;
INSERT INTO orders SELECT i, '2025-06-01'::date + i % 400, 1 + i % 2000, i % 97 FROM generate_series(1, 5000) i;
ANALYZE;
"#;

#[test]
fn statistics_become_tables_and_the_files_are_forecast() {
    let Some(cluster) = server(&ClusterOptions::default().setting("shared_buffers", "24MB")) else { return };
    cluster.create_database("shop").unwrap();
    cluster.sql("shop", SHOP).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (workload, machine, notes) = import(&cluster, "shop", folder.path(), &[]);
    for expected in [
        "  \"crm.\\\"Customers\\\"\":\n    rows: 2000\n",
        "  orders:\n    rows: 5000\n",
        "most_common: {open: 0.9, \"odd: \\\"one\\\"\": 0.1}",
        "      \"lower(email)\": {avg_bytes: ",
        "elements: {avg_count: 2, most_common: {a: 1, \"it's\": 1}}",
        "distinct: -1, correlation: 1, histogram: [1, 200, 400, 600, 800, 1000, 1200, 1400, 1600, 1800, 2000]",
        "  untouched:\n    rows: 1000    # A GUESS",
        "database: {collation: C.UTF-8, encoding: UTF8}",
    ] {
        assert!(workload.contains(expected), "{expected} in\n{workload}");
    }
    assert!(machine.contains("  shared_buffers: 24MB\n") && machine.contains("same-host"), "{machine}");
    assert!(notes.contains("pg_stat_statements is not installed"), "{notes}");
    let result = forecast(&cluster, folder.path());
    assert!(result["tps"]["mean"].as_f64().unwrap() > 0.0);
    assert!(result["transactions"].as_array().unwrap().len() > 3, "drafts by keys: {workload}");

    let there = predict(&cluster, &["import", "-d", "shop", "-o", &folder.path().display().to_string()]);
    assert_eq!(there.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&there.stderr).contains("is there already"), "{there:?}");
    let (workload, _, _) = import(&cluster, "shop", folder.path(), &["--force", "--no-values"]);
    assert!(!workload.contains("open") && !workload.contains("histogram"), "{workload}");
    forecast(&cluster, folder.path());
}

#[test]
fn counted_statements_become_transactions() {
    let options = ClusterOptions::default().setting("shared_preload_libraries", "pg_stat_statements");
    let Some(cluster) = server(&options) else { return };
    cluster.create_pgbench_database("bank", 2).unwrap();
    cluster.sql("bank", "CREATE EXTENSION pg_stat_statements").unwrap();
    let script = cluster.scratch().join("status.sql");
    let look = "\\set b random(1, 2)\nSELECT bbalance FROM pgbench_branches WHERE bid = :b LIMIT 1;\n\
                SELECT count(*) FROM pgbench_accounts WHERE aid BETWEEN :b AND 50 AND bid IN (:b, 2);\n";
    fs::write(&script, look).unwrap();
    for arguments in [vec!["-b", "tpcb-like@1"], vec!["-f", script.to_str().unwrap()]] {
        let mut pgbench: Command = cluster.client(&cluster.binaries().pgbench);
        let transactions = if arguments[0] == "-b" { "300" } else { "70" };
        ok(&pgbench.args(["-n", "-t", transactions]).args(arguments).arg("bank").output().unwrap());
    }
    cluster.sql("bank", "ANALYZE").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (workload, _, notes) = import(&cluster, "bank", folder.path(), &[]);
    let transactions = &workload[workload.find("\ntransactions:").unwrap()..];
    // The five statements of TPC-B stand together, in pgbench's own order.
    let tpcb = &transactions[..transactions.find("weight: 70").unwrap_or_else(|| panic!("{notes}\n{workload}"))];
    let at = |text: &str| tpcb.find(text).unwrap_or_else(|| panic!("{text} in\n{tpcb}"));
    let order = [
        at("UPDATE pgbench_accounts SET abalance = abalance + :abalance WHERE aid = :aid"),
        at("SELECT abalance FROM pgbench_accounts WHERE aid = :aid"),
        at("UPDATE pgbench_tellers"),
        at("UPDATE pgbench_branches"),
        at("INSERT INTO pgbench_history"),
    ];
    assert!(order.is_sorted(), "{tpcb}");
    assert!(tpcb.contains("weight: 300") && tpcb.contains("VALUES (:tid, :bid, :aid, "), "{tpcb}");
    // The bounds are those of ANALYZE's sample.
    let range = tpcb[at("aid: {random: [") + "aid: {random: [".len()..].split([',', ']']);
    let range: Vec<i64> = range.take(2).map(|n| n.trim().parse().unwrap()).collect();
    assert!(range[0] < 2000 && range[1] > 198_000 && range[1] <= 200_000, "{range:?}");
    assert!(transactions.contains("weight: 70") && transactions.contains("LIMIT :p2"), "{transactions}");
    assert!(!notes.contains("left out"), "{notes}\n{transactions}");
    let result = forecast(&cluster, folder.path());
    let names: Vec<&str> =
        result["transactions"].as_array().unwrap().iter().map(|t| t["name"].as_str().unwrap()).collect();
    assert!(names.contains(&"transaction_pgbench_accounts") && names.len() >= 2, "{names:?}");
    let known: PathBuf = folder.path().join("schema.sql");
    assert!(fs::read_to_string(known).unwrap().contains("CREATE TABLE public.pgbench_accounts"));
}

#[test]
fn a_server_that_is_not_there_is_told_and_nothing_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("new");
    let output = Command::new(env!("CARGO_BIN_EXE_predict"))
        .args(["import", "-d", "host=/nowhere user=me", "-o"])
        .arg(&target)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(text.contains("connection to server on socket \"/nowhere/.s.PGSQL.5432\" failed: No such file"), "{text}");
    assert!(text.contains("Is the server running locally and accepting connections on that socket?"), "{text}");
    assert!(!target.join("schema.sql").exists());
}
