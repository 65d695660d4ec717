//! Row locks, held from acquisition to the end of commit.
//!
//! A lock class is `r` equally likely rows. A transaction that takes one waits for those who hold or
//! want the same row: with utilization `u` of the row, `W = H u / (1 - u) * (1 + v^2) / 2`, H the time a
//! holder keeps it and v its coefficient of variation (an M/G/1 queue, Pollaczek and Khinchine). Waiters are kept out of the rest of the network (surrogate delay, Jacobson and Lazowska 1982):
//! the network is solved at the population `a` that is not waiting.

use crate::model::network::Conditions;
use crate::model::regularity::{between_visits, randomness};
use crate::model::station::StationName as S;
use crate::model::system::{ClientCpu, Demand, System};
use crate::sql::tree::LockMode;

/// A group of equally likely rows of one table.
#[derive(Debug, Clone)]
pub struct LockClass {
    /// The table's name, for messages.
    pub table: String,
    /// r: rows in the group.
    pub rows: f64,
    /// Who takes them.
    pub takers: Vec<Taker>,
}

/// A statement that locks rows of a class.
#[derive(Debug, Clone)]
pub struct Taker {
    /// In which mode.
    pub mode: LockMode,
    /// Whether it waits for a locked row (SKIP LOCKED and NOWAIT do not).
    pub waits: bool,
    /// The transaction type that takes it, by its place in `System::kinds`.
    pub kind: usize,
    /// Times per average transaction (the type's share included).
    pub takes: f64,
    /// What is done from getting the lock to the end of the commit.
    pub held: Demand,
}

/// What the network says about time inside a hold.
#[derive(Debug, Clone, Copy)]
pub struct HoldTimes {
    /// Wait for a core per message, server and client together, seconds. Bursts of CPU are shorter than a
    /// scheduler's time slice: each waits its turn once, however long it is itself.
    pub cpu_wait: f64,
    /// CPU per transaction on the server's cores, seconds.
    pub cpu: f64,
    /// Server CPU per message for context switches, seconds.
    pub switch: f64,
    /// Server CPU of a commit that depends on the batch: F/b + w (1 - 1/b), seconds.
    pub commit_cpu: f64,
    /// Residence of one flush, standby included, seconds.
    pub flush: f64,
    /// Residence of one read, seconds.
    pub read: f64,
    /// Page images and the writing of WAL, which a transaction that writes does before it lets go, seconds.
    pub written: f64,
}

impl HoldTimes {
    /// What residences per average transaction say, of which `server_cpu` is the CPU itself.
    #[must_use]
    pub fn read(system: &System, conditions: &Conditions, residence: &[f64; S::ALL.len()], server_cpu: f64) -> Self {
        let work = &system.work;
        let at = |s: S| residence[s.index()];
        let per = |time: f64, count: f64| if count > 0.0 { time / count } else { 0.0 };
        let waited = at(S::ServerCpu) - server_cpu + at(S::ClientCpu) - work.client_cpu;
        let shared = if matches!(system.client, ClientCpu::Shared) { work.client_cpu } else { 0.0 };
        Self {
            cpu_wait: per(waited.max(0.0), work.messages),
            cpu: server_cpu + shared,
            switch: conditions.switch,
            commit_cpu: system.commit_cpu(conditions.batch),
            flush: per(at(S::WalFlush), work.flushes),
            read: per(at(S::DataRead), work.reads),
            written: conditions.images + at(S::WalWrite),
        }
    }

    /// Times inside a hold of a row of this class, with `handover` seconds of CPU for each hand-over of it. A
    /// holder never waits for a core behind another holder of its row.
    fn beside(self, class: &LockClass, handover: f64) -> Self {
        let held: f64 = class.takers.iter().map(|t| t.takes * (self.cpu_of(&t.held) + handover)).sum();
        let share = if self.cpu > 0.0 { (held / (class.rows * self.cpu)).min(1.0) } else { 0.0 };
        Self { cpu_wait: self.cpu_wait * (1.0 - share), ..self }
    }

