//! Under which circumstances what is measured.

use std::path::{Path, PathBuf};

/// Circumstances, and the workloads measured under them.
#[derive(Debug, Clone, Copy)]
pub struct Regime {
    /// Short name, as in the ledger.
    pub name: &'static str,
    /// In words.
    pub about: &'static str,
    /// CPUs of the server, as `taskset -c` takes them.
    pub server: &'static str,
    /// CPUs of pgbench and `predict`.
    pub load: &'static str,
    /// Settings of the server.
    pub settings: &'static [(&'static str, &'static str)],
    /// What each flush takes more than the device needs, in microseconds.
    pub slow_flush: u32,
    /// Memory of the server and its page cache in MB, and reads a second, by control groups.
    pub limits: Option<(u32, u32)>,
    /// What is run.
    pub workloads: &'static [Workload],
}

/// A workload at some numbers of clients.
#[derive(Debug, Clone, Copy)]
pub struct Workload {
    /// A folder of `workloads/`.
    pub folder: &'static str,
    /// Changes to its file.
    pub set: &'static [&'static str],
    /// Numbers of clients.
    pub clients: &'static [u32],
}

impl Workload {
    /// The workload file.
    pub fn file(&self) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("workloads").join(self.folder).join("workload.yaml")
    }
}

/// A workload as it is written.
const fn plain(folder: &'static str, clients: &'static [u32]) -> Workload {
    Workload { folder, set: &[], clients }
}

/// pgbench's tables at scale 10.
const SCALE_10: &[&str] = &[
    "workload.tables.pgbench_accounts.rows=1M",
    "workload.tables.pgbench_tellers.rows=100",
    "workload.tables.pgbench_branches.rows=10",
    "workload.transactions[0].variables.aid.random=[1, 1000000]",
    "workload.transactions[0].variables.tid.random=[1, 100]",
    "workload.transactions[0].variables.bid.random=[1, 10]",
];

/// pgbench's accounts alone at scale 20.
const ACCOUNTS_20: &[&str] =
    &["workload.tables.pgbench_accounts.rows=2M", "workload.transactions[0].variables.aid.random=[1, 2000000]"];

const fn tpcb(clients: &'static [u32]) -> Workload {
    Workload { folder: "tpcb-like", set: SCALE_10, clients }
}

const ROOMY: &[(&str, &str)] = &[
    ("shared_buffers", "1GB"),
    ("max_wal_size", "8GB"),
    ("min_wal_size", "1GB"),
    ("checkpoint_timeout", "30min"),
    ("max_connections", "150"),
];

const ASYNCHRONOUS: &[(&str, &str)] = &[
    ("shared_buffers", "1GB"),
    ("max_wal_size", "8GB"),
    ("min_wal_size", "1GB"),
    ("checkpoint_timeout", "30min"),
    ("max_connections", "150"),
    ("synchronous_commit", "off"),
];

const TIGHT: &[(&str, &str)] = &[
    ("shared_buffers", "32MB"),
    ("max_wal_size", "2GB"),
    ("min_wal_size", "512MB"),
    ("checkpoint_timeout", "30min"),
    ("max_connections", "150"),
];

/// All regimes. No cell of theirs was used to fit anything that is not fitted by `predict calibrate` itself.
pub const ALL: [Regime; 6] = [
    Regime {
        name: "one-cpu",
        about: "server and load share one CPU",
        server: "0",
        load: "0",
        settings: ROOMY,
        slow_flush: 0,
        limits: None,
        workloads: &[
            tpcb(&[1, 4, 16, 64]),
            plain("tickets", &[1, 16]),
            plain("catalog", &[4, 64]),
            plain("events", &[4, 16]),
            plain("page-counters", &[1, 16]),
            plain("reading", &[4, 64]),
            plain("hot-row", &[4, 64]),
            plain("transfers", &[4, 16]),
            plain("sessions", &[16, 64]),
            plain("orders", &[1, 16]),
            plain("job-queue", &[4, 16]),
        ],
    },
    Regime {
        name: "two-cpus",
        about: "server and load share two CPUs",
        server: "0,1",
        load: "0,1",
        settings: ROOMY,
        slow_flush: 0,
        limits: None,
        workloads: &[
            tpcb(&[4, 16]),
            plain("tickets", &[16]),
            plain("reading", &[4, 16]),
            plain("catalog", &[16]),
            plain("job-queue", &[16]),
            plain("page-counters", &[4]),
        ],
    },
    Regime {
        name: "split",
        about: "the server on one CPU, the load on another",
        server: "0",
        load: "1",
        settings: ROOMY,
        slow_flush: 0,
        limits: None,
        workloads: &[
            tpcb(&[4, 64]),
            plain("tickets", &[4, 16]),
            plain("hot-row", &[16]),
            plain("sessions", &[64]),
            plain("reading", &[16]),
            plain("events", &[4]),
            plain("transfers", &[16]),
            plain("orders", &[16]),
        ],
    },
    Regime {
        name: "slow-flush",
        about: "a flush takes 2 ms more; the server on one CPU, the load on another",
        server: "0",
        load: "1",
        settings: ROOMY,
        slow_flush: 2000,
        limits: None,
        workloads: &[
            tpcb(&[1, 16, 64]),
            plain("tickets", &[16]),
            plain("hot-row", &[16]),
            plain("catalog", &[4]),
            plain("job-queue", &[16]),
            plain("page-counters", &[16]),
        ],
    },
    Regime {
        name: "asynchronous",
        about: "synchronous_commit off; server and load share one CPU",
        server: "0",
        load: "0",
        settings: ASYNCHRONOUS,
        slow_flush: 0,
        limits: None,
        workloads: &[
            tpcb(&[1, 16]),
            plain("orders", &[16]),
            plain("catalog", &[16]),
            plain("events", &[16]),
            plain("page-counters", &[16]),
        ],
    },
    Regime {
        name: "tight-memory",
        about: "256 MB of memory, 32 MB of shared_buffers, 1,000 reads a second; the server on one CPU, the load on another",
        server: "0",
        load: "1",
        settings: TIGHT,
        slow_flush: 0,
        limits: Some((256, 1000)),
        workloads: &[
            Workload { folder: "select-only", set: ACCOUNTS_20, clients: &[4, 16] },
            plain("reading", &[4, 16]),
            plain("tickets", &[16]),
        ],
    },
];
