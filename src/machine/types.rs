//! What a machine file holds once it has been read and checked.

use crate::diagnostic::Warning;
use crate::machine::coefficients::Coefficients;
use crate::units::{Bytes, Rate, Seconds};
use crate::workload::Isolation;

/// A machine with a PostgreSQL on it.
#[derive(Debug, Clone)]
pub struct Machine {
    /// Its name.
    pub name: String,
    /// Whether it is the built-in reference machine, for want of a file.
    pub reference: bool,
    /// Processor.
    pub cpu: Cpu,
    /// Memory for PostgreSQL and the kernel's page cache together.
    pub memory: Bytes,
    /// Storage.
    pub storage: Storage,
    /// Network round trip of the wire alone.
    pub rtt: Seconds,
    /// The load generator.
    pub client: Client,
    /// Server settings.
    pub settings: Settings,
    /// A synchronous standby.
    pub standby: Option<Standby>,
    /// Prices and curves.
    pub coefficients: Coefficients,
    /// Whether the coefficients were fitted on this machine.
    pub calibrated: bool,
    /// What was read but is not modelled.
    pub warnings: Vec<Warning>,
}

/// Processor.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cpu {
    /// Cores; a fraction is a quota.
    pub cores: f64,
    /// Speed relative to the reference core of the coefficients.
    pub speed: f64,
}

/// Storage.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Storage {
    /// One flush of the WAL (S of the model).
    pub fsync: Seconds,
    /// One random read of a page.
    pub read: Seconds,
    /// Ceiling of reads.
    pub read_iops: Rate,
    /// Ceiling of writes.
    pub write_iops: Rate,
    /// Bytes written per second.
    pub write_bandwidth: Bytes,
}

/// The load generator.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Client {
    /// Whether it shares the server's cores.
    pub same_host: bool,
    /// Its own cores when remote and limited.
    pub cores: Option<f64>,
}

/// A synchronous standby that commits wait for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Standby {
    /// Round trip to it.
    pub rtt: Seconds,
    /// Its WAL flush.
    pub fsync: Seconds,
}

/// synchronous_commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SynchronousCommit {
    /// No wait.
    Off,
    /// Local flush only.
    Local,
    /// Standby has received and written.
    RemoteWrite,
    /// Standby has flushed.
    On,
    /// Standby has applied.
    RemoteApply,
}

impl SynchronousCommit {
    /// As postgresql.conf writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Local => "local",
            Self::RemoteWrite => "remote_write",
            Self::On => "on",
            Self::RemoteApply => "remote_apply",
        }
    }
}

/// Server settings that the model uses; the rest is warned about by the reader.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Major version.
    pub version: u32,
    /// shared_buffers.
    pub shared_buffers: Bytes,
    /// effective_cache_size, for the planner.
    pub effective_cache_size: Bytes,
    /// work_mem.
    pub work_mem: Bytes,
    /// synchronous_commit.
    pub synchronous_commit: SynchronousCommit,
    /// fsync.
    pub fsync: bool,
    /// full_page_writes.
    pub full_page_writes: bool,
    /// wal_compression other than off.
    pub wal_compression: bool,
    /// Data checksums.
    pub data_checksums: bool,
    /// wal_level is logical.
    pub wal_level_logical: bool,
    /// max_wal_size.
    pub max_wal_size: Bytes,
    /// checkpoint_timeout.
    pub checkpoint_timeout: Seconds,
    /// checkpoint_completion_target.
    pub checkpoint_completion_target: f64,
    /// commit_delay.
    pub commit_delay: Seconds,
    /// commit_siblings.
    pub commit_siblings: u32,
    /// deadlock_timeout.
    pub deadlock_timeout: Seconds,
    /// max_connections.
    pub max_connections: u32,
    /// random_page_cost.
    pub random_page_cost: f64,
    /// seq_page_cost.
    pub seq_page_cost: f64,
    /// cpu_tuple_cost.
    pub cpu_tuple_cost: f64,
    /// cpu_index_tuple_cost.
    pub cpu_index_tuple_cost: f64,
    /// cpu_operator_cost.
    pub cpu_operator_cost: f64,
    /// autovacuum.
    pub autovacuum: bool,
    /// plan_cache_mode: auto, force_generic_plan, force_custom_plan.
    pub plan_cache_mode: PlanCacheMode,
    /// enable_* switches that are off, by name (`enable_seqscan`).
    pub disabled_plans: Vec<String>,
    /// default_transaction_isolation: the level of transactions that name none.
    pub default_isolation: Isolation,
}

/// plan_cache_mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlanCacheMode {
    /// The server decides after five executions.
    Auto,
    /// Always generic.
    ForceGeneric,
    /// Always custom.
    ForceCustom,
}

impl PlanCacheMode {
    /// As postgresql.conf writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::ForceGeneric => "force_generic_plan",
            Self::ForceCustom => "force_custom_plan",
        }
    }
}
