//! What-ifs that answer "what limits": one station relieved at a time.

use crate::model::station::StationName as S;
use crate::model::system::{Arrivals, ClientCpu, Demand, System};

/// By how much a station is relieved: its demand ten times smaller.
const FACTOR: f64 = 10.0;

/// A station made ten times as fast (or as wide).
pub struct Relief;

impl Relief {
    /// The system with one station relieved; `None` where nothing of the kind is there to relieve.
    ///
    /// On one host the two CPU demands share the cores and are relieved together: the call for the
    /// client's CPU answers `None` there.
    #[must_use]
    pub fn of(system: &System, station: S) -> Option<System> {
        let mut relieved = system.clone();
        let shared = matches!(system.client, ClientCpu::Shared);
        let scale = |relieved: &mut System, f: fn(&mut Demand)| {
            f(&mut relieved.work);
            relieved.kinds.iter_mut().for_each(|k| f(&mut k.demand));
            relieved.locks.iter_mut().flat_map(|l| &mut l.takers).for_each(|t| f(&mut t.held));
        };
        match station {
            S::ServerCpu => {
                scale(&mut relieved, |d| d.server_cpu /= FACTOR);
                if shared {
                    scale(&mut relieved, |d| d.client_cpu /= FACTOR);
                }
                let (commit, switches) = (&mut relieved.commit, &mut relieved.switches);
                commit.flush_cpu /= FACTOR;
                commit.wakeup /= FACTOR;
                switches.at_1 /= FACTOR;
                switches.at_16 /= FACTOR;
                switches.at_64 /= FACTOR;
                relieved.lock_handover /= FACTOR;
                relieved.cold_start /= FACTOR;
                relieved.checkpoints.image_cpu /= FACTOR;
            }
            S::ClientCpu => {
                if shared || system.work.client_cpu <= 0.0 {
                    return None;
                }
                scale(&mut relieved, |d| d.client_cpu /= FACTOR);
            }
            S::WalFlush => {
                if system.work.flushes * (system.commit.flush + system.commit.standby) <= 0.0 {
                    return None;
                }
                relieved.commit.flush /= FACTOR;
                relieved.commit.standby /= FACTOR;
            }
            S::WalWrite => {
                if system.work.wal_bytes <= 0.0 {
                    return None;
                }
                relieved.storage.write_bandwidth *= FACTOR;
            }
            S::DataWrite => {
                if system.dirty.is_empty() {
                    return None;
                }
                relieved.storage.write_bandwidth *= FACTOR;
                relieved.storage.write_iops *= FACTOR;
            }
            S::DataRead => {
                if system.work.reads <= 0.0 {
                    return None;
                }
                relieved.storage.read /= FACTOR;
            }
            S::RowLocks => {
                if system.locks.is_empty() {
                    return None;
                }
                relieved.locks.iter_mut().for_each(|l| l.rows *= FACTOR);
            }
            S::ConnectionPool => {
                let load_fits =
                    matches!(system.arrivals, Arrivals::Closed { clients, .. } if clients <= system.admitted);
                if load_fits {
                    return None;
                }
                relieved.admitted *= FACTOR;
            }
            S::Network => {
                if system.work.network <= 0.0 {
                    return None;
                }
                scale(&mut relieved, |d| d.network /= FACTOR);
            }
            S::Think => {
                let thinks = matches!(system.arrivals, Arrivals::Closed { think, .. } if think > 0.0);
                if !thinks && system.work.sleep <= 0.0 {
                    return None;
                }
                if let Arrivals::Closed { think, .. } = &mut relieved.arrivals {
                    *think /= FACTOR;
                }
                scale(&mut relieved, |d| d.sleep /= FACTOR);
            }
            // Contention inside the server has no demand of its own yet.
            S::InternalLocks => return None,
        }
        Some(relieved)
    }
}
