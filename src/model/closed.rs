//! The steady state with a fixed number of transactions inside the server.

use crate::model::commit::{batch_in_step, batch_size, phase, step};
use crate::model::convoy::{convoy, followed};
use crate::model::locks::{
    HoldTimes, LockClass, LockLoad, LockWaits, handover_cpu, initial_shares, lock_waits, shares_of,
};
use crate::model::network::{Conditions, Flow, Network};
use crate::model::regularity::{CycleVariance, between_visits, randomness};
use crate::model::station::StationName as S;
use crate::model::storage::{CheckpointLoad, checkpoint_load, write_utilization};
use crate::model::system::{Away, ClientCpu, System};
use crate::queueing::QueueingError;

/// Relative change below which conditions count as settled, for a forecast.
pub const SETTLED: f64 = 1e-5;
/// The same for a what-if of which only the size of the change matters.
pub const WHAT_IF: f64 = 2e-3;
/// Rounds after which the conditions are given up on.
const MAX_ROUNDS: usize = 200;
/// While the search is far from its end, conditions need be no more settled than this, relative.
pub(super) const ROUGH: f64 = 1e-2;
/// A device is never taken to be busier than this when its delay is computed; throughput is capped
/// at its capacity separately.
const MAX_DEVICE_UTILIZATION: f64 = 0.95;

/// Clients beyond which one always meets another at a busy WAL.
const FEW: f64 = 16.0;

/// The network's chance of meeting another at the WAL is not taken to be less than this.
const LEAST_MEETING: f64 = 0.05;

