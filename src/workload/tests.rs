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
