//! The inert description of a PostgreSQL under one workload, per average transaction.
//!
//! Plain numbers in seconds, bytes and counts: this is the inside of the model, where each field
//! says its unit.

use crate::model::caches::Switches;
use crate::model::locks::LockClass;
use crate::model::storage::{CheckpointRules, DirtyRelation};

/// Everything the solvers need; cheap to copy and change for what-ifs.
#[derive(Debug, Clone)]
pub struct System {
    /// Clients (closed) or arrivals (open).
    pub arrivals: Arrivals,
    /// Transactions that can be inside the server at once (pool, or max_connections).
    pub admitted: f64,
    /// Server cores; a fraction is a quota.
    pub cores: f64,
    /// Work done by each further busy core, relative to the first.
    pub core_yield: f64,
    /// Where the client's CPU is.
    pub client: ClientCpu,
    /// The average transaction.
    pub work: Demand,
    /// Per transaction type: its share of transactions (sums to 1) and its own demand.
    pub kinds: Vec<KindDemand>,
    /// Group commit.
    pub commit: Commit,
    /// CPU of context switches.
    pub switches: Switches,
    /// Different statements that a session runs, those that are run seldom counted for less: the exponential of the
    /// entropy of what is sent.
    pub variety: f64,
    /// CPU of a burst that finds its core idle, per [`System::cold`]'s measure, seconds: the server's.
    pub cold_start: f64,
    /// The same of the client, relative to the server's.
    pub cold_client: f64,
    /// Server CPU per waiter at each hand-over of a row lock, seconds.
    pub lock_handover: f64,
    /// Coefficient of variation of the time that a row is held.
    pub hold_variation: f64,
    /// Coefficient of variation of the time of one flush.
    pub flush_variation: f64,
    /// Share of the CPU of a flush that its leader does after it, before anybody goes on.
    pub flush_finish: f64,
    /// Standard deviation of a client-side pause, seconds.
    pub sleep_variation: f64,
    /// Standard deviation of a round trip beyond its CPU, seconds.
    pub trip_variation: f64,
    /// Rows that are contended for.
    pub locks: Vec<LockClass>,
    /// Storage.
    pub storage: StorageRates,
    /// When checkpoints come.
    pub checkpoints: CheckpointRules,
    /// Relations that are dirtied.
    pub dirty: Vec<DirtyRelation>,
    /// Variation of a transaction's own CPU work from one run to the next, relative.
    pub demand_variation: f64,
}

/// How transactions arrive.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Arrivals {
    /// So many clients; think time in seconds.
    Closed {
        /// Clients.
        clients: f64,
        /// Think time after each transaction, seconds.
        think: f64,
    },
    /// Poisson arrivals.
    Open {
        /// Transactions per second.
        rate: f64,
    },
}

/// Where the client's CPU is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ClientCpu {
    /// On the server's own cores.
    Shared,
    /// Elsewhere, so many cores.
    Own(f64),
    /// Elsewhere, more than it needs.
    Unlimited,
}

/// Demand of one transaction, additive. CPU in seconds of this machine's cores.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Demand {
    /// Server CPU before what depends on the load, seconds.
    pub server_cpu: f64,
    /// Standard deviation of `server_cpu` from the spread of the prices, seconds.
    pub server_cpu_sd: f64,
    /// Client CPU, seconds.
    pub client_cpu: f64,
    /// Messages.
    pub messages: f64,
    /// Time on the wire, seconds.
    pub network: f64,
    /// Round trips.
    pub round_trips: f64,
    /// Client-side sleeps, seconds.
    pub sleep: f64,
    /// Commits that wait for a flush.
    pub flushes: f64,
    /// WAL without full-page images, bytes.
    pub wal_bytes: f64,
    /// Pages read from disk.
    pub reads: f64,
    /// Buffer accesses.
    pub pages: f64,
    /// Buffer accesses that miss shared_buffers.
    pub pages_missed: f64,
}

impl Demand {
    /// Adds `times` of `other`.
    pub fn add(&mut self, other: &Self, times: f64) {
        self.server_cpu += other.server_cpu * times;
        self.server_cpu_sd += other.server_cpu_sd * times;
        self.client_cpu += other.client_cpu * times;
        self.messages += other.messages * times;
        self.network += other.network * times;
        self.round_trips += other.round_trips * times;
        self.sleep += other.sleep * times;
        self.flushes += other.flushes * times;
        self.wal_bytes += other.wal_bytes * times;
        self.reads += other.reads * times;
        self.pages += other.pages * times;
        self.pages_missed += other.pages_missed * times;
    }
}

/// One transaction type.
#[derive(Debug, Clone, PartialEq)]
pub struct KindDemand {
    /// Its name.
    pub name: String,
    /// Share of all transactions, 0..1.
    pub share: f64,
    /// Its demand.
    pub demand: Demand,
}

/// Group commit (one flush of the WAL serves all commits that wait for it).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Commit {
    /// S: one flush, seconds; 0 when nobody waits for one.
    pub flush: f64,
    /// F: server CPU of one flush, seconds.
    pub flush_cpu: f64,
    /// w: server CPU to wake one committer, seconds.
    pub wakeup: f64,
    /// g: share of a batch's CPU that runs before the next flush starts.
    pub serialization: f64,
    /// Wait for a synchronous standby after the local flush, seconds.
    pub standby: f64,
}

/// What the storage can do.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StorageRates {
    /// One random read, seconds.
    pub read: f64,
    /// Reads under way at once before the ceiling binds: latency times ceiling.
    pub read_width: f64,
    /// Pages written per second.
    pub write_iops: f64,
    /// Bytes written per second.
    pub write_bandwidth: f64,
}