/// Flushes that a leader's wait for a core lasts at most: the cores limit by far where it is longer, and batches that
/// grow further change nothing.
const MOST_LEAD: f64 = 20.0;

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
    cycle: CycleVariance,
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
        for _ in 0..MAX_ROUNDS {
            let evaluation = self.round(a)?;
            let now = self.conditions.scaled();
            let next = self.next_conditions(a, &evaluation).scaled();
            let residual: [f64; 9] = std::array::from_fn(|k| next[k] - now[k]);
            let change = residual.iter().zip(now).map(|(r, x)| r.abs() / x.abs().max(1.0)).fold(0.0, f64::max);
            if change < precision {
                self.settled = true;
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
    fn hold_times(&self, flow: &Flow) -> HoldTimes {
        HoldTimes::read(self.system, &self.conditions, &flow.residence, flow.server_cpu)
    }

    /// Server CPU per transaction for handing locks over, seconds, with `n - a` waiting.
    fn handover(&self, a: f64) -> f64 {
        handover_cpu(&self.system.locks, &self.shares, (self.n - a).max(0.0), self.system.lock_handover)
    }

    /// The conditions that the flow would bring about.
    fn next_conditions(&self, a: f64, evaluation: &Evaluation) -> Conditions {
        let system = self.system;
        let (flow, x) = (&evaluation.flow, evaluation.flow.throughput);
        let cores = system.effective_cores();
        let client = if matches!(system.client, ClientCpu::Shared) { system.work.client_cpu } else { 0.0 };
        let stretch = 1.0 / (1.0 - evaluation.utilization.min(MAX_DEVICE_UTILIZATION));
        let flush = system.commit.flush * stretch;
        let own = flow.server_cpu + client;
        let serial = system.release(self.conditions.batch, if self.entry == Entry::AtRandom { 0.0 } else { own });
        // The leader waits for a core twice: when it is woken, and when the disk is done.
        let most = MOST_LEAD * (flush + system.commit.flush_cpu);
        let queued_lead = system.commit.flush_cpu + (2.0 * self.core_wait(flow, own)).min(most);
        let exclusion = self.network.exclusion();
        let rate = x * system.work.flushes * (1.0 - exclusion);
        let batch = batch_size(rate, flush + queued_lead, serial);
        let cycle = flush + queued_lead + serial * (self.conditions.batch - 1.0);
        // What a client does between two flushes; who comes from outside has met none.
        let (elsewhere, variance) = match self.entry {
            Entry::AtRandom => (f64::INFINITY, f64::INFINITY),
            _ => {
                let whole = self.n / x;
                let rows = ((self.n - a) / x).max(0.0);
                let variance = between_visits(self.cycle.elsewhere + rows * rows, whole, system.work.flushes);
                // A leader's CPU is part of the flush, not of what comes before it.
                let leads = system.work.flushes * system.commit.flush_cpu / self.conditions.batch;
                let elsewhere = whole - flow.residence[S::WalFlush.index()] - leads;
                (elsewhere.max(0.0) / system.work.flushes, variance + self.cycle.flush)
            }
        };
        let random = randomness(variance, cycle, 0.0);
        // Flushes that there are clients for while one of them is away; below 1 they need not meet.
        let room = self.n * cycle / (cycle + elsewhere);
        let batch = batch_in_step(batch, rate * cycle, random, a);
        Conditions {
            batch,
            lead: queued_lead,
            phase: self.phase(evaluation, cycle, (elsewhere, variance.sqrt()))
                * (random + (1.0 - random) * step(room))
                * self.never_alone(flow, a, random, room),
            switch: system.switches.per_message(self.n / cores.max(1.0), system.variety),
            handover: self.handover(a),
            cold: system.cold(&self.away(flow, batch), self.n, x, x * (flow.server_cpu + client) / cores),
            images: evaluation.checkpoint.images * system.checkpoints.image_cpu,
            wal_bytes: evaluation.checkpoint.wal_bytes,
            device_stretch: stretch,
        }
    }

    /// When a transaction leaves the server's CPU and comes back.
    fn away(&self, flow: &Flow, batch: f64) -> [Away; 4] {
        let work = &self.system.work;
        let at = |s: S| flow.residence[s.index()];
        let per = |time: f64, count: f64| if count > 0.0 { time / count } else { 0.0 };
        let pause = at(S::Think);
        // A client on the same cores leaves them no idler than the server does.
        let client = if matches!(self.system.client, ClientCpu::Shared) { 0.0 } else { at(S::ClientCpu) };
        let trip = per(at(S::Network) + client, work.messages);
        // Of those whom one flush releases, the first finds the core idle.
        let flushes = work.flushes / batch.max(1.0);
        [
            Away { visits: f64::from(u8::from(pause > 0.0)), time: pause },
            Away { visits: flushes, time: per(at(S::WalFlush), work.flushes) },
            Away { visits: work.reads, time: per(at(S::DataRead), work.reads) },
            Away { visits: if trip > 0.0 { work.messages } else { 0.0 }, time: trip },
        ]
    }

    /// How much of a cycle a commit waits for its own flush: who has waited for a row comes as soon after a
    /// flush as it takes to do what is done with the row; the others after `elsewhere` seconds.
    fn phase(&self, evaluation: &Evaluation, cycle: f64, (elsewhere, spread): (f64, f64)) -> f64 {
        // Waits for a core are left out: where batches set the pace they count as part of the flush.
        let times = HoldTimes { cpu_wait: 0.0, ..self.hold_times(&evaluation.flow) };
        let (mut handed, mut after) = (0.0, 0.0);
        for (_, _, taker, _, probability) in self.waits.takers(&self.system.locks) {
            if taker.waits && taker.held.flushes > 0.0 {
                let often = taker.takes * probability;
                handed += often;
                after += often * (times.of(&taker.held) - taker.held.flushes * times.flush).max(0.0);
            }
        }
        let alone = phase(cycle, elsewhere, spread);
        if handed <= 0.0 {
            return alone;
        }
        let share = (handed / self.system.work.flushes).min(1.0);
        let after = after / handed;
        share * phase(cycle, after, after) + (1.0 - share) * alone
    }

    /// By how much longer the waits for a flush of the network have to be for the mean wait to be right: the network has
    /// clients come at random and meet others only while the disk is at work, which matters where there are few.
    fn never_alone(&self, flow: &Flow, a: f64, random: f64, room: f64) -> f64 {
        if a > FEW || a <= 1.0 || self.system.commit.flush <= 0.0 {
            return 1.0;
        }
        let (network, whole) = self.network.meets(a, flow, &self.conditions);
        let in_step = (1.0 - random) * step(room);
        (in_step + (1.0 - in_step) * whole) / network.max(LEAST_MEETING)
    }

    /// Wait for a core at one visit, seconds, where a transaction has `own` seconds of CPU on these cores.
    fn core_wait(&self, flow: &Flow, own: f64) -> f64 {
        let work = &self.system.work;
        let sides = if matches!(self.system.client, ClientCpu::Shared) { 2.0 } else { 1.0 };
        (flow.stretch - 1.0).max(0.0) * own / (sides * work.messages + work.flushes).max(1.0)
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

/// Rows of the lock with the fewest; infinite without locks.
pub(super) fn fewest_rows(system: &System) -> f64 {
    system.locks.iter().map(|l| l.rows).fold(f64::INFINITY, f64::min)
}
