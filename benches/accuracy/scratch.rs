//! The measuring side: a scratch server on one CPU, filled, aged, and put under load.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use predict::live::measure::{CALM, interleave};
use predict::live::pgbench::{Outcome, Run};
use predict::live::processor::wait_for_calm;
use predict::live::{Cluster, ClusterOptions};
use predict::workload::Protocol;

use crate::arguments::Arguments;
use crate::cells::Cell;
use crate::ledger::About;

/// Settings of the measured server; `workloads/machines/one-cpu.yaml` says the same.
const SETTINGS: [(&str, &str); 5] = [
    ("shared_buffers", "2GB"),
    ("max_wal_size", "8GB"),
    ("min_wal_size", "2GB"),
    ("checkpoint_timeout", "30min"),
    ("max_connections", "200"),
];

/// Starts a server on the CPUs given and makes the databases that the cells need.
///
/// A young cluster fills each new WAL segment with zeros first, which makes writes a third slower or
/// more. Loading the data writes as much WAL as the measurement will; the checkpoints after it leave
/// those segments behind to be used again.
pub fn prepare(cells: &[Cell], cpus: &str) -> Result<Cluster> {
    let mut options = ClusterOptions { cpus: Some(cpus.to_owned()), ..ClusterOptions::default() };
    for (name, value) in SETTINGS {
        options = options.setting(name, value);
    }
    let cluster = Cluster::start(&options)?;
    let mut made = BTreeSet::new();
    for cell in cells {
        let database = cell.database();
        if !made.insert(database.clone()) {
            continue;
        }
        eprintln!("filling {database}");
        if cell.has_pgbench_tables() {
            cluster.create_pgbench_database(&database, cell.scale)?;
        } else {
            cluster.create_database(&database)?;
            cluster.sql_file(&database, &cell.folder().join("schema.sql"))?;
            cluster.sql_file(&database, &cell.folder().join("fill.sql"))?;
        }
        cluster.sql(&database, "CHECKPOINT")?;
    }
    Ok(cluster)
}

/// Runs every cell once per round and gives each outcome to `keep`.
pub fn measure(
    cluster: &Cluster,
    cells: &[Cell],
    arguments: &Arguments,
    mut keep: impl FnMut(usize, &Cell, &Outcome) -> Result<()>,
) -> Result<()> {
    let databases: BTreeSet<String> = cells.iter().map(Cell::database).collect();
    let rounds = arguments.rounds;
    let attempts = if arguments.patience > 0 { 3 } else { 1 };
    let run = |round: usize, cell: &Cell| -> Result<()> {
        for _ in 0..attempts {
            if arguments.patience > 0 {
                // Still disturbed after all the patience: measured all the same, and marked by what was busy.
                let _ = wait_for_calm(CALM, Duration::from_secs(arguments.patience));
            }
            let outcome = run_of(cell, arguments.seconds, &arguments.cpus)
                .execute(cluster)
                .with_context(|| format!("failed to measure {} with {} clients", cell.workload, cell.clients))?;
            keep(round, cell, &outcome)?;
            if outcome.elsewhere.is_none_or(|busy| busy <= CALM) {
                break;
            }
        }
        Ok(())
    };
    interleave(cells, rounds, run, |round, _| {
        eprintln!("round {} of {rounds} done", round + 1);
        for database in databases.iter().filter(|d| d.starts_with("pgbench_")) {
            // As pgbench itself does before each run; a round is many runs.
            let _ = cluster.sql(database, "VACUUM pgbench_branches, pgbench_tellers");
        }
    })?;
    Ok(())
}

/// The run of pgbench that measures a cell.
fn run_of(cell: &Cell, seconds: u32, cpus: &str) -> Run {
    let scripts = cell.scripts();
    Run {
        database: cell.database(),
        scripts,
        clients: cell.clients,
        seconds,
        warmup: 0,
        transactions: None,
        protocol: Protocol::named(&cell.protocol).unwrap_or_default(),
        variables: vec![("scale".to_owned(), cell.scale.to_string())],
        settings: vec![("synchronous_commit".to_owned(), cell.synchronous_commit.clone())],
        cpus: Some(cpus.to_owned()),
        reconnect: false,
        sampling: 0.2,
        options: Vec::new(),
    }
}

/// When, where and with what a measurement is made.
pub fn about(cluster: &Cluster, cpus: &str, seconds: u32) -> Result<About> {
    let first = |path: &str, key: &str| {
        let text = fs::read_to_string(path).unwrap_or_default();
        let line = text.lines().find(|l| l.starts_with(key)).unwrap_or_default().to_owned();
        line.split_once(':').map_or_else(String::new, |(_, v)| v.trim().to_owned())
    };
    let date = Command::new("date").args(["-u", "+%Y-%m-%d %H:%M UTC"]).output().context("failed to run date")?;
    let settings = SETTINGS.map(|(n, v)| format!("{n}={v}")).join(" ");
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    Ok([
        ("date", String::from_utf8_lossy(&date.stdout).trim().to_owned()),
        ("postgresql", cluster.sql("postgres", "SHOW server_version")?.trim().to_owned()),
        ("kernel", fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default().trim().to_owned()),
        (
            "machine",
            format!(
                "{}, {cores} virtual CPUs, memory {}",
                first("/proc/cpuinfo", "model name"),
                first("/proc/meminfo", "MemTotal")
            ),
        ),
        ("pinned", format!("server and pgbench (one thread) both on CPU {cpus}, Unix socket")),
        ("scheduling", scheduling()),
        ("settings", settings),
        ("repetition", format!("{seconds} s each, round-robin over all cells")),
    ]
    .map(|(k, v)| (k.to_owned(), v))
    .to_vec())
}

/// The scheduling policy this program runs under, which server and pgbench inherit: on a machine with
/// other things to do, `chrt -r 1` keeps them from taking the measured CPU.
fn scheduling() -> String {
    // Field 41 of /proc/self/stat; the name in field 2 may hold spaces, so count from its end.
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let policy = stat.rsplit_once(')').and_then(|(_, rest)| rest.split_ascii_whitespace().nth(38));
    match policy {
        Some("1") => "SCHED_FIFO",
        Some("2") => "SCHED_RR",
        Some("0") => "SCHED_OTHER",
        _ => "unknown",
    }
    .to_owned()
}
