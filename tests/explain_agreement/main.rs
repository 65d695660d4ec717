//! What `access` believes of statements against what a real server does: tables are filled to the
//! workload's own statistics, and EXPLAIN (ANALYZE) and pg_stat_statements are the reference.
//!
//! `cargo test --test explain_agreement -- --nocapture` prints the table; with `AGREEMENT_WRITE=1` it also
//! goes to AGREEMENT.md beside this file. `AGREEMENT_CASE=shop,forum` runs some cases only,
//! `AGREEMENT_RECORDS=1` lists the WAL records of what writes, `AGREEMENT_PLANS=1` prints a plan of each
//! statement, `AGREEMENT_STATISTICS=1` the columns whose data is far from the statistics given.

mod compare;
mod draws;
mod fill;
mod lengths;
mod report;
mod server;
mod statistics;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use predict::access::{self, Footprint};
use predict::live::{Cluster, ClusterOptions, LiveError};
use predict::schema::{self, Schema};
use predict::workload::{self, StepKind, Transaction, Workload};
use predict::yaml::Document;

use compare::Comparison;

/// Statements that the model was tuned with, and statements that were written apart from it.
const HALVES: [&str; 2] = ["cases", "unseen"];

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

#[test]
fn footprints_agree_with_a_server() {
    let all: Vec<(&'static str, PathBuf)> =
        HALVES.iter().flat_map(|half| cases(half).into_iter().map(move |case| (*half, case))).collect();
    // Two servers side by side, each with the next case that is left.
    let left = AtomicUsize::new(0);
    let work = || {
        let cluster = start()?;
        let next = || {
            let at = left.fetch_add(1, Ordering::Relaxed);
            all.get(at).map(|(half, case)| (at, run_case(&cluster, half, case)))
        };
        Some(std::iter::from_fn(next).collect::<Vec<_>>())
    };
    let [Some(mut compared), Some(other)] =
        std::thread::scope(|scope| [scope.spawn(work), scope.spawn(work)].map(|worker| worker.join().unwrap()))
    else {
        return;
    };
    compared.extend(other);
    compared.sort_by_key(|(at, _)| *at);
    let compared: Vec<Comparison> = compared.into_iter().flat_map(|(_, of_case)| of_case).collect();
    println!("\n{}", report::summary(&compared));
    let all = std::env::var_os("AGREEMENT_CASE").is_none();
    if all && std::env::var_os("AGREEMENT_WRITE").is_some() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/explain_agreement/AGREEMENT.md");
        std::fs::write(path, report::document(&compared)).unwrap();
    }
    if all {
        let fallen = report::fallen(&compared);
        assert!(fallen.is_empty(), "{fallen:?}");
    }
}

fn run_case(cluster: &Cluster, half: &'static str, case: &Path) -> Vec<Comparison> {
    let name = case.file_name().unwrap().to_string_lossy().into_owned();
    let (schema, workload) = read(case);
    let mut machine = predict::machine::reference();
    machine.settings.version = 15;
    let footprints = access::footprints(&schema, &workload, &machine).unwrap_or_else(|e| panic!("{name}: {e:?}"));
    let database = format!("{half}_{name}");
    cluster.create_database(&database).unwrap();
    fill::load(cluster, &database, &case.join("schema.sql"), &schema, &workload);
    let mut compared = Vec::new();
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
        let comparison = Comparison::new(half, name, footprint, &observed);
        println!("{comparison}");
        compared.push(comparison);
    }
    compared
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
