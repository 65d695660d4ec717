//! What the tests of this module share.

use crate::machine::{PlanCacheMode, Settings, SynchronousCommit};
use crate::units::{Bytes, Seconds};

/// PostgreSQL 15's defaults.
pub fn settings() -> Settings {
    let mb = 1024.0 * 1024.0;
    Settings {
        version: 15,
        shared_buffers: Bytes(128.0 * mb),
        effective_cache_size: Bytes(4096.0 * mb),
        work_mem: Bytes(4.0 * mb),
        synchronous_commit: SynchronousCommit::On,
        fsync: true,
        full_page_writes: true,
        wal_compression: false,
        data_checksums: false,
        wal_level_logical: false,
        max_wal_size: Bytes(1024.0 * mb),
        checkpoint_timeout: Seconds(300.0),
        checkpoint_completion_target: 0.9,
        commit_delay: Seconds(0.0),
        commit_siblings: 5,
        deadlock_timeout: Seconds(1.0),
        max_connections: 100,
        random_page_cost: 4.0,
        seq_page_cost: 1.0,
        cpu_tuple_cost: 0.01,
        cpu_index_tuple_cost: 0.005,
        cpu_operator_cost: 0.0025,
        autovacuum: true,
        plan_cache_mode: PlanCacheMode::Auto,
        disabled_plans: Vec::new(),
        default_isolation: None,
    }
}
