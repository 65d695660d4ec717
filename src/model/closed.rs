//! The steady state with a fixed number of transactions inside the server.

use crate::model::convoy::{convoy, followed};
use crate::model::locks::{HoldTimes, LockLoad, LockWaits, initial_shares, lock_waits, shares_of};
use crate::model::network::{Conditions, Flow, Network};
use crate::model::regularity::CycleVariance;
use crate::model::station::StationName as S;
use crate::model::steady::{Steady, fewest_rows};
use crate::model::storage::{CheckpointLoad, checkpoint_load, write_utilization};
use crate::model::system::System;
use crate::queueing::QueueingError;

/// Relative change below which conditions count as settled, for a forecast.
pub const SETTLED: f64 = 1e-5;
/// The same for a what-if of which only the size of the change matters.
pub const WHAT_IF: f64 = 2e-3;
/// Rounds after which the conditions are given up on.
const MAX_ROUNDS: usize = 200;
/// The same for a what-if: where clients are nearly in step with flushes, conditions may go to and fro that throughput
/// hardly depends on.
const WHAT_IF_ROUNDS: usize = 40;
/// While the search is far from its end, conditions need be no more settled than this, relative.
pub(super) const ROUGH: f64 = 5e-2;

/// Where those inside come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// Whoever leaves makes room for the next at the same moment.
    AtOnce,
    /// Clients come back after a think time, which is part of the network.
    AfterThinking,
    /// They come from outside at times of their own, whoever leaves.
    AtRandom,
}

/// Search state: what one evaluation leaves for the next.
pub(super) struct Search<'a> {
    pub(super) network: Network<'a>,
    pub(super) system: &'a System,
    pub(super) n: f64,
    pub(super) entry: Entry,
    pub(super) conditions: Conditions,
    pub(super) shares: Vec<f64>,
    pub(super) waits: LockWaits,
    pub(super) interval: f64,
    pub(super) iterations: usize,
    pub(super) settled: bool,
    pub(super) precision: f64,
    /// How much cycles vary, and the share and time of each transaction type.
    pub(super) cycle: CycleVariance,
    kinds: Vec<(f64, f64)>,
}

/// One evaluation at a population that does not wait for locks.
#[derive(Clone, Copy)]
pub(super) struct Evaluation {
    pub(super) flow: Flow,
    /// By how much more of the time rows would have to be free for the waits to be those of the others.
    pub(super) slack: f64,
    pub(super) checkpoint: CheckpointLoad,
    pub(super) utilization: f64,
}

/// Solves the system with `n` transactions inside, starting from the conditions of a similar solution
/// where there is one.
///
/// # Errors
/// A network that the solver refuses or cannot settle.
pub fn solve_inside(
    system: &System,
    n: f64,
    entry: Entry,
    start: Option<&Steady>,
    precision: f64,
) -> Result<Steady, QueueingError> {
    let usual = usual(system, n, entry, start, precision)?;
    Ok(convoy(system, n, entry, &usual, precision)?.unwrap_or(usual))
}

/// The same for a what-if, which keeps to the kind of state that it starts from: a row with a convoy, or none.
///
/// # Errors
/// Those of [`solve_inside`].
pub fn solve_like(
    system: &System,
    n: f64,
    entry: Entry,
    start: &Steady,
    precision: f64,
) -> Result<Steady, QueueingError> {
    if start.convoy.is_none() {
        return usual(system, n, entry, Some(start), precision);
    }
    match followed(system, n, entry, start, precision)? {
        Some(steady) => Ok(steady),
        None => solve_inside(system, n, entry, Some(start), precision),
    }
}

/// The state that few waiters lead to.
fn usual(
    system: &System,
    n: f64,
    entry: Entry,
    start: Option<&Steady>,
    precision: f64,
) -> Result<Steady, QueueingError> {
    let mut search = Search::new(system, n, entry, start, precision);
    let (a, evaluation) = search.population(start)?;
    Ok(search.steady(a, evaluation))
}

impl<'a> Search<'a> {
    /// Nothing evaluated yet.
    pub(super) fn new(system: &'a System, n: f64, entry: Entry, start: Option<&Steady>, precision: f64) -> Self {
        let conditions = start.map_or(
            Conditions {
                batch: 1.0,
                lead: system.commit.flush_cpu,
                phase: 0.5,
                switch: 0.0,
                handover: 0.0,
                cold: 0.0,
                images: 0.0,
                wal_bytes: system.work.wal_bytes,
                device_stretch: 1.0,
            },
            |s| s.conditions,
        );
        Self {
            network: Network::new(system, entry),
            system,
            n,
            entry,
            conditions,
            shares: Vec::new(),
            waits: LockWaits::default(),
            interval: start.map_or(0.0, |s| s.checkpoint.interval),
            iterations: 0,
            settled: true,
            precision,
            cycle: CycleVariance::default(),
            kinds: Vec::new(),
        }
    }
}

