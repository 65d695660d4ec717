//! What `access` believes of statements against what a real server does: tables are filled to the
//! workload's own statistics, and EXPLAIN (ANALYZE) and pg_stat_statements are the reference.
//!
//! `cargo test --test explain_agreement -- --nocapture` prints the table.

mod fill;
mod server;

use std::path::{Path, PathBuf};

use predict::access::{self, AccessPath, Footprint};
use predict::live::{Cluster, ClusterOptions, LiveError};
use predict::schema::{self, Schema};
use predict::workload::{self, StepKind, Transaction, Workload};
use predict::yaml::Document;

use server::Observed;

fn cases() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/explain_agreement/cases");
    let only = std::env::var("AGREEMENT_CASE").ok();
    let mut found: Vec<PathBuf> = std::fs::read_dir(root)
        .unwrap()
        .map(|e| e.unwrap().path())
        .filter(|p| only.as_ref().is_none_or(|o| p.ends_with(o)))
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

/// One statement's comparison.
#[derive(Default)]
struct Verdict {
    path: bool,
    rows: bool,
    pages: bool,
    wal: Option<bool>,
    hot: Option<bool>,
}

#[test]
fn footprints_agree_with_a_server() {
    let Some(cluster) = start() else { return };
    let mut verdicts = Vec::new();
    for case in cases() {
        let name = case.file_name().unwrap().to_string_lossy().into_owned();
        let (schema, workload) = read(&case);
        let mut machine = predict::machine::reference();
        machine.settings.version = 15;
        let footprints = access::footprints(&schema, &workload, &machine).unwrap_or_else(|e| panic!("{name}: {e:?}"));
        cluster.create_database(&name).unwrap();
        fill::load(&cluster, &name, &case.join("schema.sql"), &schema, &workload);
        for (transaction, steps) in workload.transactions.iter().zip(&footprints) {
            let (sql, footprint) = the_statement(transaction, steps);
            let observed = server::observe(&cluster, &name, transaction, sql);
            verdicts.push(compare(&format!("{name}: {}", transaction.name), footprint, &observed));
        }
    }
    let share = |of: &dyn Fn(&Verdict) -> Option<bool>| {
        let judged: Vec<bool> = verdicts.iter().filter_map(of).collect();
        (judged.iter().filter(|b| **b).count(), judged.len())
    };
    let limits: [(&str, (usize, usize), f64); 5] = [
        ("path", share(&|v| Some(v.path)), 0.95),
        ("rows", share(&|v| Some(v.rows)), 0.9),
        ("pages", share(&|v| Some(v.pages)), 0.9),
        ("wal", share(&|v| v.wal), 0.4),
        ("hot", share(&|v| v.hot), 0.5),
    ];
    for (what, (good, all), limit) in limits {
        println!("{what:6} {good} of {all} ({limit} asked)");
    }
    if std::env::var_os("AGREEMENT_CASE").is_none() {
        for (what, (good, all), limit) in limits {
            assert!(good as f64 >= limit * all as f64, "{what}: {good} of {all}");
        }
    }
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

fn compare(name: &str, footprint: &Footprint, observed: &Observed) -> Verdict {
    let mut paths: Vec<String> = footprint
        .relations
        .iter()
        .filter(|r| r.path != AccessPath::Insert)
        .map(|r| format!("{} {} {}", r.table, path_name(r.path), r.index.as_deref().unwrap_or("")))
        .collect();
    paths.sort();
    let rows: f64 = footprint.relations.iter().filter(|r| r.path != AccessPath::Insert).map(|r| r.rows).sum();
    let pages = footprint.pages.get();
    let wal = footprint.wal_bytes.get();
    let verdict = Verdict {
        path: paths == observed.paths,
        rows: near(rows, observed.rows, 1.5, 0.2),
        pages: near(pages, observed.pages, 2.0, 0.2),
        wal: (observed.wal > 0.0 || wal > 0.0).then(|| near(wal, observed.wal, 1.15, 1.0)),
        hot: observed.hot.map(|h| (footprint.hot_fraction.unwrap_or(-1.0) - h).abs() <= 0.1),
    };
    let mark = |b: bool| if b { ' ' } else { '!' };
    println!(
        "{name:40} {}rows {rows:9.2} / {:9.2} {}pages {pages:9.1} / {:9.1} {}wal {wal:7.1} / {:7.1} {}hot {:?} / {:?}",
        mark(verdict.rows),
        observed.rows,
        mark(verdict.pages),
        observed.pages,
        mark(verdict.wal != Some(false)),
        observed.wal,
        mark(verdict.hot != Some(false)),
        footprint.hot_fraction,
        observed.hot,
    );
    if !verdict.path {
        println!("{:40} !path {paths:?}\n{:40}  real {:?}", "", "", observed.paths);
    }
    verdict
}