    /// Server CPU of `held`, seconds.
    fn cpu_of(&self, held: &Demand) -> f64 {
        (held.server_cpu + held.messages * self.switch + held.flushes * self.commit_cpu).max(0.0)
    }

    /// Seconds that `held` takes, without the hand-over to waiters.
    #[must_use]
    pub fn of(&self, held: &Demand) -> f64 {
        self.cpu_of(held)
            + held.client_cpu
            + held.messages * self.cpu_wait
            + held.flushes * self.flush
            + held.network
            + held.sleep
            + held.reads * self.read
            + if held.wal_bytes > 0.0 { self.written } else { 0.0 }
    }
}

/// Waits of all takers of all classes at one throughput; the lists run over classes, then takers.
#[derive(Debug, Clone, Default)]
pub struct LockWaits {
    /// Wait per take, seconds.
    pub wait: Vec<f64>,
    /// Probability that a take has to wait.
    pub probability: Vec<f64>,
    /// How far from in step its clients are ([`randomness`]), per take.
    pub random: Vec<f64>,
    /// Highest utilization of a row; at 1 or above the population does not fit.
    pub utilization: f64,
    /// Per take: what is left of the holds under way, seconds, and the share of time that the row is free.
    heads: Vec<(f64, f64)>,
    /// Times per average transaction that each take happens.
    takes: Vec<f64>,
    /// Hold times of the class at hand, kept for its room.
    holds: Vec<f64>,
}

impl LockWaits {
    /// Every taker with its class, wait and probability of waiting.
    pub fn takers<'a>(
        &'a self,
        classes: &'a [LockClass],
    ) -> impl Iterator<Item = (usize, &'a LockClass, &'a Taker, f64, f64)> {
        classes
            .iter()
            .enumerate()
            .flat_map(|(index, class)| class.takers.iter().map(move |taker| (index, class, taker)))
            .zip(self.wait.iter().zip(&self.probability))
            .map(|((index, class, taker), (wait, probability))| (index, class, taker, *wait, *probability))
    }

    /// Lock wait per average transaction if every row were free for `slack` more of the time, seconds;
    /// also its derivative. Infinite where a row would not be free at all.
    fn total(&self, slack: f64) -> (f64, f64) {
        let (mut total, mut slope) = (0.0, 0.0);
        for ((head, free), takes) in self.heads.iter().zip(&self.takes) {
            if *head <= 0.0 {
                continue;
            }
            let free = free + slack;
            if free <= 0.0 {
                return (f64::INFINITY, f64::NEG_INFINITY);
            }
            total += takes * head / free;
            slope -= takes * head / (free * free);
        }
        (total, slope)
    }

    /// Lock wait per average transaction by the formula, seconds; infinite where a row is overbooked.
    #[must_use]
    pub fn per_transaction(&self) -> f64 {
        self.total(0.0).0
    }

    /// Makes the waits add up to `wait` seconds per average transaction, and says by which share of the
    /// time rows would have to be free more than they are (less, if negative) for that to be so.
    ///
    /// That share falls to zero where the population that does not wait is the right one, smoothly and
    /// almost linearly even where rows are overbooked and the formula's own waits are infinite.
    pub fn balance(&mut self, wait: f64) -> f64 {
        let busiest = self.heads.iter().filter(|h| h.0 > 0.0).map(|h| h.1).fold(f64::INFINITY, f64::min);
        if !(busiest.is_finite() && wait > 0.0) {
            // Nobody waits yet: what the formula says of who would, as far as it can say it.
            self.set((LEAST_FREE - busiest).max(0.0));
            return if busiest.is_finite() { f64::INFINITY } else { 0.0 };
        }
        // Of a single term the reciprocal is linear, of several it is concave: Newton's method on it comes
        // from below after its first step. The start is the answer if only the busiest row mattered.
        let first: f64 = self.heads.iter().zip(&self.takes).filter(|(h, _)| h.1 <= busiest).map(|(h, t)| h.0 * t).sum();
        let mut slack = first / wait - busiest;
        for _ in 0..MAX_BALANCE {
            let (total, slope) = self.total(slack);
            let step = total / slope * (total / wait - 1.0);
            if !step.is_finite() {
                break;
            }
            slack -= step;
            if step.abs() < 1e-8 * (busiest + slack) {
                break;
            }
        }
        self.set(slack);
        slack
    }

    /// Sets the waits that hold with `slack`.
    fn set(&mut self, slack: f64) {
        self.wait.clear();
        self.wait.extend(
            self.heads.iter().map(|(head, free)| if *head > 0.0 { head / (free + slack).max(0.0) } else { 0.0 }),
        );
    }
}