impl Search<'_> {
    /// Settles the conditions at population `a`: substitution, sped up by Anderson's mixing of the
    /// last two rounds, and damped when it does not come nearer.
    pub(super) fn evaluate(&mut self, a: f64, precision: f64) -> Result<Evaluation, QueueingError> {
        // What hand-overs cost follows from the population at once.
        self.conditions.handover = self.handover(a);
        let mut last: Option<([f64; 9], [f64; 9])> = None;
        let (mut damping, mut last_change) = (1.0_f64, f64::INFINITY);
        let rounds = if self.precision < WHAT_IF { MAX_ROUNDS } else { WHAT_IF_ROUNDS };
        for _ in 0..rounds {
            let evaluation = self.round(a)?;
            let now = self.conditions.scaled();
            let next = self.next_conditions(a, &evaluation).scaled();
            let residual: [f64; 9] = std::array::from_fn(|k| next[k] - now[k]);
            let change = residual.iter().zip(now).map(|(r, x)| r.abs() / x.abs().max(1.0)).fold(0.0, f64::max);
            if change < precision {
                self.settled = true;
                // The next evaluation, nearby, starts one round further on.
                self.conditions = Conditions::from_scaled(next);
                return Ok(evaluation);
            }
            let theta = last.map_or(0.0, |(_, before)| {
                let (mut along, mut length) = (0.0, 0.0);
                for (r, b) in residual.iter().zip(before) {
                    along += r * (r - b);
                    length += (r - b) * (r - b);
                }
                // More than a doubling of the step is not trusted.
                if length > 0.0 { (along / length).clamp(-1.0, 0.9) } else { 0.0 }
            });
            damping = if change > last_change { (0.5 * damping).max(0.05) } else { (1.5 * damping).min(1.0) };
            last_change = change;
            let before = last.map_or(next, |(next, _)| next);
            let mixed = std::array::from_fn(|k| {
                let target = next[k] - theta * (next[k] - before[k]);
                now[k] + damping * (target - now[k])
            });
            last = Some((next, residual));
            self.conditions = Conditions::from_scaled(mixed);
        }
        self.settled = false;
        self.round(a)
    }

    /// Solves the network once under the present conditions.
    fn round(&mut self, a: f64) -> Result<Evaluation, QueueingError> {
        self.iterations += 1;
        let system = self.system;
        let mut flow = self.network.flow(a, &self.conditions)?;
        let checkpoint =
            checkpoint_load(&system.checkpoints, &system.dirty, flow.throughput, system.work.wal_bytes, self.interval);
        self.interval = checkpoint.interval;
        let rates = &system.storage;
        let mut utilization =
            write_utilization(&checkpoint, 0.0, rates.write_iops, rates.write_bandwidth, flow.throughput);
        if utilization > 1.0 {
            // The device's capacity caps throughput; the time that this costs is spent at it.
            let capped = flow.throughput / utilization;
            flow.residence[S::DataWrite.index()] += a / capped - a / flow.throughput;
            flow.throughput = capped;
            utilization = 1.0;
        }
        let times = self.hold_times(&flow);
        if self.shares.len() != system.locks.len() {
            self.shares = initial_shares(&system.locks, &times);
        }
        let cycle = self.row_cycle(&flow);
        let load = LockLoad {
            times,
            throughput: flow.throughput,
            inside: self.n,
            waiting: (self.n - a).max(0.0),
            shares: &self.shares,
            handover: system.lock_handover,
            variation: system.hold_variation,
            cycle,
            kinds: &self.kinds,
        };
        lock_waits(&system.locks, &load, &mut self.waits);
        let waiting = (self.n - a).max(0.0);
        let slack = if system.locks.is_empty() { 0.0 } else { self.waits.balance(waiting / flow.throughput) };
        shares_of(&system.locks, &self.waits, &mut self.shares);
        Ok(Evaluation { flow, slack, checkpoint, utilization })
    }

    /// Mean and variance of a client's cycle, for the rows that it comes back to.
    fn row_cycle(&mut self, flow: &Flow) -> (f64, f64) {
        let mean = self.n / flow.throughput;
        if self.entry == Entry::AtRandom {
            return (mean, f64::INFINITY);
        }
        let kinds = &mut self.kinds;
        self.cycle = CycleVariance::read(self.system, &self.conditions, &flow.residence, flow.server_cpu, kinds);
        if self.entry == Entry::AfterThinking {
            let think = self.system.think();
            self.kinds.iter_mut().for_each(|kind| kind.1 += think);
        }
        (mean, self.cycle.elsewhere + self.cycle.flush)
    }

    /// What the flow says about time inside a hold.
    pub(super) fn hold_times(&self, flow: &Flow) -> HoldTimes {
        HoldTimes::read(self.system, &self.conditions, &flow.residence, flow.server_cpu)
    }

    /// Puts the solution together.
    pub(super) fn steady(self, a: f64, evaluation: Evaluation) -> Steady {
        let mut residence = evaluation.flow.residence;
        let x = evaluation.flow.throughput;
        let waiting = (self.n - a).max(0.0);
        residence[S::RowLocks.index()] += waiting / x.max(f64::MIN_POSITIVE);
        Steady {
            throughput: x,
            residence,
            server_cpu: evaluation.flow.server_cpu,
            conditions: self.conditions,
            waits: self.waits,
            waiting,
            fewest_rows: fewest_rows(self.system),
            checkpoint: evaluation.checkpoint,
            write_utilization: evaluation.utilization,
            overloaded: false,
            converged: self.settled,
            iterations: self.iterations,
            convoy: None,
        }
    }
}
