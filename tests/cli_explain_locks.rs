//! `predict explain`: which rows are locked, for how long, who meets whom and who can deadlock.

use std::process::Command;

use serde_json::Value;

const SCHEMA: &str = "
CREATE TABLE accounts (id bigint PRIMARY KEY, balance bigint NOT NULL);
CREATE TABLE entries (id bigserial PRIMARY KEY, account_id bigint NOT NULL REFERENCES accounts (id), amount bigint NOT NULL);
CREATE TABLE totals (kind integer PRIMARY KEY, amount bigint NOT NULL);
CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO totals VALUES (1, 1); RETURN NEW; END $$;
CREATE TRIGGER entries_audit AFTER INSERT ON entries FOR EACH ROW EXECUTE FUNCTION audit();
";

const WORKLOAD: &str = "
version: 1
schema: schema.sql
tables:
  accounts: {rows: 1000}
  entries: {rows: 10000}
  totals: {rows: 10}
transactions:
  - name: transfer
    variables: {from: {random: [1, 1000]}, to: {random: [1, 1000]}}
    statements:
      - sql: UPDATE accounts SET balance = balance - 1 WHERE id = :from
      - sql: UPDATE accounts SET balance = balance + 1 WHERE id = :to
  - name: post
    variables: {account: {random: [1, 1000]}}
    statements:
      - sql: INSERT INTO entries (account_id, amount) VALUES (:account, 5)
  - name: close
    variables: {kind: {random: [1, 10]}, account: {random: [1, 1000]}}
    statements:
      - sql: SELECT amount FROM totals WHERE kind = :kind FOR UPDATE SKIP LOCKED
      - sleep: 2ms
      - sql: DELETE FROM accounts WHERE id = :account
  - name: nightly
    weight: 0
    statements:
      - sql: LOCK TABLE totals IN EXCLUSIVE MODE
      - sql: SELECT pg_advisory_xact_lock(7)
clients: 4
";

fn explain(format: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("schema.sql"), SCHEMA).unwrap();
    std::fs::write(folder.path().join("workload.yaml"), WORKLOAD).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_predict"))
        .args(["explain", "--color", "never", "--format", format, "--workload"])
        .arg(folder.path().join("workload.yaml"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn pairs(list: &Value, table: &str) -> Vec<(String, String)> {
    let text = |v: &Value| v.as_str().unwrap().to_owned();
    let of = |v: &&Value| v.get("table").is_none_or(|t| t == table);
    list.as_array()
        .unwrap()
        .iter()
        .filter(of)
        .map(|c| (text(&c["transactions"][0]), text(&c["transactions"][1])))
        .collect()
}

fn pair(a: &str, b: &str) -> (String, String) {
    (a.to_owned(), b.to_owned())
}

#[test]
fn locks_say_which_rows_and_how_long() {
    let json: Value = serde_json::from_str(&explain("json")).unwrap();
    let lock = |t: usize, s: usize| json["transactions"][t]["statements"][s]["locks"][0].clone();
    let first = lock(0, 0);
    assert_eq!((&first["mode"], &first["which"]), (&"no key update".into(), &"id = :from".into()));
    // The first row is held during the second statement, too.
    let held = |l: &Value| l["held_us"].as_f64().unwrap();
    assert!(held(&first) > held(&lock(0, 1)) + 5.0, "{first} {}", lock(0, 1));
    let check = lock(1, 0);
    assert_eq!(
        (&check["table"], &check["mode"], &check["which"]),
        (&"accounts".into(), &"key share".into(), &"id = :account".into())
    );
    let skipped = json["transactions"][2]["statements"][0]["locks"].as_array().unwrap().clone();
    let row = skipped.iter().find(|l| l["on"] == "row").unwrap();
    assert_eq!((&row["wait"], &row["which"]), (&"skip locked".into(), &"kind = :kind".into()));
    assert!(held(row) > 2000.0, "the sleep is inside: {row}");
    // Those who read a table that somebody locks as a whole lock it too.
    assert!(skipped.iter().any(|l| l["on"] == "table"), "{skipped:?}");
    assert_eq!((&lock(3, 0)["on"], &lock(3, 0)["mode"]), (&"table".into(), &"exclusive".into()));
    assert_eq!((&lock(3, 1)["on"], &lock(3, 1)["which"]), (&"advisory".into(), &"key = 7".into()));
}

#[test]
fn pairs_that_meet_and_deadlock_are_named() {
    let json: Value = serde_json::from_str(&explain("json")).unwrap();
    let met = pairs(&json["collisions"], "accounts");
    assert!(met.contains(&pair("transfer", "transfer")) && met.contains(&pair("post", "close")), "{met:?}");
    // A foreign-key check does not stop updates of other columns, nor other checks.
    assert!(!met.contains(&pair("transfer", "post")) && !met.contains(&pair("post", "post")), "{met:?}");
    // Two draws each out of a thousand rows meet with probability 4 / 1000.
    let transfer = json["collisions"].as_array().unwrap().iter().find(|c| c["transactions"][1] == "transfer").unwrap();
    assert!((transfer["probability"].as_f64().unwrap() - 0.004).abs() < 1e-4, "{transfer}");
    let stuck = pairs(&json["deadlocks"], "accounts");
    assert!(stuck.contains(&pair("transfer", "transfer")), "{stuck:?}");
    assert!(!stuck.contains(&pair("post", "post")) && !stuck.contains(&pair("close", "close")), "{stuck:?}");
    let totals =
        json["collisions"].as_array().unwrap().iter().find(|c| c["table"] == "totals" && c["on"] == "row").unwrap();
    assert_eq!(totals["waits"], false);
}

#[test]
fn the_text_says_the_same() {
    let text = explain("text");
    for words in [
        "where id = :from for no key update, held",
        "transfer with itself",
        "deadlocks that can happen",
        "entries_audit",
    ] {
        assert!(text.contains(words), "{words}\n{text}");
    }
}
