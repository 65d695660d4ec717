//! The steady state with a fixed number of transactions inside the server.

use crate::model::locks::{HoldTimes, LockLoad, LockWaits, handover_cpu, initial_shares, lock_waits, shares_of};
use crate::model::network::{Conditions, Flow, Network};
use crate::model::station::StationName as S;
use crate::model::storage::{CheckpointLoad, checkpoint_load, write_utilization};
use crate::model::system::{ClientCpu, System};
use crate::queueing::QueueingError;

/// Relative change below which conditions count as settled, for a forecast.
pub const SETTLED: f64 = 1e-7;
/// The same for a what-if of which only the size of the change matters.
pub const WHAT_IF: f64 = 1e-4;
/// Rounds after which the conditions are given up on.
const MAX_ROUNDS: usize = 200;
/// Steps of the search for the population that does not wait for locks.
const MAX_STEPS: usize = 60;
/// A device is never taken to be busier than this when its delay is computed; throughput is capped
/// at its capacity separately.
const MAX_DEVICE_UTILIZATION: f64 = 0.95;

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
}

impl Steady {
    /// Mean latency, seconds: all residences but the think time after a transaction.
    #[must_use]
    pub fn latency(&self, think: f64) -> f64 {
        self.residence.iter().sum::<f64>() - think
    }
}

/// Search state: what one evaluation leaves for the next.
struct Search<'a> {
    network: Network<'a>,
    system: &'a System,
    n: f64,
    conditions: Conditions,
    shares: Vec<f64>,
    waits: LockWaits,
    interval: f64,
    iterations: usize,
    settled: bool,
    precision: f64,
}

/// One evaluation at a population that does not wait for locks.
#[derive(Clone, Copy)]
struct Evaluation {
    flow: Flow,
    lock_wait: f64,
    checkpoint: CheckpointLoad,
    utilization: f64,
}

/// Solves the system with `n` transactions inside (think time inside too if `think`), starting from
/// the conditions of a similar solution where there is one.
///
/// # Errors
/// A network that the solver refuses or cannot settle.
pub fn solve_inside(
    system: &System,
    n: f64,
    think: bool,
    start: Option<&Steady>,
    precision: f64,
) -> Result<Steady, QueueingError> {
    let conditions = start.map_or(
        Conditions {
            batch: 1.0,
            switch: 0.0,
            handover: 0.0,
            images: 0.0,
            wal_bytes: system.work.wal_bytes,
            device_stretch: 1.0,
        },
        |s| s.conditions,
    );
    let mut search = Search {
        network: Network::new(system, think),
        system,
        n,
        conditions,
        shares: Vec::new(),
        waits: LockWaits::default(),
        interval: start.map_or(0.0, |s| s.checkpoint.interval),
        iterations: 0,
        settled: true,
        precision,
    };
    let (a, evaluation) = search.population(start)?;
    Ok(search.steady(a, evaluation))
}

