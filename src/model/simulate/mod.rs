//! The model as a program for the simulation: what each client does, statement by statement.
//!
//! Where the analytic model has demands and hold times, the simulation has the order of events: the
//! client's CPU, half a round trip, the server's CPU up to the row, the row's lock, the rest of the
//! statement, and so on to the commit, whose flush serves all who wait when it starts. Batch sizes, lock
//! waits, deadlocks and aborts come about; CPU prices, read times, and what checkpoints and a busy
//! device add are those of the analytic solution.

mod class;
mod stations;
#[cfg(test)]
mod tests;

use crate::demand::TransactionDemand;
use crate::model::station::StationName as S;
use crate::model::steady::Steady;
use crate::model::system::{Arrivals, System};
use crate::queueing::simulation::{BatchServer, Crowding, Handover, Load, MODES, Model, Restart, Time};
use crate::sql::tree::LockMode;

use class::Builder;
use stations::{SERVER, Stations, Tables};

/// Customers up to which the cost of a context switch is tabulated.
const CROWD: usize = 4096;

/// What a kind of transaction does at a conflict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Conflicts {
    /// A row changed by others since the snapshot makes it abort (repeatable read and above).
    pub aborts: bool,
    /// The client repeats an aborted transaction.
    pub retries: bool,
}

/// The simulation's model of a system at the conditions of its analytic solution.
///
/// `demands` and `conflicts` are parallel to the system's kinds; `deadlock_timeout` is in seconds. Under
/// an open load beyond capacity, the server is simulated with as many transactions as it admits.
#[must_use]
pub fn program(
    system: &System,
    steady: &Steady,
    demands: &[TransactionDemand],
    conflicts: &[Conflicts],
    deadlock_timeout: f64,
) -> Model {
    let mut stations = Stations::new(system);
    let load = load(system, steady);
    let inside = match load {
        Load::Closed { customers, .. } => f64::from(customers),
        Load::Open { .. } => f64::INFINITY,
    };
    let pooled = system.admitted < inside && system.admitted.is_finite();
    let tables = Tables::new(demands);
    let mut choices = Vec::new();
    let classes = system
        .kinds
        .iter()
        .zip(demands)
        .zip(conflicts)
        .map(|((kind, demand), conflicts)| {
            let mut builder =
                Builder { system, steady, stations: &stations, tables: &tables, choices: &mut choices, pooled };
            builder.class(kind, demand, *conflicts)
        })
        .collect();
    let mut matrix = [0; MODES];
    for a in LOCK_MODES {
        for b in LOCK_MODES.into_iter().filter(|b| a.conflicts(*b)) {
            matrix[a as usize] |= 1 << (b as u8);
        }
    }
    let any_aborts = conflicts.iter().any(|c| c.aborts);
    Model {
        places: S::ALL.iter().map(|s| s.as_str().to_owned()).collect(),
        stations: std::mem::take(&mut stations.list),
        batches: vec![BatchServer {
            name: S::WalFlush.as_str().into(),
            time: varying(system.commit.flush * steady.conditions.device_stretch, system.flush_variation),
            restart: (system.commit.wakeup > 0.0).then_some(Restart {
                station: SERVER,
                place: S::ServerCpu.index(),
                time: system.commit.wakeup,
            }),
            // The CPU of a flush is spent in the call that flushes, while others gather.
            lead: (system.commit.flush_cpu > 0.0).then_some(Restart {
                station: SERVER,
                place: S::ServerCpu.index(),
                time: (1.0 - system.flush_finish) * system.commit.flush_cpu,
            }),
            finish: (system.commit.flush_cpu > 0.0).then_some(Restart {
                station: SERVER,
                place: S::ServerCpu.index(),
                time: system.flush_finish * system.commit.flush_cpu,
            }),
        }],
        capacity: pooled.then_some(system.admitted.clamp(1.0, f64::from(u32::MAX)) as u32),
        conflicts: matrix,
        versions: if any_aborts { 1 << (LockMode::NoKeyUpdate as u8) | 1 << (LockMode::Update as u8) } else { 0 },
        choices,
        handover: (system.lock_handover > 0.0).then_some(Handover {
            station: SERVER,
            place: S::ServerCpu.index(),
            time: system.lock_handover,
        }),
        crowding: Some(crowding(system, inside)),
        deadlock_timeout,
        classes,
        load,
    }
}

const LOCK_MODES: [LockMode; 4] = [LockMode::KeyShare, LockMode::Share, LockMode::NoKeyUpdate, LockMode::Update];

/// The load as it is simulated.
fn load(system: &System, steady: &Steady) -> Load {
    let place = S::Think.index();
    let customers = |n: f64| n.round().clamp(1.0, f64::from(1_u32 << 28)) as u32;
    match system.arrivals {
        Arrivals::Closed { clients, think } => {
            Load::Closed { customers: customers(clients), think: pause(system, think), place }
        }
        Arrivals::Open { .. } if steady.overloaded => {
            Load::Closed { customers: customers(system.admitted), think: Time::Fixed(0.0), place }
        }
        Arrivals::Open { rate } => Load::Open { rate },
    }
}

/// Largest relative deviation that a uniform distribution can have, a little less.
const LARGEST_VARIATION: f64 = 0.5;

/// A time of a mean and a coefficient of variation.
fn varying(mean: f64, cv: f64) -> Time {
    Time::Uniform { mean, cv: cv.clamp(0.0, LARGEST_VARIATION) }
}

/// A pause of a client: how late its timer and its wake-up are differs from one to the next.
fn pause(system: &System, mean: f64) -> Time {
    if mean > 0.0 { varying(mean, system.sleep_variation / mean) } else { Time::Fixed(0.0) }
}

/// Context switches by the number of sessions: all of a closed load or a pool, else those inside.
fn crowding(system: &System, inside: f64) -> Crowding {
    let outside = [S::Think, S::ConnectionPool];
    let places = S::ALL.into_iter().filter(|s| !outside.contains(s)).map(S::index).collect();
    let cores = system.effective_cores().max(1.0);
    let cost = |n: f64| system.switches.per_message(n / cores, system.variety);
    let sessions = inside.min(system.admitted);
    let seconds = if inside.is_finite() {
        vec![cost(sessions)]
    } else {
        (0..=sessions.min(CROWD as f64) as usize).map(|n| cost(n as f64)).collect()
    };
    Crowding { places, seconds, least: 0.1 }
}
