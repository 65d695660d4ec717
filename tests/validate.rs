//! `predict validate` from outside, against a scratch server.
#![cfg(feature = "live")]

mod support;

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use predict::live::{Cluster, ClusterOptions};
use serde_json::Value;

const SCHEMA: &str = "\
CREATE TABLE owners (id integer PRIMARY KEY, name text UNIQUE);
CREATE TABLE items (id bigserial PRIMARY KEY, owner_id integer NOT NULL REFERENCES owners (id), state text NOT NULL,
  stock integer NOT NULL CHECK (stock >= 0), tag uuid);
CREATE INDEX ON items (owner_id);
";

const WORKLOAD: &str = "\
version: 1
name: small
schema: schema.sql
tables:
  owners: {rows: 200}
  items: {rows: 5000, columns: {state: {distinct: 2, most_common: {open: 0.9, sold: 0.1}}}}
transactions:
  - name: sell
    weight: 3
    isolation: repeatable read
    on_conflict: retry
    variables:
      id: {random: [1, 5000]}
      owner: {random: [1, 200]}
      state: {one_of: {open: 0.5, sold: 0.5}}
      tag: {uuid: v4}
    statements:
      - sql: UPDATE items SET stock = stock - 1, state = :state WHERE id = :id
      - sql: INSERT INTO items (owner_id, state, stock, tag) VALUES (:owner, 'a:b', 1, :tag)
      - sql: SELECT -:id, id FROM items WHERE id = :id      # alone, the sign says nothing of the type
  - name: look
    weight: 1
    variables: {owner: {random: [1, 200]}}
    statements: [{sql: SELECT count(*) FROM items WHERE owner_id = :owner}]
clients: 2
think_time: 1ms
";

fn server() -> Option<Cluster> {
    support::server(&ClusterOptions::default().setting("fsync", "off"))
}

fn folder(schema: &str, workload: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("schema.sql"), schema).unwrap();
    std::fs::write(folder.path().join("workload.yaml"), workload).unwrap();
    folder
}

fn command(cluster: &Cluster, folder: &Path, arguments: &[&str]) -> Command {
    let mut c = cluster.client(env!("CARGO_BIN_EXE_predict"));
    c.arg("validate").arg("--workload").arg(folder.join("workload.yaml"));
    c.args(["-d", "postgres", "--seconds", "1", "--rounds", "1"]).args(arguments);
    c
}

fn run(cluster: &Cluster, folder: &Path, arguments: &[&str]) -> Output {
    command(cluster, folder, arguments).output().unwrap()
}

fn left_behind(cluster: &Cluster) -> String {
    cluster.sql("postgres", "SELECT datname FROM pg_database WHERE datname LIKE 'predict%'").unwrap()
}

/// Exit code 2, and what was said.
fn refused(output: &Output) -> String {
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(output.stdout.is_empty(), "{}", String::from_utf8_lossy(&output.stdout));
    stderr
}

#[test]
fn forecast_and_measurement_stand_side_by_side() {
    let Some(cluster) = server() else { return };
    let folder = folder(SCHEMA, WORKLOAD);
    let output = run(&cluster, folder.path(), &["-c", "1,3", "--format", "json"]);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    let v: Value = serde_json::from_slice(&output.stdout).unwrap();
    let cells = v["cells"].as_array().unwrap();
    assert_eq!(cells.iter().map(|c| c["clients"].as_u64().unwrap()).collect::<Vec<_>>(), [1, 3]);
    for cell in cells {
        let (measured, forecast) = (&cell["measured"], &cell["forecast"]);
        let (m, f) = (measured["tps"].as_f64().unwrap(), forecast["tps"]["mean"].as_f64().unwrap());
        assert!(m > 0.0 && f > 0.0);
        assert!((cell["error"].as_f64().unwrap() - (f / m - 1.0)).abs() < 1e-9);
        // By Little's law, think time left out.
        let latency = cell["clients"].as_f64().unwrap() / m * 1e3 - 1.0;
        assert!((measured["latency_ms"]["mean"].as_f64().unwrap() - latency).abs() < 1e-6);
        assert!(measured["latency_ms"]["p95"].as_f64().unwrap() > 0.0);
        let types = measured["transactions"].as_array().unwrap();
        let total: f64 = types.iter().map(|t| t["tps"].as_f64().unwrap()).sum();
        assert!((total / m - 1.0).abs() < 0.05, "{total} of {m}");
        let share = types[0]["tps"].as_f64().unwrap() / total;
        assert!((share - 0.75).abs() < 0.15, "the mix is three to one: {share}");
        assert_eq!(types[0]["name"], "sell");
        assert_eq!(measured["failed"], 0.0);
        let per = &measured["per_transaction"];
        assert!(per["server_cpu_ms"].as_f64().unwrap() > 0.0, "{per}");
        assert!(per["wal_bytes"].as_f64().unwrap() > 100.0, "{per}");
        assert!(cell["difference"]["text"].as_str().unwrap().ends_with('.'));
        // Sessions seen, over throughput: the time of a transaction, think time included.
        let times: f64 =
            cell["difference"]["times_ms"].as_array().unwrap().iter().map(|t| t["measured"].as_f64().unwrap()).sum();
        assert!((times / (latency + 1.0) - 1.0).abs() < 0.2, "{times} of {latency}");
    }
    for key in ["median_error", "p90_error", "noise"] {
        assert!(v[key].as_f64().unwrap() >= 0.0, "{key}");
    }
    assert_eq!((v["fill"]["rows"].as_u64(), v["fill"]["tables"].as_u64()), (Some(5200), Some(2)));
    let codes: Vec<&str> = v["warnings"].as_array().unwrap().iter().map(|w| w["code"].as_str().unwrap()).collect();
    assert!(
        codes.contains(&"reference_machine")
            && codes.contains(&"calibrate_first")
            && codes.contains(&"settings_differ"),
        "{codes:?}"
    );
    assert_eq!(left_behind(&cluster), "");

    // The workload's own load, as text and CSV.
    let text = run(&cluster, folder.path(), &[]);
    let text = String::from_utf8(text.stdout).unwrap();
    assert!(text.lines().all(|l| l.chars().count() <= 80), "{text}");
    assert!(text.contains("TPS error: median") && text.contains("Where the difference comes from"), "{text}");
    let csv = run(&cluster, folder.path(), &["--format", "csv", "--set", "workload.think_time=0ms", "--quiet"]);
    let csv = String::from_utf8(csv.stdout).unwrap();
    assert_eq!(csv.lines().count(), 2, "{csv}");
    assert!(csv.lines().nth(1).unwrap().starts_with("small,2,,"), "{csv}");
}