impl Search<'_> {
    /// Finds a with `a + X(a) * lock wait per transaction = n`: the left side grows with a.
    fn population(&mut self, start: Option<&Steady>) -> Result<(f64, Evaluation), QueueingError> {
        if self.system.locks.is_empty() || self.n <= 1.0 {
            let evaluation = self.evaluate(self.n)?;
            return Ok((self.n, evaluation));
        }
        // The residual is squeezed into (-1, 1), so that an infinite wait has a finite value.
        let residual = |search: &Self, a: f64, e: &Evaluation| {
            let waiting = e.flow.throughput * e.lock_wait;
            let distance = a - search.n;
            if waiting.is_finite() { (distance + waiting) / (1.0 + waiting) } else { 1.0 }
        };
        let (mut low, mut f_low) = (0.0, -self.n);
        let mut high = self.n;
        let mut evaluation = self.evaluate(high)?;
        let mut f_high = residual(self, high, &evaluation);
        if f_high <= 0.01 * self.precision {
            return Ok((high, evaluation));
        }
        let mut a = start.map_or(0.5 * self.n, |s| self.n - s.waiting).clamp(1e-6 * self.n, self.n);
        let mut side = 0;
        for _ in 0..MAX_STEPS {
            evaluation = self.evaluate(a)?;
            let f = residual(self, a, &evaluation);
            if f.abs() < self.precision || (high - low) < 0.01 * self.precision * self.n {
                break;
            }
            // Illinois' variant of false position keeps both ends moving.
            if f > 0.0 {
                (high, f_high) = (a, f);
                if side == 1 {
                    f_low *= 0.5;
                }
                side = 1;
            } else {
                (low, f_low) = (a, f);
                if side == -1 {
                    f_high *= 0.5;
                }
                side = -1;
            }
            let secant = high - f_high * (high - low) / (f_high - f_low);
            a = if f_high >= 1.0 || !(low..=high).contains(&secant) { 0.5 * (low + high) } else { secant };
        }
        Ok((a, evaluation))
    }

    /// Settles the conditions at population `a` by damped substitution.
    fn evaluate(&mut self, a: f64) -> Result<Evaluation, QueueingError> {
        let mut damping = 1.0;
        let mut last_change = f64::INFINITY;
        for _ in 0..MAX_ROUNDS {
            let evaluation = self.round(a)?;
            let next = self.next_conditions(a, &evaluation);
            let change = distance(&self.conditions, &next);
            if change < self.precision {
                self.settled = true;
                return Ok(evaluation);
            }
            if change > 0.7 * last_change {
                damping = (damping * 0.7_f64).max(0.1);
            }
            last_change = change;
            self.conditions = mix(&self.conditions, &next, damping);
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
        let load = LockLoad {
            times,
            throughput: flow.throughput,
            inside: self.n,
            waiting: (self.n - a).max(0.0),
            shares: &self.shares,
            handover: system.lock_handover,
            variation: system.hold_variation,
        };
        lock_waits(&system.locks, &load, &mut self.waits);
        let lock_wait = self.waits.per_transaction;
        if lock_wait.is_finite() && lock_wait > 0.0 {
            shares_of(&system.locks, &self.waits, &mut self.shares);
        }
        Ok(Evaluation { flow, lock_wait, checkpoint, utilization })
    }

    /// What the flow says about time inside a hold.
    fn hold_times(&self, flow: &Flow) -> HoldTimes {
        let system = self.system;
        let stretch = |residence: f64, demand: f64| if demand > 0.0 { residence / demand } else { 1.0 };
        let flushes = system.work.flushes.max(f64::MIN_POSITIVE);
        let reads = system.work.reads.max(f64::MIN_POSITIVE);
        HoldTimes {
            server_stretch: stretch(flow.residence[S::ServerCpu.index()], flow.server_cpu),
            client_stretch: stretch(flow.residence[S::ClientCpu.index()], system.work.client_cpu),
            switch: self.conditions.switch,
            commit_cpu: system.commit_cpu(self.conditions.batch),
            flush: if system.work.flushes > 0.0 { flow.residence[S::WalFlush.index()] / flushes } else { 0.0 },
            read: if system.work.reads > 0.0 { flow.residence[S::DataRead.index()] / reads } else { 0.0 },
        }
    }

    /// The conditions that the flow would bring about.
    fn next_conditions(&self, a: f64, evaluation: &Evaluation) -> Conditions {
        let system = self.system;
        let (flow, x) = (&evaluation.flow, evaluation.flow.throughput);
        let cores = system.effective_cores();
        let on_cpu = flow.residence[S::ServerCpu.index()]
            + if matches!(system.client, ClientCpu::Shared) { flow.residence[S::ClientCpu.index()] } else { 0.0 };
        let runnable = x * (on_cpu + flow.residence[S::WalFlush.index()]) / cores.max(1.0);
        let stretch = 1.0 / (1.0 - evaluation.utilization.min(MAX_DEVICE_UTILIZATION));
        let flush = system.commit.flush * stretch;
        let serial = system.commit.serialization
            * (flow.server_cpu + if matches!(system.client, ClientCpu::Shared) { system.work.client_cpu } else { 0.0 })
            / cores.max(1.0);
        let commits = x * system.work.flushes;
        // b = X V S' with S' = S + g (b - 1) D / m, solved for b.
        let batch = if commits * serial < 0.99 { commits * (flush - serial) / (1.0 - commits * serial) } else { a };
        Conditions {
            batch: batch.clamp(1.0, a.max(1.0)),
            switch: system.switches.per_message(runnable),
            handover: handover_cpu(&system.locks, &self.shares, (self.n - a).max(0.0), system.lock_handover),
            images: evaluation.checkpoint.images * system.checkpoints.image_cpu,
            wal_bytes: evaluation.checkpoint.wal_bytes,
            device_stretch: stretch,
        }
    }

    /// Puts the solution together.
    fn steady(self, a: f64, evaluation: Evaluation) -> Steady {
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
            checkpoint: evaluation.checkpoint,
            write_utilization: evaluation.utilization,
            overloaded: false,
            converged: self.settled,
            iterations: self.iterations,
        }
    }
}

/// Largest relative change between two conditions; CPU parts relative to a microsecond.
fn distance(a: &Conditions, b: &Conditions) -> f64 {
    let relative = |x: f64, y: f64, scale: f64| (x - y).abs() / x.abs().max(scale);
    [
        relative(a.batch, b.batch, 1.0),
        relative(a.switch, b.switch, 1e-6),
        relative(a.handover, b.handover, 1e-6),
        relative(a.images, b.images, 1e-6),
        relative(a.wal_bytes, b.wal_bytes, 1.0),
        relative(a.device_stretch, b.device_stretch, 1.0),
    ]
    .into_iter()
    .fold(0.0, f64::max)
}

/// `(1 - weight) * a + weight * b`.
fn mix(a: &Conditions, b: &Conditions, weight: f64) -> Conditions {
    let m = |x: f64, y: f64| x + weight * (y - x);
    Conditions {
        batch: m(a.batch, b.batch),
        switch: m(a.switch, b.switch),
        handover: m(a.handover, b.handover),
        images: m(a.images, b.images),
        wal_bytes: m(a.wal_bytes, b.wal_bytes),
        device_stretch: m(a.device_stretch, b.device_stretch),
    }
}
