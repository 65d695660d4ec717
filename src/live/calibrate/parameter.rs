//! What is fitted to the cells: coefficients of contention, their priors, and where they are in the model's network.

use crate::fit::map::Prior;
use crate::live::calibrate::cells::Family;
use crate::machine::Machine;
use crate::model::build::idle_wakeup;
use crate::model::system::{Demand, System};

/// How far the price list is off for one transaction, relative.
const PRICES_SD: f64 = 0.10;

/// One number that is fitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parameter {
    /// One flush.
    Flush,
    /// `flush_cpu`; `wal_write_call` without fsync.
    FlushCpu,
    /// `committer_wakeup`.
    CommitterWakeup,
    /// `batch_serialization`.
    Serialization,
    /// `switch_1`.
    Switch1,
    /// `switch_16`.
    Switch16,
    /// `switch_64`.
    Switch64,
    /// `lock_handover`.
    LockHandover,
    /// `sleep_overhead`.
    Sleep,
    /// `connection_start`.
    ConnectionStart,
    /// `idle_wakeup`.
    IdleWakeup,
    /// `cold_start`.
    ColdStart,
    /// `core_yield`.
    CoreYield,
    /// What the price list missed of the CPU of one transaction, as a factor.
    Prices(Family),
}

impl Parameter {
    /// Those that matter on a machine.
    pub fn all(machine: &Machine) -> Vec<Self> {
        let mut out = vec![
            Self::FlushCpu,
            Self::Switch1,
            Self::Switch16,
            Self::Switch64,
            Self::LockHandover,
            Self::Sleep,
            Self::ConnectionStart,
            Self::ColdStart,
        ];
        if machine.settings.fsync {
            out.extend([Self::Flush, Self::CommitterWakeup, Self::Serialization]);
        }
        if idle_wakeup(machine) > 0.0 {
            out.push(Self::IdleWakeup);
        }
        if machine.cpu.cores > 1.0 {
            out.push(Self::CoreYield);
        }
        out.extend(Family::ALL.map(Self::Prices));
        out
    }

    /// The coefficient it is; `None` for what is no coefficient.
    pub fn name(self, machine: &Machine) -> Option<&'static str> {
        Some(match self {
            Self::FlushCpu if machine.settings.fsync => "flush_cpu",
            Self::FlushCpu => "wal_write_call",
            Self::CommitterWakeup => "committer_wakeup",
            Self::Serialization => "batch_serialization",
            Self::Switch1 => "switch_1",
            Self::Switch16 => "switch_16",
            Self::Switch64 => "switch_64",
            Self::LockHandover => "lock_handover",
            Self::Sleep => "sleep_overhead",
            Self::ConnectionStart => "connection_start",
            Self::IdleWakeup => "idle_wakeup",
            Self::ColdStart => "cold_start",
            Self::CoreYield => "core_yield",
            Self::Flush | Self::Prices(_) => return None,
        })
    }

    /// Its prior, in microseconds where it is a time. `speed` is how dear CPU is here against the reference core;
    /// other machines differ by more than the defaults' own spread.
    pub fn prior(self, machine: &Machine, speed: f64, flush: (f64, f64)) -> Prior {
        let c = &machine.coefficients;
        let cpu = |value: f64, sd: f64, low: f64, high: f64| Prior {
            value: value * speed,
            sd: sd * speed,
            low: low * speed,
            high: high * speed,
        };
        match self {
            Self::Flush => Prior { value: flush.0, sd: flush.1, low: 1.0, high: 1e6 },
            Self::FlushCpu if machine.settings.fsync => cpu(c.flush_cpu.value, 60.0, 0.0, 2e3),
            Self::FlushCpu => cpu(c.wal_write_call.value, 20.0, 0.0, 2e3),
            Self::CommitterWakeup => cpu(c.committer_wakeup.value, 15.0, 0.0, 500.0),
            Self::Serialization => Prior { value: c.batch_serialization.value, sd: 0.2, low: 0.0, high: 1.0 },
            Self::Switch1 => cpu(c.switch_1.value, 6.0, -20.0, 100.0),
            Self::Switch16 => cpu(c.switch_16.value, 6.0, -20.0, 100.0),
            Self::Switch64 => cpu(c.switch_64.value, 15.0, -20.0, 200.0),
            Self::LockHandover => cpu(c.lock_handover.value, 10.0, 0.0, 200.0),
            Self::Sleep => Prior { value: c.sleep_overhead.value, sd: 120.0, low: 0.0, high: 2e4 },
            Self::ConnectionStart => cpu(c.connection_start.value, 2e3, 10.0, 1e6),
            Self::IdleWakeup => Prior { value: c.idle_wakeup.value, sd: 40.0, low: 0.0, high: 2e3 },
            Self::ColdStart => cpu(c.cold_start.value, 30.0, 0.0, 1e3),
            Self::CoreYield => Prior { value: c.core_yield.value, sd: 0.3, low: 0.05, high: 1.0 },
            Self::Prices(_) => Prior { value: 1.0, sd: PRICES_SD, low: 0.2, high: 5.0 },
        }
    }

    /// Puts a value into a cell's network.
    pub fn apply(self, value: f64, machine: &Machine, family: Family, system: &mut System) {
        let (c, us) = (&machine.coefficients, value * 1e-6);
        match self {
            Self::Flush if family.flushes() => system.commit.flush = us + machine.settings.commit_delay.get(),
            Self::FlushCpu if family.flushes() => system.commit.flush_cpu = us,
            Self::CommitterWakeup if family.flushes() => system.commit.wakeup = us,
            Self::Serialization => system.commit.serialization = value,
            Self::Switch1 => system.switches.at_1 = us,
            Self::Switch16 => system.switches.at_16 = us,
            Self::Switch64 => system.switches.at_64 = us,
            Self::LockHandover => system.lock_handover = us,
            Self::Sleep if family == Family::Sleep => system.work.sleep += us - c.sleep_overhead.value * 1e-6,
            Self::ConnectionStart if family == Family::Connect => {
                system.work.server_cpu += us - c.connection_start.value * 1e-6;
            }
            Self::IdleWakeup => {
                each_demand(system, |d| d.network += (us - idle_wakeup(machine)) * d.round_trips);
            }
            Self::ColdStart => system.cold_start = us,
            Self::CoreYield => system.core_yield = value,
            Self::Prices(of) if of == family => each_demand(system, |d| d.server_cpu *= value),
            _ => {}
        }
    }
}

/// All demands of a network: the transaction's, its types', and what is done under locks.
fn each_demand(system: &mut System, mut change: impl FnMut(&mut Demand)) {
    change(&mut system.work);
    system.kinds.iter_mut().for_each(|k| change(&mut k.demand));
    system.locks.iter_mut().flat_map(|l| &mut l.takers).for_each(|t| change(&mut t.held));
}
