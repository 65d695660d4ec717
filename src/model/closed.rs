//! The steady state with a fixed number of transactions inside the server.

use crate::model::commit::{batch_size, phase};
use crate::model::locks::{HoldTimes, LockLoad, LockWaits, handover_cpu, initial_shares, lock_waits, shares_of};
use crate::model::network::{Conditions, Flow, Network};
use crate::model::station::StationName as S;
use crate::model::storage::{CheckpointLoad, checkpoint_load, write_utilization};
use crate::model::system::{ClientCpu, System};
use crate::queueing::QueueingError;

/// Relative change below which conditions count as settled, for a forecast.
pub const SETTLED: f64 = 1e-5;
/// The same for a what-if of which only the size of the change matters.
pub const WHAT_IF: f64 = 2e-3;
/// Rounds after which the conditions are given up on.
const MAX_ROUNDS: usize = 200;
/// Steps of the search for the population that does not wait for locks.
const MAX_STEPS: usize = 60;
/// While the search is far from its end, conditions need be no more settled than this, relative.
const ROUGH: f64 = 1e-2;
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
    /// By how much more of the time rows would have to be free for the waits to be those of the others.
    slack: f64,
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
            lead: system.commit.flush_cpu,
            phase: 0.5,
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
    /// Finds the population that does not wait for locks: the one at which rows are free just as often as
    /// it takes for all others to be waiting ([`LockWaits::balance`]).
    fn population(&mut self, start: Option<&Steady>) -> Result<(f64, Evaluation), QueueingError> {
        let (n, precision) = (self.n, self.precision);
        if self.system.locks.is_empty() || n <= 1.0 {
            return Ok((n, self.evaluate(n, precision)?));
        }
        let mut a = match start {
            // Where nearly all wait, those who do not are as many as there are rows to work on.
            Some(s) if s.waiting > 0.9 * n && s.waiting < n => {
                let free = n - s.waiting;
                (free * fewest_rows(self.system) / s.fewest_rows).min(free.max(0.5 * n))
            }
            Some(s) if s.waiting > 0.01 * n && s.waiting < n => n - s.waiting,
            _ => {
                let evaluation = self.evaluate(n, ROUGH.max(precision))?;
                let waiting = evaluation.flow.throughput * self.waits.per_transaction();
                if waiting <= 0.01 * precision {
                    return Ok((n, self.evaluate(n, precision)?));
                }
                if waiting < 0.5 * n {
                    // Little waiting shortens itself little: one substitution is nearly right.
                    n - waiting
                } else if waiting.is_finite() {
                    n * n / (n + waiting)
                } else {
                    // Rows are busy in proportion to those who hurry through the rest of the system.
                    n / self.waits.utilization
                }
            }
        };
        let mut tolerance = ROUGH.max(precision);
        let (mut low, mut high) = (0.0, n);
        let mut last: Option<(f64, f64)> = None;
        let (mut below, mut above) = (None, None);
        for _ in 0..MAX_STEPS {
            let evaluation = self.evaluate(a, tolerance)?;
            let waiting = n - a;
            // In (-inf, 1), nearly linear in a both where few wait and where rows are busy all the time.
            let ratio = 1.0 + evaluation.slack;
            let f = 1.0 - 1.0 / ratio;
            // The slope of either limit where it rules; a secant flatter than half of that is noise.
            let usual = 1.0 / a + 1.0 / waiting.max(f64::MIN_POSITIVE);
            let secant = last.map_or(usual, |(a_last, f_last)| (f - f_last) / (a - a_last));
            last = Some((a, f));
            let step = f / if secant.is_finite() { secant.max(0.5 * usual) } else { usual };
            if tolerance <= precision && step.abs() < precision * a {
                return Ok((a, evaluation));
            }
            // Residuals within the noise of the conditions do not narrow the bracket.
            if f > 10.0 * tolerance {
                (high, above) = (a.min(high), Some((a, ratio.ln())));
            } else if f < -10.0 * tolerance {
                (low, below) = (a.max(low), Some((a, ratio.ln())));
            }
            let far = !(0.5..=2.0).contains(&ratio);
            let next = match (below, above) {
                _ if !far => a - step,
                // On both sides once: the busy share goes nearly with a power of a.
                (Some((b, under)), Some((c, over))) if b < c => {
                    b * (c / b).powf((-under / (over - under)).clamp(0.1, 0.9))
                }
                _ if waiting < a && waiting * ratio < 0.5 * n => n - waiting * ratio,
                _ => a / ratio,
            };
            tolerance = (0.1 * f.abs()).clamp(precision, tolerance);
            a = if next > low && next < high {
                next
            } else if high - low < 0.01 * high {
                // The bracket came from rougher conditions and has lost the solution: open it again.
                (low, high) = (0.9 * low, (1.1 * high).min(n));
                next.clamp(low, high)
            } else {
                between(low, high)
            };
        }
        self.settled = false;
        Ok((a, self.evaluate(a, precision)?))
    }

    /// Settles the conditions at population `a`: substitution, sped up by Anderson's mixing of the
    /// last two rounds, and damped when it does not come nearer.
    fn evaluate(&mut self, a: f64, precision: f64) -> Result<Evaluation, QueueingError> {
        // What hand-overs cost follows from the population at once.
        self.conditions.handover = self.handover(a);
        let mut last: Option<([f64; 8], [f64; 8])> = None;
        let (mut damping, mut last_change) = (1.0_f64, f64::INFINITY);
        for _ in 0..MAX_ROUNDS {
            let evaluation = self.round(a)?;
            let now = self.conditions.scaled();
            let next = self.next_conditions(a, &evaluation).scaled();
            let residual: [f64; 8] = std::array::from_fn(|k| next[k] - now[k]);
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
        let waiting = (self.n - a).max(0.0);
        let slack = if system.locks.is_empty() { 0.0 } else { self.waits.balance(waiting / flow.throughput) };
        shares_of(&system.locks, &self.waits, &mut self.shares);
        Ok(Evaluation { flow, slack, checkpoint, utilization })
    }

    /// What the flow says about time inside a hold.
    fn hold_times(&self, flow: &Flow) -> HoldTimes {
        let system = self.system;
        let waited = flow.residence[S::ServerCpu.index()] - flow.server_cpu + flow.residence[S::ClientCpu.index()]
            - system.work.client_cpu;
        let flushes = system.work.flushes.max(f64::MIN_POSITIVE);
        let reads = system.work.reads.max(f64::MIN_POSITIVE);
        HoldTimes {
            cpu_wait: if system.work.messages > 0.0 { (waited / system.work.messages).max(0.0) } else { 0.0 },
            switch: self.conditions.switch,
            commit_cpu: system.commit_cpu(self.conditions.batch),
            flush: if system.work.flushes > 0.0 { flow.residence[S::WalFlush.index()] / flushes } else { 0.0 },
            read: if system.work.reads > 0.0 { flow.residence[S::DataRead.index()] / reads } else { 0.0 },
        }
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
        let on_cpu = flow.residence[S::ServerCpu.index()]
            + if matches!(system.client, ClientCpu::Shared) { flow.residence[S::ClientCpu.index()] } else { 0.0 };
        let runnable = x * (on_cpu + flow.residence[S::WalFlush.index()]) / cores.max(1.0);
        let stretch = 1.0 / (1.0 - evaluation.utilization.min(MAX_DEVICE_UTILIZATION));
        let flush = system.commit.flush * stretch;
        let serial = system.commit.serialization
            * (flow.server_cpu + if matches!(system.client, ClientCpu::Shared) { system.work.client_cpu } else { 0.0 })
            / cores.max(1.0);
        let lead = system.commit.flush_cpu + system.commit.wakeup;
        let queued_lead = lead * flow.stretch.max(1.0);
        let exclusion = self.network.exclusion();
        let rate = x * system.work.flushes * (1.0 - exclusion);
        let batch = batch_size(rate, flush + lead, serial);
        // What a client does between two flushes.
        let elsewhere = (self.n / x - flow.residence[S::WalFlush.index()]) / system.work.flushes;
        Conditions {
            batch: batch.clamp(1.0, a.max(1.0)),
            lead: queued_lead,
            phase: self.phase(evaluation, flush + queued_lead, elsewhere),
            switch: system.switches.per_message(runnable),
            handover: self.handover(a),
            images: evaluation.checkpoint.images * system.checkpoints.image_cpu,
            wal_bytes: evaluation.checkpoint.wal_bytes,
            device_stretch: stretch,
        }
    }

    /// How much of a cycle a commit waits for its own flush: who has waited for a row comes as soon after a
    /// flush as it takes to do what is done with the row; the others after `elsewhere` seconds.
    fn phase(&self, evaluation: &Evaluation, cycle: f64, elsewhere: f64) -> f64 {
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
        let alone = phase(cycle, elsewhere);
        if handed <= 0.0 {
            return alone;
        }
        let share = (handed / self.system.work.flushes).min(1.0);
        share * phase(cycle, after / handed) + (1.0 - share) * alone
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
            fewest_rows: fewest_rows(self.system),
            checkpoint: evaluation.checkpoint,
            write_utilization: evaluation.utilization,
            overloaded: false,
            converged: self.settled,
            iterations: self.iterations,
        }
    }
}

/// Rows of the lock with the fewest; infinite without locks.
fn fewest_rows(system: &System) -> f64 {
    system.locks.iter().map(|l| l.rows).fold(f64::INFINITY, f64::min)
}

/// A population between two others: the geometric mean where they are of different size, since the few
/// that do not wait for a hot row are to be found among a million as quickly as among ten.
fn between(low: f64, high: f64) -> f64 {
    let least = low.max(0.5);
    if high > 4.0 * least { (least * high).sqrt() } else { 0.5 * (low + high) }
}
