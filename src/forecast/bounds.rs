//! What no number of clients can pass.

use crate::model::System;
use crate::model::locks::HoldTimes;
use crate::model::system::{Arrivals, ClientCpu};

/// Asymptotic bounds of a system.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AsymptoticBounds {
    /// Transactions per second that no number of clients passes.
    pub max_tps: f64,
    /// Clients at which the two asymptotes (all alone, and full) meet.
    pub saturation_clients: f64,
}

/// Utilization law at every station (Lazowska and others 1984, chapter 5), with the smallest demand
/// that any load can bring about: largest batches, fewest context switches, nobody waiting.
///
/// Group commit has no bound of its own, since batches grow with the load; a row does: holders of one
/// row follow each other, each holding it for at least its own work and one flush.
#[must_use]
pub fn asymptotic(system: &System) -> AsymptoticBounds {
    let work = &system.work;
    let shared = matches!(system.client, ClientCpu::Shared);
    let commit_cpu = system.commit.flush_cpu.min(system.commit.wakeup);
    let switch = system.switches.at_1.min(0.0);
    let server = (work.server_cpu + work.messages * switch + work.flushes * commit_cpu).max(0.1 * work.server_cpu);
    let quota = system.cores.min(1.0);
    let cpu = (server + if shared { work.client_cpu } else { 0.0 }) / quota;
    let mut rates = vec![system.effective_cores().max(1.0) / cpu];
    if let ClientCpu::Own(cores) = system.client {
        rates.push(cores / work.client_cpu);
    }
    let (read, storage) = (work.reads * system.storage.read, &system.storage);
    rates.push(storage.read_width.max(1.0) / read);
    rates.push(storage.write_bandwidth / work.wal_bytes);
    let flush = system.commit.flush + system.commit.standby;
    let times = HoldTimes { cpu_wait: 0.0, cpu: 0.0, switch, commit_cpu, flush, read: storage.read, written: 0.0 };
    for class in &system.locks {
        for taker in class.takers.iter().filter(|t| t.waits) {
            let holders = class.takers.iter().filter(|t| t.mode.conflicts(taker.mode));
            let busy: f64 = holders.map(|t| t.takes * times.of(&t.held)).sum();
            rates.push(class.rows / busy);
        }
    }
    let alone =
        cpu + if shared { 0.0 } else { work.client_cpu } + work.flushes * flush + work.network + work.sleep + read;
    if system.admitted.is_finite() {
        rates.push(system.admitted / alone);
    }
    let max_tps = rates.into_iter().filter(|r| r.is_finite() && *r > 0.0).fold(f64::INFINITY, f64::min);
    let think = match system.arrivals {
        Arrivals::Closed { think, .. } => think,
        Arrivals::Open { .. } => 0.0,
    };
    AsymptoticBounds { max_tps, saturation_clients: max_tps * (alone + think) }
}
