//! `predict check` from outside: every verdict and exit code, every format.

use std::fs;
use std::path::Path;
use std::process::Command;

const SCHEMA: &str = "\
CREATE TABLE accounts (id bigint PRIMARY KEY, owner bigint NOT NULL, balance bigint NOT NULL);
CREATE TABLE history (account bigint NOT NULL, delta bigint NOT NULL);
";

const WORKLOAD: &str = "\
version: 1
name: transfer
schema: schema.sql
tables:
  accounts: {rows: 5M}
  history: {rows: 1M}
transactions:
  - name: transfer
    variables:
      aid: {random: [1, 5000000]}
      delta: {random: [1, 100]}
    statements:
      - sql: UPDATE accounts SET balance = balance + :delta WHERE id = :aid
      - sql: INSERT INTO history (account, delta) VALUES (:aid, :delta)
clients: 16
";

fn folder() -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a temporary folder");
    fs::write(dir.path().join("schema.sql"), SCHEMA).expect("a file");
    fs::write(dir.path().join("workload.yaml"), WORKLOAD).expect("a file");
    dir
}

fn run(dir: &Path, args: &[&str]) -> (i32, String, String) {
    let output = assert_cmd::Command::cargo_bin("predict")
        .expect("the binary is built with the tests")
        .current_dir(dir)
        .env_remove("PREDICT_MACHINE")
        .args(args)
        .args(["--workload", "workload.yaml"])
        .output()
        .expect("it runs");
    let text = |b: Vec<u8>| String::from_utf8_lossy(&b).into_owned();
    (output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr))
}

fn check(dir: &Path, args: &[&str]) -> (i32, String, String) {
    run(dir, &[&["check"], args].concat())
}

