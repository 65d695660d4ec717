//! What is measured: one cell is a workload at a scale, with so many clients, under given settings.

use std::path::{Path, PathBuf};

use predict::live::pgbench::Script;
use serde::{Deserialize, Serialize};

/// One cell.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Cell {
    /// A folder of `workloads/`.
    pub workload: String,
    /// pgbench's scale; 1 for workloads with data of their own.
    pub scale: u32,
    /// pgbench's protocol.
    pub protocol: String,
    /// The sessions' synchronous_commit.
    pub synchronous_commit: String,
    /// Clients.
    pub clients: u32,
}

/// The workloads that pgbench brings along, by their own names.
pub const BUILTINS: [&str; 3] = ["tpcb-like", "simple-update", "select-only"];

/// The scripts and weights of a workload with data of its own.
const SCRIPTS: [(&str, &[(&str, u32)]); 3] = [
    ("orders", &[("new_order", 4), ("order_lookup", 10), ("set_status", 4), ("restock", 1)]),
    ("job-queue", &[("enqueue", 100), ("work", 100), ("cleanup", 1)]),
    ("one-row-update", &[("script", 1)]),
];

impl Cell {
    /// A cell as most are: prepared statements, synchronous commit.
    pub fn new(workload: &str, scale: u32, clients: u32) -> Self {
        Self {
            workload: workload.to_owned(),
            scale,
            protocol: "prepared".to_owned(),
            synchronous_commit: "on".to_owned(),
            clients,
        }
    }

    /// The folder of its workload.
    pub fn folder(&self) -> PathBuf {
        workloads().join(&self.workload)
    }

    /// Whether its tables are pgbench's own.
    pub fn has_pgbench_tables(&self) -> bool {
        BUILTINS.contains(&self.workload.as_str()) || self.workload == "one-row-update"
    }

    /// The database that holds its data.
    pub fn database(&self) -> String {
        if self.has_pgbench_tables() { format!("pgbench_{}", self.scale) } else { self.workload.clone() }
    }

    /// What pgbench runs.
    pub fn scripts(&self) -> Vec<Script> {
        if BUILTINS.contains(&self.workload.as_str()) {
            return vec![Script::Builtin(self.workload.clone())];
        }
        let scripts = SCRIPTS.iter().find(|s| s.0 == self.workload).map_or(&[] as &[_], |s| s.1);
        scripts.iter().map(|(name, weight)| Script::File(self.folder().join(format!("{name}.sql")), *weight)).collect()
    }
}

/// The repository's `workloads/`.
pub fn workloads() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("workloads")
}

/// The cells of one run: every workload at every scale with every number of clients.
pub fn grid(workloads: &[String], scales: &[u32], clients: &[u32]) -> Vec<Cell> {
    let mut cells = Vec::new();
    for workload in workloads {
        let own_data = !Cell::new(workload, 1, 1).has_pgbench_tables();
        for &scale in if own_data { &[1] } else { scales } {
            cells.extend(clients.iter().map(|&c| Cell::new(workload, scale, c)));
        }
    }
    cells
}

/// Further cells at scale 50: no waiting for flushes, the three protocols, and the one-row update
/// from which the flush itself is read.
pub fn variants(clients: &[u32]) -> Vec<Cell> {
    let mut cells = Vec::new();
    for &c in clients {
        cells.push(Cell { synchronous_commit: "off".to_owned(), ..Cell::new("tpcb-like", 50, c) });
    }
    for protocol in ["simple", "extended"] {
        cells.extend([1, 4].map(|c| Cell { protocol: protocol.to_owned(), ..Cell::new("select-only", 50, c) }));
    }
    for &c in clients {
        cells.push(Cell::new("one-row-update", 50, c));
    }
    cells.extend([1, 4].map(|c| Cell { synchronous_commit: "off".to_owned(), ..Cell::new("one-row-update", 50, c) }));
    cells
}
