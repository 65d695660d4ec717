//! What `access` believes of statements against what a real server does: tables are filled to the
//! workload's own statistics, and EXPLAIN (ANALYZE) and pg_stat_statements are the reference.
//!
//! `cargo test --test explain_agreement -- --nocapture` prints the table.

mod fill;
mod server;
mod statistics;

use std::path::{Path, PathBuf};

use predict::access::{self, AccessPath, Footprint};
use predict::live::{Cluster, ClusterOptions, LiveError};
use predict::schema::{self, Schema};
use predict::workload::{self, StepKind, Transaction, Workload};
use predict::yaml::Document;

use server::Observed;

fn cases(half: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/explain_agreement").join(half);
    let only = std::env::var("AGREEMENT_CASE").ok();
    let Ok(folder) = std::fs::read_dir(root) else { return Vec::new() };
    let mut found: Vec<PathBuf> = folder
        .map(|e| e.unwrap().path())
        .filter(|p| only.as_ref().is_none_or(|o| o.split(',').any(|name| p.ends_with(name))))
        .collect();
    found.sort();
    found
}

fn start() -> Option<Cluster> {
    let options = ClusterOptions::default()
        .setting("shared_preload_libraries", "pg_stat_statements")
        .setting("full_page_writes", "off")
        .setting("fsync", "off")
        .setting("synchronous_commit", "off")
        .setting("autovacuum", "off")
        .setting("shared_buffers", "256MB")
        .setting("max_parallel_workers_per_gather", "0")
        .setting("jit", "off");
    match Cluster::start(&options) {
        Ok(cluster) => Some(cluster),
        Err(LiveError::NoBinary { program }) if std::env::var_os("CI").is_none() => {
            eprintln!("NOT RUN: no {program} here, so nothing was compared with a server");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

/// Statements that the model was tuned with, and statements that were written apart from it.
const HALVES: [&str; 2] = ["cases", "unseen"];

/// What is compared, with the share of statements that must agree.
const GOALS: [(&str, f64); 5] = [("path", 0.95), ("rows", 0.9), ("pages", 0.9), ("wal", 0.9), ("hot", 0.9)];

/// One statement's comparison.
struct Verdict {
    half: &'static str,
    name: String,
    /// By goal; `None` where there is nothing to compare.
    agrees: [Option<bool>; GOALS.len()],
}

/// Statements that agree, of those judged.
fn share(verdicts: &[Verdict], goal: usize, half: Option<&str>) -> (usize, usize) {
    let judged: Vec<bool> =
        verdicts.iter().filter(|v| half.is_none_or(|h| v.half == h)).filter_map(|v| v.agrees[goal]).collect();
    (judged.iter().filter(|agrees| **agrees).count(), judged.len())
}

#[test]
fn footprints_agree_with_a_server() {
    let Some(cluster) = start() else { return };
    let mut verdicts = Vec::new();
    let mut schemas = 0;
    for (half, case) in HALVES.iter().flat_map(|half| cases(half).into_iter().map(move |case| (*half, case))) {
        schemas += 1;
        verdicts.extend(run_case(&cluster, half, &case));
    }
    println!("\n{} statements over {schemas} schemas", verdicts.len());
    let per_cent = |(good, all): (usize, usize)| match all {
        0 => "-".to_owned(),
        _ => format!("{good} of {all} ({:.1} %)", 100.0 * good as f64 / all as f64),
    };
    println!("{:6} {:>20} {:>20} {:>20} {:>6}", "", "tuned with", "unseen", "all", "asked");
    let mut failed = Vec::new();
    for (goal, (what, asked)) in GOALS.iter().enumerate() {
        let [tuned, unseen] = HALVES.map(|half| share(&verdicts, goal, Some(half)));
        let all = share(&verdicts, goal, None);
        let reached = all.0 as f64 >= asked * all.1 as f64;
        let verdict = if reached { "reached" } else { "MISSED" };
        let [tuned, unseen, joint] = [tuned, unseen, all].map(per_cent);
        println!("{what:6} {tuned:>20} {unseen:>20} {joint:>20} {:>5.0}% {verdict}", asked * 100.0);
        if !reached {
            failed.push(*what);
        }
    }
    println!("\nMisses:");
    for (goal, (what, _)) in GOALS.iter().enumerate() {
        for miss in verdicts.iter().filter(|v| v.agrees[goal] == Some(false)) {
            println!("{what:6} {:7} {}", miss.half, miss.name);
        }
    }
    if std::env::var_os("AGREEMENT_CASE").is_none() {
        assert!(failed.is_empty(), "agreement asked and not reached: {failed:?}");
    }
}

fn run_case(cluster: &Cluster, half: &'static str, case: &Path) -> Vec<Verdict> {
    let name = case.file_name().unwrap().to_string_lossy().into_owned();
    let (schema, workload) = read(case);
    let mut machine = predict::machine::reference();
    machine.settings.version = 15;
    let footprints = access::footprints(&schema, &workload, &machine).unwrap_or_else(|e| panic!("{name}: {e:?}"));
    let database = format!("{half}_{name}");
    cluster.create_database(&database).unwrap();
    fill::load(cluster, &database, &case.join("schema.sql"), &schema, &workload);
    let mut verdicts = Vec::new();
    if std::env::var_os("AGREEMENT_STATISTICS").is_some() {
        statistics::check(cluster, &database, &workload);
    }
    let mut statements: Vec<_> = workload
        .transactions
        .iter()
        .zip(&footprints)
        .map(|(transaction, steps)| (transaction, the_statement(transaction, steps)))
        .collect();
    statements.sort_by_key(|(_, (sql, _))| server::turn(sql));
    for (transaction, (sql, footprint)) in statements {
        let observed = server::observe(cluster, &database, transaction, sql);
        let name = format!("{name}: {}", transaction.name);
        let agrees = compare(&name, footprint, &observed);
        verdicts.push(Verdict { half, name, agrees });
    }
    verdicts
}

fn read(case: &Path) -> (Schema, Workload) {
    let document = Document::read(&case.join("workload.yaml")).unwrap_or_else(|e| panic!("{e:?}"));
    let workload = workload::from_document(&document).unwrap_or_else(|e| panic!("{e:?}"));
    let text = std::fs::read_to_string(case.join("schema.sql")).unwrap();
    let schema = schema::read("schema.sql", &text);
    assert!(schema.warnings.is_empty(), "{:?}", schema.warnings);
    (schema, workload)
}

fn the_statement<'a>(transaction: &'a Transaction, steps: &'a [Option<Footprint>]) -> (&'a str, &'a Footprint) {
    for (step, footprint) in transaction.steps.iter().zip(steps) {
        if let (StepKind::Statement(text), Some(footprint)) = (&step.kind, footprint) {
            return (&text.sql, footprint);
        }
    }
    panic!("{} has no statement", transaction.name);
}

fn path_name(path: AccessPath) -> &'static str {
    match path {
        AccessPath::IndexScan => "index_scan",
        AccessPath::IndexOnlyScan => "index_only_scan",
        AccessPath::BitmapScan => "bitmap_scan",
        AccessPath::SeqScan => "seq_scan",
        AccessPath::Insert => "insert",
        AccessPath::None => "none",
    }
}

fn near(a: f64, b: f64, factor: f64, slack: f64) -> bool {
    let (a, b) = (a + slack, b + slack);
    a / b <= factor && b / a <= factor
}

fn compare(name: &str, footprint: &Footprint, observed: &Observed) -> [Option<bool>; GOALS.len()] {
    let mut paths: Vec<String> = footprint
        .relations
        .iter()
        .filter(|r| r.path != AccessPath::Insert)
        .map(|r| format!("{} {} {}", r.table, path_name(r.path), r.index.as_deref().unwrap_or("")))
        .collect();
    paths.sort();
    paths.dedup();
    let rows: f64 = footprint.relations.iter().filter(|r| r.path != AccessPath::Insert).map(|r| r.rows).sum();
    let pages = footprint.pages.get();
    let wal = footprint.wal_bytes.get();
    let agrees = [
        Some(paths == observed.paths),
        Some(near(rows, observed.rows, 1.5, 0.2)),
        Some(near(pages, observed.pages, 2.0, 0.2)),
        (observed.wal > 0.0 || wal > 0.0).then(|| near(wal, observed.wal, 1.15, 1.0)),
        observed.hot.map(|h| (footprint.hot_fraction.unwrap_or(-1.0) - h).abs() <= 0.1),
    ];
    let mark = |goal: usize| if agrees[goal] == Some(false) { '!' } else { ' ' };
    println!(
        "{name:40} {}rows {rows:9.2} / {:9.2} {}pages {pages:9.1} / {:9.1} {}wal {wal:7.1} / {:7.1} {}hot {:?} / {:?}",
        mark(1),
        observed.rows,
        mark(2),
        observed.pages,
        mark(3),
        observed.wal,
        mark(4),
        footprint.hot_fraction,
        observed.hot,
    );
    if agrees[0] == Some(false) {
        println!("{:40} !path {paths:?}\n{:40}  real {:?}", "", "", observed.paths);
    }
    agrees
}