/// Share of the time that the busiest row is taken to be free when its waiters are not yet known.
const LEAST_FREE: f64 = 1e-3;
/// Transactions inside from which on one more changes nothing about what an arrival finds.
const MANY: f64 = 1e6;
/// Steps of Newton's method in [`LockWaits::balance`]; three or four are usual.
const MAX_BALANCE: usize = 20;

/// What lock waits depend on.
#[derive(Debug, Clone, Copy)]
pub struct LockLoad<'a> {
    /// Times inside a hold.
    pub times: HoldTimes,
    /// Transactions per second.
    pub throughput: f64,
    /// Transactions inside the server.
    pub inside: f64,
    /// Those of them that wait for locks.
    pub waiting: f64,
    /// How the waiters spread over the classes; sums to 1.
    pub shares: &'a [f64],
    /// Server CPU per waiter at each hand-over, seconds.
    pub handover: f64,
    /// Coefficient of variation of the time that a row is held.
    pub variation: f64,
    /// Mean and variance of one client's cycle, seconds and seconds squared; infinite where others come each time.
    pub cycle: (f64, f64),
    /// Share and time of each transaction type, waits for rows left out; empty where there is one.
    pub kinds: &'a [(f64, f64)],
}

impl LockLoad<'_> {
    /// Variance of the time between two visits of one client to a row of this class.
    fn between(&self, class: &LockClass) -> f64 {
        let visits = class.takers.iter().map(|t| t.takes).sum::<f64>() / class.rows;
        let (mut other, mut share) = (0.0, 0.0);
        for (index, (of_all, time)) in self.kinds.iter().enumerate() {
            let takes: f64 = class.takers.iter().filter(|t| t.kind == index).map(|t| t.takes).sum();
            let elsewhere = (of_all - takes / class.rows).max(0.0);
            // Who takes another row of the class waits for it too.
            let waits = self.waiting / self.throughput * takes / (visits * class.rows * of_all);
            other += elsewhere * (time + waits);
            share += elsewhere;
        }
        between_visits(self.cycle.1, if share > 0.0 { other / share } else { self.cycle.0 }, visits)
    }
}

