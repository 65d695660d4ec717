//! Speed of reading the input files. A sweep changes one value and reads again, thousands of times.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use predict::yaml::Document;
use predict::{machine, workload};

const TPCB: &str = "\
version: 1
name: tpcb-like
schema: schema.sql
tables:
  pgbench_accounts: {rows: 5M, columns: {filler: {avg_bytes: 85}}}
  pgbench_tellers: {rows: 500}
  pgbench_branches: {rows: 50}
  pgbench_history: {rows: 0}
transactions:
  - name: tpcb-like
    variables:
      aid: {random: [1, 5000000]}
      bid: {random: [1, 50]}
      tid: {random: [1, 500]}
      delta: {random: [-5000, 5000]}
    statements:
      - sql: UPDATE pgbench_accounts SET abalance = abalance + :delta WHERE aid = :aid
      - sql: SELECT abalance FROM pgbench_accounts WHERE aid = :aid
      - sql: UPDATE pgbench_tellers SET tbalance = tbalance + :delta WHERE tid = :tid
      - sql: UPDATE pgbench_branches SET bbalance = bbalance + :delta WHERE bid = :bid
      - sql: >-
          INSERT INTO pgbench_history (tid, bid, aid, delta, mtime)
          VALUES (:tid, :bid, :aid, :delta, CURRENT_TIMESTAMP)
clients: 16
";

fn input(c: &mut Criterion) {
    let document = Document::parse("workload.yaml", TPCB).expect("the sample is valid");
    let reference = machine::reference_document();
    c.bench_function("workload: parse", |b| b.iter(|| Document::parse("workload.yaml", black_box(TPCB))));
    c.bench_function("workload: read", |b| b.iter(|| workload::from_document(black_box(&document))));
    c.bench_function("workload: clone, set, read", |b| {
        b.iter(|| {
            let mut scenario = document.clone();
            scenario.set("clients", black_box("64")).expect("a valid path");
            workload::from_document(&scenario)
        });
    });
    c.bench_function("machine: clone, set, read", |b| {
        b.iter(|| {
            let mut scenario = reference.clone();
            scenario.set("cpu.cores", black_box("4")).expect("a valid path");
            machine::from_document(&scenario)
        });
    });
}

criterion_group!(benches, input);
criterion_main!(benches);