#[test]
fn mistakes_are_told_and_leave_nothing_behind() {
    let Some(cluster) = server() else { return };
    let schema = folder(&SCHEMA.replace("UNIQUE", "COLLATE no_such"), WORKLOAD);
    let told = refused(&run(&cluster, schema.path(), &[]));
    assert!(told.contains("schema.sql:1") && told.contains("collation \"no_such\""), "{told}");

    let statement = folder(SCHEMA, &WORKLOAD.replace("count(*)", "no_function(id)"));
    let told = refused(&run(&cluster, statement.path(), &[]));
    assert!(
        told.contains("workload.yaml:24:31") && told.contains("function no_function(bigint) does not exist"),
        "{told}"
    );

    let pool = folder(SCHEMA, WORKLOAD);
    let told = refused(&run(&cluster, pool.path(), &["-c", "8", "--set", "workload.connections.pool=4"]));
    assert!(told.contains("a pool of 4 for 8 clients cannot be validated"), "{told}");
    let told = refused(&run(&cluster, pool.path(), &["-c", "5000"]));
    assert!(told.contains("max_connections is 100"), "{told}");

    cluster.sql("postgres", "CREATE ROLE guest LOGIN").unwrap();
    let told = refused(&run(&cluster, pool.path(), &["-U", "guest"]));
    assert!(told.contains("may not create a database"), "{told}");
    let told = refused(&run(&cluster, pool.path(), &["--host", "/nowhere"]));
    assert!(told.contains("/nowhere"), "{told}");

    // Stock runs out: the server refuses a row, and pgbench says so.
    let spent = folder(&SCHEMA.replace("stock >= 0", "stock BETWEEN 0 AND 1"), WORKLOAD);
    let told = refused(&run(&cluster, spent.path(), &[]));
    assert!(told.contains("violates check constraint \"items_stock_check\""), "{told}");
    assert_eq!(left_behind(&cluster), "");
}

#[test]
fn an_interrupted_run_cleans_up_and_a_killed_one_is_cleaned_up() {
    let Some(cluster) = server() else { return };
    let folder = folder(SCHEMA, WORKLOAD);
    let start = || {
        let mut c = command(&cluster, folder.path(), &["--quiet", "--format", "json"]);
        c.args(["--set", "workload.clients=2"]).stdout(Stdio::null()).stderr(Stdio::piped());
        let c = c.spawn().unwrap();
        // Until pgbench runs in the scratch database.
        let busy = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'pgbench'";
        let begun = Instant::now();
        while cluster.sql("postgres", busy).unwrap().trim() == "0" {
            assert!(begun.elapsed() < Duration::from_secs(60), "pgbench did not start");
            sleep(Duration::from_millis(50));
        }
        c
    };
    let signal = |pid: u32, name: &str| {
        assert!(Command::new("kill").args([name, &pid.to_string()]).status().unwrap().success());
    };
    let child = start();
    signal(child.id(), "-INT");
    let told = refused(&child.wait_with_output().unwrap());
    assert!(told.contains("interrupted"), "{told}");
    assert_eq!(left_behind(&cluster), "");

    let mut child = start();
    signal(child.id(), "-KILL");
    child.wait().unwrap();
    assert_ne!(left_behind(&cluster), "");
    // What was under way at the server ends when it notices.
    let others =
        "SELECT count(*) FROM pg_stat_activity WHERE datname LIKE 'predict%' AND backend_type = 'client backend'";
    let begun = Instant::now();
    while cluster.sql("postgres", others).unwrap().trim() != "0" {
        assert!(begun.elapsed() < Duration::from_secs(30), "sessions of a killed run did not end");
        sleep(Duration::from_millis(100));
    }
    let output = run(&cluster, folder.path(), &["--format", "json"]);
    let v: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(v["warnings"].as_array().unwrap().iter().any(|w| w["code"] == "left_over_dropped"), "{v}");
    assert_eq!(left_behind(&cluster), "");
}