fn tps(dir: &Path) -> (f64, f64) {
    let (_, out, err) = run(dir, &["forecast", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&out).unwrap_or_else(|e| panic!("{e}: {err}"));
    (json["tps"]["mean"].as_f64().expect("tps"), json["tps"]["low"].as_f64().expect("low"))
}

#[test]
fn assertions_pass_breach_or_are_inconclusive() {
    let dir = folder();
    let (mean, low) = tps(dir.path());
    let between = format!("tps >= {}", (mean + low) / 2.0);
    for (args, code) in [
        (vec!["--assert", "tps >= 1", "--assert", "p95_ms < 1h", "--assert", "utilization(server_cpu) <= 100%"], 0),
        (vec!["--assert", "tps >= 1", "--assert", "tps >= 1e9"], 1),
        (vec!["--assert", "transfer.p99_ms <= 1us"], 1),
        (vec!["--assert", "bottleneck == 'connection_pool'"], 1),
        (vec!["--assert", &between], 0),
        (vec!["--assert", &between, "--strict"], 4),
        (vec!["--assert", "tsp >= 1"], 2),
        (vec!["--assert", "tps >= fast"], 2),
        (vec![], 2),
    ] {
        let (got, out, err) = check(dir.path(), &args);
        assert_eq!(got, code, "{args:?}\n{out}{err}");
        assert!(code != 2 || out.is_empty(), "{out}");
    }
    let (_, _, err) = check(dir.path(), &["--assert", "tsp >= 1"]);
    assert!(err.contains("--assert:1:1") && err.contains("did you mean `tps`"), "{err}");
}

#[test]
fn null_is_breached() {
    let dir = folder();
    let (code, out, err) = check(dir.path(), &["--set", "workload.rate=50M/s", "--assert", "p95_ms < 1h"]);
    assert_eq!(code, 1, "{out}{err}");
    assert!(out.contains("no finite value"), "{out}");
}

#[test]
fn a_rules_file() {
    let dir = folder();
    let write = |text: &str| fs::write(dir.path().join("rules.yaml"), text).expect("a file");
    write("version: 1\nrules:\n  - {assert: 'tps >= 1'}\n  - {assert: 'tps >= 1e9', level: warn}\n");
    let (code, out, err) = check(dir.path(), &["--rules", "rules.yaml"]);
    assert_eq!(code, 0, "{out}{err}");
    assert!(out.contains("WARN"), "{out}");
    write("version: 1\nrules:\n  - {asert: 'tps >= 1'}\n");
    let (code, out, err) = check(dir.path(), &["--rules", "rules.yaml"]);
    assert!(code == 2 && out.is_empty() && err.contains("rules.yaml:3:6"), "{out}{err}");
    write("version: 1\nrules:\n  - {metric: p95_ms, max_regression: 10%}\n");
    assert_eq!(check(dir.path(), &["--rules", "rules.yaml"]).0, 3, "there is nothing to compare with");
}

#[test]
fn a_baseline_that_holds_one_that_does_not_and_none() {
    let dir = folder();
    let (code, _, err) = run(dir.path(), &["forecast", "--format", "json", "-o", "base.json"]);
    assert_eq!(code, 0, "{err}");
    let with = |more: &[&str]| check(dir.path(), &[&["--baseline", "base.json"], more].concat());
    assert_eq!(with(&[]).0, 0);
    assert_eq!(with(&["--max-regression", "0%", "--strict"]).0, 0, "nothing has changed at all");
    let (code, out, _) = with(&["--set", "workload.think_time=1s"]);
    assert!(code == 1 && out.contains("regressed"), "{out}");
    assert_eq!(with(&["--set", "workload.think_time=1s", "--max-regression", "100%"]).0, 0);
    assert_eq!(with(&["--set", "machine.cpu.cores=2"]).0, 3, "another machine is no baseline");
    assert_eq!(check(dir.path(), &["--baseline", "no.json"]).0, 3);
    fs::write(dir.path().join("bad.json"), "{").expect("a file");
    let (code, out, err) = check(dir.path(), &["--baseline", "bad.json"]);
    assert!(code == 2 && out.is_empty() && err.contains("bad.json:1:"), "{err}");
}

fn git(dir: &Path, args: &[&str]) {
    let identity = ["-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false"];
    let output = Command::new("git").current_dir(dir).args(identity).args(args).output().expect("git runs");
    assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_pull_request_is_compared_with_its_base_and_the_ddl_is_pointed_at() {
    let dir = folder();
    git(dir.path(), &["init", "-q"]);
    git(dir.path(), &["add", "."]);
    git(dir.path(), &["commit", "-q", "-m", "base"]);
    assert_eq!(check(dir.path(), &["--base", "HEAD"]).0, 0);
    let worse = format!(
        "{SCHEMA}CREATE INDEX a ON history (account);\nCREATE INDEX b ON history (delta);\n\
         CREATE INDEX c ON accounts (balance);\nCREATE INDEX d ON accounts (owner);\n"
    );
    fs::write(dir.path().join("schema.sql"), worse).expect("a file");
    let args = ["--base", "HEAD", "--max-regression", "0%"];
    let (code, out, err) = check(dir.path(), &args);
    assert_eq!(code, 1, "{out}{err}");
    assert!(out.contains("schema.sql:3:") && out.contains("new index `a` on `history`"), "{out}");
    let (_, out, _) = check(dir.path(), &[&args[..], &["--format", "github"]].concat());
    assert!(out.contains("::error file=schema.sql,line=5,"), "{out}");
    let (code, _, err) = check(dir.path(), &["--base", "no-such-branch"]);
    assert!(code == 2 && err.contains("no-such-branch"), "{err}");
}

#[test]
fn every_format_says_the_verdict() {
    let dir = folder();
    let args = ["--assert", "tps >= 1", "--assert", "tps >= 1e9"];
    let format = |f: &str| check(dir.path(), &[&args[..], &["--format", f]].concat());
    for (f, part) in [
        ("text", "breached: 1 of 2 rules"),
        ("json", "\"verdict\": \"breached\""),
        ("junit", "tests=\"2\" failures=\"1\""),
        ("markdown", "| FAIL |"),
        ("github", "::error title=tps >= 1e9::"),
    ] {
        let (code, out, err) = format(f);
        assert!(code == 1 && out.contains(part), "{f}: {out}{err}");
    }
}
