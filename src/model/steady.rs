//! A solved system.

use crate::model::locks::{LockClass, LockWaits};
use crate::model::network::Conditions;
use crate::model::station::StationName as S;
use crate::model::storage::CheckpointLoad;
use crate::model::system::System;

/// A solved system.
#[derive(Debug, Clone)]
pub struct Steady {
    /// Committed transactions per second.
    pub throughput: f64,
    /// Residence per transaction, seconds, by station; think time included.
    pub residence: [f64; S::ALL.len()],
    /// Server CPU per transaction, seconds.
    pub server_cpu: f64,
    /// What the load did to demands.
    pub conditions: Conditions,
    /// Lock waits.
    pub waits: LockWaits,
    /// Transactions that wait for locks, on average.
    pub waiting: f64,
    /// Rows of the lock with the fewest.
    pub fewest_rows: f64,
    /// Checkpoints.
    pub checkpoint: CheckpointLoad,
    /// Share of the storage's write capacity in use.
    pub write_utilization: f64,
    /// The open load is beyond what can be completed.
    pub overloaded: bool,
    /// Whether the fixed point settled.
    pub converged: bool,
    /// Networks solved.
    pub iterations: usize,
    /// A row with a convoy, where there is one.
    pub(super) convoy: Option<Apart>,
}

/// A row taken out of its class.
#[derive(Debug, Clone)]
pub(super) struct Apart {
    /// The class, in the system's order.
    pub(super) class: usize,
    /// The rows of that class, this one included.
    pub(super) rows: f64,
    /// All classes with the row as one of its own, in that place.
    pub(super) locks: Vec<LockClass>,
}

impl Steady {
    /// The rows that [`Steady::waits`] speaks of; a row with a convoy is a class of its own.
    #[must_use]
    pub fn locks<'a>(&'a self, system: &'a System) -> &'a [LockClass] {
        self.convoy.as_ref().map_or(&system.locks, |c| &c.locks)
    }

    /// Mean latency, seconds: all residences but the think time after a transaction.
    #[must_use]
    pub fn latency(&self, think: f64) -> f64 {
        self.residence.iter().sum::<f64>() - think
    }
}

/// Rows of the lock with the fewest; infinite without locks.
pub(super) fn fewest_rows(system: &System) -> f64 {
    system.locks.iter().map(|l| l.rows).fold(f64::INFINITY, f64::min)
}