/// Waits by the formula under one load, into `out`; [`LockWaits::balance`] turns them into those of a
/// known number of waiters.
pub fn lock_waits(classes: &[LockClass], load: &LockLoad<'_>, out: &mut LockWaits) {
    out.heads.clear();
    out.takes.clear();
    out.probability.clear();
    out.random.clear();
    out.utilization = 0.0;
    // What is left of a hold under way when somebody comes (Pollaczek and Khinchine): half of it when
    // all holds are equally long, all of it when they are exponential.
    let residual = 0.5 * (1.0 + load.variation * load.variation);
    // A transaction does not wait for itself: only the others' holds count (arrival theorem).
    let others = if load.inside > 1.0 { (load.inside - 1.0) / load.inside } else { 0.0 };
    let inside = load.inside.clamp(1.0, MANY) as i32;
    for (class, share) in classes.iter().zip(load.shares) {
        let queue = load.waiting * share / class.rows;
        let handover = load.handover * queue;
        out.holds.clear();
        let times = load.times.beside(class, handover);
        out.holds.extend(class.takers.iter().map(|t| times.of(&t.held) + handover));
        let between = load.between(class);
        for taker in &class.takers {
            let (mut busy, mut weighted) = (0.0, 0.0);
            if taker.waits {
                for (other, hold) in class.takers.iter().zip(&out.holds) {
                    if taker.mode.conflicts(other.mode) {
                        let load = load.throughput * other.takes * hold / class.rows;
                        busy += load;
                        weighted += load * hold;
                    }
                }
            }
            let u = others * busy;
            // Who always takes the same time to come back keeps out of the others' way as long as there is room, and
            // finds the row free in all of the time that nobody holds it.
            let random = randomness(between, weighted / busy.max(f64::MIN_POSITIVE), load.variation);
            // With all others in the queue, who comes back finds a hold that has just begun, not one half over.
            let full = busy.min(1.0).powi(inside);
            let left = residual + (1.0 - residual) * full * random;
            let free = 1.0 - busy * (1.0 - random / load.inside.max(1.0));
            out.utilization = out.utilization.max(u);
            out.heads.push((random * left * others * weighted, free));
            out.takes.push(taker.takes);
            out.random.push(random);
            // And nobody comes between two holds of a row that is never free.
            let met = busy.min(1.0) * (others + (1.0 - others) * full);
            out.probability.push(meeting(met, busy.min(1.0), random));
        }
    }
}

/// Probability of having to wait, `u` for clients at random: those who are nearly in step meet seldom, for they overlap
/// by a standard deviation of their cycle at a time, until the row is busy all the time.
fn meeting(u: f64, busy: f64, random: f64) -> f64 {
    let overlap = random.sqrt();
    u * overlap / (overlap + (1.0 - random) * (1.0 - busy)).max(f64::MIN_POSITIVE)
}

/// How waiters spread over the classes, given their waits; sums to 1 where anybody waits.
pub fn shares_of(classes: &[LockClass], waits: &LockWaits, shares: &mut [f64]) {
    shares.fill(0.0);
    for (index, _, taker, wait, _) in waits.takers(classes) {
        shares[index] += taker.takes * wait;
    }
    let total: f64 = shares.iter().sum();
    for share in shares {
        *share = if total > 0.0 && total.is_finite() { *share / total } else { 0.0 };
    }
}

/// Probability that two commits cannot wait for the same flush, since both need the same row and hold it
/// to their end.
#[must_use]
pub fn exclusion(classes: &[LockClass], flushes: f64) -> f64 {
    let mut both = 0.0;
    for class in classes {
        let held = || class.takers.iter().filter(|t| t.held.flushes > 0.0);
        for a in held() {
            both += held().filter(|b| a.mode.conflicts(b.mode)).map(|b| a.takes * b.takes / class.rows).sum::<f64>();
        }
    }
    if flushes > 0.0 { (both / (flushes * flushes)).min(1.0) } else { 0.0 }
}

/// A first guess of the same: waiters of a class at low load go with the square of its load per row.
#[must_use]
pub fn initial_shares(classes: &[LockClass], times: &HoldTimes) -> Vec<f64> {
    let weight = |class: &LockClass| {
        let load: f64 = class.takers.iter().map(|t| t.takes * times.of(&t.held)).sum();
        load * load / class.rows
    };
    let total: f64 = classes.iter().map(weight).sum();
    classes.iter().map(|c| if total > 0.0 { weight(c) / total } else { 0.0 }).collect()
}

/// Server CPU per average transaction for handing locks over to waiters, seconds.
#[must_use]
pub fn handover_cpu(classes: &[LockClass], shares: &[f64], waiting: f64, handover: f64) -> f64 {
    let takes = |class: &LockClass| class.takers.iter().filter(|t| t.waits).map(|t| t.takes).sum::<f64>();
    classes.iter().zip(shares).map(|(c, share)| takes(c) * handover * waiting * share / c.rows).sum()
}
