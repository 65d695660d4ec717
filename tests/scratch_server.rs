//! A scratch server comes up, works, and leaves nothing behind; what `workloads/` holds runs on it.

mod support;

use std::path::{Path, PathBuf};

use predict::live::pgbench::{Run, Script};
use predict::live::{Cluster, ClusterOptions, LiveError};
use support::server;

fn workload(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("workloads").join(name)
}

#[test]
fn comes_up_as_asked_and_leaves_nothing_behind() {
    let options = ClusterOptions { cpus: Some("0".into()), ..ClusterOptions::default() }
        .setting("shared_buffers", "24MB")
        .setting("application_name", "it's");
    let Some(cluster) = server(&options) else { return };
    assert_eq!(cluster.sql("postgres", "SHOW shared_buffers").unwrap().trim(), "24MB");
    assert_eq!(cluster.sql("postgres", "SHOW listen_addresses").unwrap().trim(), "");
    let pid = std::fs::read_to_string(cluster.data().join("postmaster.pid")).unwrap();
    assert_eq!(pid.lines().next(), Some(cluster.pid().to_string().as_str()), "the child is the server itself");
    let allowed = std::fs::read_to_string(format!("/proc/{}/status", cluster.pid())).unwrap();
    assert!(allowed.contains("Cpus_allowed_list:\t0\n"), "pinned to CPU 0");

    let error = cluster.sql("postgres", "SELECT nothing_like_it").unwrap_err();
    assert!(error.to_string().contains("column \"nothing_like_it\" does not exist"), "{error}");

    let (root, pid) = (cluster.scratch().to_path_buf(), cluster.pid());
    drop(cluster);
    assert!(!root.exists(), "the directory is gone");
    assert!(!Path::new(&format!("/proc/{pid}")).exists(), "the server is gone");
}

#[test]
fn a_refused_setting_is_told_in_the_server_s_words() {
    let options = ClusterOptions::default().setting("shared_buffers", "-1GB");
    match Cluster::start(&options) {
        Err(LiveError::Failed { program, message, .. }) => {
            assert_eq!(program, "postgres");
            assert!(message.contains("shared_buffers"), "{message}");
        }
        Err(LiveError::NoBinary { .. }) => {}
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_schema_loads() {
    let Some(cluster) = server(&ClusterOptions::default()) else { return };
    for name in ["tpcb-like", "simple-update", "select-only", "one-row-update", "orders", "job-queue"] {
        cluster.create_database(name).unwrap();
        cluster.sql_file(name, &workload(name).join("schema.sql")).unwrap();
    }
}

#[test]
fn pgbench_runs_are_measured() {
    let Some(cluster) = server(&ClusterOptions::default()) else { return };
    cluster.create_pgbench_database("bank", 1).unwrap();
    let run = Run { sampling: 1.0, ..Run::new("bank", Script::Builtin("tpcb-like".into()), 2, 1) };
    let outcome = run.execute(&cluster).unwrap();
    let rows: u64 = cluster.sql("bank", "SELECT count(*) FROM pgbench_history").unwrap().trim().parse().unwrap();
    assert_eq!(outcome.report.transactions, rows, "one row of history per transaction");
    assert!(outcome.report.tps > 0.0);
    // The log is written as transactions end, by the same pgbench: it has all of them.
    assert_eq!(outcome.latencies.len() as u64, rows);
    let mean = outcome.latencies.iter().map(|s| s.ms()).sum::<f64>() / outcome.latencies.len() as f64;
    assert!((mean / outcome.report.latency.ms() - 1.0).abs() < 0.2, "{mean} against {}", outcome.report.latency.ms());
}

#[test]
fn the_job_queue_s_scripts_run_on_its_data() {
    let Some(cluster) = server(&ClusterOptions::default()) else { return };
    let folder = workload("job-queue");
    cluster.create_database("jobs").unwrap();
    for file in ["schema.sql", "fill.sql"] {
        cluster.sql_file("jobs", &folder.join(file)).unwrap();
    }
    let mut run = Run::new("jobs", Script::File(folder.join("work.sql"), 1), 4, 1);
    run.scripts.push(Script::File(folder.join("enqueue.sql"), 1));
    run.scripts.push(Script::File(folder.join("cleanup.sql"), 1));
    let outcome = run.execute(&cluster).unwrap();
    assert_eq!(outcome.report.failed, 0);
    assert_eq!(outcome.report.scripts.len(), 3);
    let running = cluster.sql("jobs", "SELECT count(*) FROM jobs WHERE status = 'running'").unwrap();
    assert_eq!(running.trim(), "0", "every job taken was finished in its transaction");
    let twice = cluster.sql("jobs", "SELECT count(*) FROM jobs WHERE attempts > 1").unwrap();
    assert_eq!(twice.trim(), "0", "no job was taken twice");
}
