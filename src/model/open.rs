//! Loads that do not simply sit inside the server: Poisson arrivals, and a pool in front.
//!
//! The server with k transactions inside is one flow-equivalent station that completes X(k) per
//! second (Chandy, Herzog and Woo 1975); in front of it stands a birth-death chain of arrivals and
//! waiting. Exact for product-form networks, an approximation for the rest.

use crate::model::closed::{Entry, SETTLED, WHAT_IF, solve_inside, solve_like};
use crate::model::locks::{HoldTimes, LockLoad, initial_shares, lock_waits};
use crate::model::station::StationName as S;
use crate::model::steady::Steady;
use crate::model::system::{Arrivals, System};
use crate::queueing::QueueingError;

/// Loads above this share of the capacity count as beyond it: the queue would not settle in any
/// time that matters.
const STABLE: f64 = 0.9995;
/// Rounds of the correction for the variation of service; each gains a digit or two.
const MAX_CORRECTIONS: usize = 30;
/// Weights below this share of the largest are left out of the chain.
const NEGLIGIBLE: f64 = 1e-14;

/// Solves the system under its own arrivals.
///
/// # Errors
/// A network that the solver refuses or cannot settle.
pub fn solve(system: &System, start: Option<&Steady>) -> Result<Steady, QueueingError> {
    solve_to(system, start, SETTLED)
}

/// The same, to a relative precision of one's choice. From [`WHAT_IF`] on the solution is one like `start`.
///
/// # Errors
/// As [`solve`].
pub fn solve_to(system: &System, start: Option<&Steady>, precision: f64) -> Result<Steady, QueueingError> {
    let inside = |n: f64, entry: Entry| match start {
        Some(start) if precision >= WHAT_IF => solve_like(system, n, entry, start, precision),
        _ => solve_inside(system, n, entry, start, precision),
    };
    let steady = match system.arrivals {
        Arrivals::Closed { clients, think } if clients <= system.admitted => {
            let entry = if think > 0.0 { Entry::AfterThinking } else { Entry::AtOnce };
            inside(clients, entry)?
        }
        Arrivals::Closed { clients, think } if think <= 0.0 => {
            let mut steady = inside(system.admitted, Entry::AtOnce)?;
            steady.residence[S::ConnectionPool.index()] += (clients - system.admitted) / steady.throughput;
            steady
        }
        Arrivals::Closed { clients, think } => {
            let station = FlowEquivalent::new(system, system.admitted, precision)?;
            let mut steady = station.averaged(system, |waiting| Chain::closed(&station, clients + waiting, think));
            steady.residence[S::Think.index()] += think;
            steady
        }
        Arrivals::Open { rate } => {
            let station = FlowEquivalent::new(system, system.admitted, precision)?;
            if rate >= STABLE * station.capacity() {
                let mut steady = station.full();
                steady.overloaded = true;
                return Ok(steady);
            }
            station.averaged(system, |_| Chain::open(&station, rate))
        }
    };
    Ok(steady)
}

/// Squared coefficient of variation of the time that a transaction spends inside, pool and think time not
/// counted: what differs between transaction types, and what varies at each station.
#[must_use]
pub fn inside_scv(system: &System, steady: &Steady) -> f64 {
    let at = |s: S| steady.residence[s.index()];
    let per = |time: f64, count: f64| if count > 0.0 { time / count } else { 0.0 };
    let (work, waits) = (&system.work, at(S::RowLocks));
    let cpu = at(S::ServerCpu) + at(S::ClientCpu);
    let waited = (cpu - steady.server_cpu - work.client_cpu).max(0.0);
    let flush = per(at(S::WalFlush), work.flushes);
    let least = system.commit.flush + system.commit.standby;
    let read = per(at(S::DataRead), work.reads);
    let (mut mean, mut square) = (0.0, 0.0);
    for kind in &system.kinds {
        let d = &kind.demand;
        let m = per(cpu, steady.server_cpu + work.client_cpu)
            * (system.server_cpu(d, &steady.conditions) + d.client_cpu)
            + flush * d.flushes
            + read * d.reads
            + waits
            + d.network
            + d.sleep;
        // Waits for a core are about as long as a burst; a flush is met at any point; reads and waits for
        // rows vary as exponentials do.
        let variance = waited * waited / d.messages.max(1.0)
            + d.flushes * (flush - least).max(0.0).powi(2) / 3.0
            + 2.0 * read * read * d.reads
            + waits * waits
            + (system.demand_variation * (d.server_cpu + d.client_cpu)).powi(2);
        mean += kind.share * m;
        square += kind.share * (variance + m * m);
    }
    if mean > 0.0 { square / (mean * mean) - 1.0 } else { 1.0 }
}

/// The server as one station: solved at a few populations, interpolated between.
struct FlowEquivalent {
    /// Populations solved, increasing; the last is the number admitted.
    grid: Vec<f64>,
    solved: Vec<Steady>,
}

impl FlowEquivalent {
    /// Solves at 1, 2, 3, 4 and then about six populations per doubling, up to `admitted`.
    fn new(system: &System, admitted: f64, precision: f64) -> Result<Self, QueueingError> {
        let last = admitted.max(1.0).floor();
        let mut grid = Vec::new();
        let mut k = 1.0_f64;
        while k < last {
            grid.push(k);
            k = (k * 1.12).ceil().max(k + 1.0);
        }
        grid.push(last);
        let mut solved: Vec<Steady> = Vec::with_capacity(grid.len());
        for &k in &grid {
            // With all inside, the next is waiting to be let in by whoever leaves.
            let entry = if k < last { Entry::AtRandom } else { Entry::AtOnce };
            let steady = solve_inside(system, k, entry, solved.last(), precision)?;
            solved.push(steady);
        }
        Ok(Self { grid, solved })
    }

    /// Throughput with all admitted inside.
    fn capacity(&self) -> f64 {
        self.solved.last().map_or(0.0, |s| s.throughput)
    }

    /// The solution with all admitted inside.
    fn full(&self) -> Steady {
        // The grid holds at least the last population.
        self.solved[self.solved.len() - 1].clone()
    }

    /// Admitted transactions.
    fn admitted(&self) -> f64 {
        self.grid[self.grid.len() - 1]
    }

    /// The two grid points around `k` and the weight of the upper one.
    fn around(&self, k: f64) -> (usize, usize, f64) {
        let high = self.grid.partition_point(|g| *g < k).min(self.grid.len() - 1);
        let low = high.saturating_sub(1);
        let width = self.grid[high] - self.grid[low];
        (low, high, if width > 0.0 { ((k - self.grid[low]) / width).clamp(0.0, 1.0) } else { 1.0 })
    }

    /// Completions per second with `k` present (inside or waiting outside).
    fn rate(&self, k: f64) -> f64 {
        let (low, high, w) = self.around(k.min(self.admitted()));
        (1.0 - w) * self.solved[low].throughput + w * self.solved[high].throughput
    }

    /// Averages over the chain, its wait for admission corrected for service that varies less than an
    /// exponential: by `(1 + c^2) / 2`, c the coefficient of variation of the time inside (Allen and
    /// Cunneen; exact for a single server and Poisson arrivals). `chain` is made for a number of clients
    /// more than there are, those that the correction takes out of the queue.
    fn averaged(&self, system: &System, chain: impl Fn(f64) -> Chain) -> Steady {
        let pool = S::ConnectionPool.index();
        let mut taken_out = 0.0;
        let mut steady = self.average(&chain(taken_out));
        for _ in 0..MAX_CORRECTIONS {
            let queue = steady.residence[pool] * steady.throughput;
            let less = 0.5 * (1.0 - inside_scv(system, &steady)).max(0.0) * queue;
            if (less - taken_out).abs() < 1e-4 * (1.0 + queue) {
                break;
            }
            taken_out = less;
            steady = self.average(&chain(taken_out));
        }
        let queue = steady.residence[pool] * steady.throughput;
        steady.residence[pool] *=
            if queue > 0.0 { 1.0 - 0.5 * (1.0 - inside_scv(system, &steady)).max(0.0) } else { 1.0 };
        self.correct_rows(system, &mut steady, chain(taken_out).full(self.admitted()));
        steady
    }

    /// Corrects the wait for rows, which the chain takes to be held for exponential times, by
    /// `(1 + v^2) / 2` (Pollaczek and Khinchine), and says who waits where. While as many are inside as may be,
    /// their number does not vary, and there is nothing to correct.
    fn correct_rows(&self, system: &System, steady: &mut Steady, full: f64) {
        let rows = S::RowLocks.index();
        if steady.residence[rows] <= 0.0 {
            return;
        }
        let variation = system.hold_variation;
        let less = 1.0 - 0.5 * (1.0 + variation * variation).min(2.0);
        steady.residence[rows] *= 1.0 - less * (1.0 - full);
        steady.waiting = steady.throughput * steady.residence[rows];
        steady.convoy = None;
        let times = HoldTimes::read(system, &steady.conditions, &steady.residence, steady.server_cpu);
        let load = LockLoad {
            times,
            throughput: steady.throughput,
            inside: self.admitted(),
            waiting: steady.waiting,
            shares: &initial_shares(&system.locks, &times),
            handover: system.lock_handover,
            variation,
            cycle: (0.0, f64::INFINITY),
            kinds: &[],
        };
        lock_waits(&system.locks, &load, &mut steady.waits);
        steady.waits.balance(steady.residence[rows]);
    }

    /// Averages everything over the chain: queue lengths first, then residences by Little's law.
    fn average(&self, chain: &Chain) -> Steady {
        let mut out = self.full();
        let mut lengths = [0.0; S::ALL.len()];
        let (mut outside, mut mean_inside) = (chain.beyond, 0.0);
        for &(j, p) in &chain.states {
            let inside = j.min(self.admitted());
            outside += p * (j - inside);
            mean_inside += p * inside;
            if inside > 0.0 {
                let (low, high, w) = self.around(inside);
                for (total, s) in lengths.iter_mut().zip(S::ALL) {
                    let q = |k: usize| self.solved[k].throughput * self.solved[k].residence[s.index()];
                    *total += p * ((1.0 - w) * q(low) + w * q(high));
                }
            }
        }
        // Conditions and lock waits are those of the grid point nearest to the mean population.
        let nearest = self.around(mean_inside.max(1.0));
        let typical = &self.solved[if nearest.2 > 0.5 { nearest.1 } else { nearest.0 }];
        out.conditions = typical.conditions;
        out.waits = typical.waits.clone();
        out.checkpoint = typical.checkpoint;
        out.throughput = chain.throughput;
        out.write_utilization = typical.write_utilization * chain.throughput / typical.throughput;
        out.server_cpu = typical.server_cpu;
        out.residence = lengths.map(|q| q / chain.throughput);
        out.waiting = lengths[S::RowLocks.index()];
        out.residence[S::ConnectionPool.index()] += outside / chain.throughput;
        out.converged = self.solved.iter().all(|s| s.converged);
        out.iterations = self.solved.iter().map(|s| s.iterations).sum();
        out
    }
}

/// The number of transactions present: its distribution, and the throughput that follows.
struct Chain {
    /// (number present, probability).
    states: Vec<(f64, f64)>,
    /// Mean number waiting in the part of the tail that is summed in closed form.
    beyond: f64,
    /// Completions per second.
    throughput: f64,
}

impl Chain {
    /// Probability that as many are inside as may be.
    fn full(&self, admitted: f64) -> f64 {
        self.states.iter().filter(|s| s.0 >= admitted).map(|s| s.1).sum()
    }

    /// Poisson arrivals: weights `prod rate / X(i)`, beyond the admitted a geometric tail.
    fn open(station: &FlowEquivalent, rate: f64) -> Self {
        let last = station.admitted() as usize;
        let mut states = vec![(0.0, 1.0)];
        let mut weight = 1.0;
        for j in 1..=last {
            weight *= rate / station.rate(j as f64);
            // The states before the first negligible one after the mode hold all that matters.
            if weight < NEGLIGIBLE && j as f64 > rate / station.rate(1.0) {
                break;
            }
            states.push((j as f64, weight));
            if weight > 1e250 {
                for s in &mut states {
                    s.1 *= 1e-250;
                }
                weight *= 1e-250;
            }
        }
        let ratio = rate / station.capacity();
        let at_last = if states.len() > last { weight } else { 0.0 };
        let tail = at_last * ratio / (1.0 - ratio);
        let total: f64 = states.iter().map(|s| s.1).sum::<f64>() + tail;
        // In the tail all admitted are inside, and 1 / (1 - ratio) wait on average.
        let beyond = tail / total / (1.0 - ratio);
        for s in &mut states {
            s.1 /= total;
        }
        states.push((station.admitted(), tail / total));
        Self { states, beyond, throughput: rate }
    }

    /// `clients` who think for `think` seconds: weights from the mode outward until negligible.
    fn closed(station: &FlowEquivalent, clients: f64, think: f64) -> Self {
        let up = |j: f64| (clients - j) / think / station.rate(j + 1.0);
        // The mode is where arrivals and completions balance; up() falls with j almost everywhere.
        let (mut low, mut high) = (0.0, clients.ceil());
        while high - low > 1.0 {
            let middle = ((low + high) / 2.0).floor();
            if up(middle) > 1.0 { low = middle } else { high = middle }
        }
        let mode = high;
        let mut states = vec![(mode, 1.0)];
        let (mut j, mut weight) = (mode, 1.0);
        while j < clients && weight > NEGLIGIBLE {
            weight *= up(j);
            j += 1.0;
            states.push((j, weight));
        }
        (j, weight) = (mode, 1.0);
        while j > 0.0 && weight > NEGLIGIBLE {
            j -= 1.0;
            weight /= up(j);
            states.push((j, weight));
        }
        let total: f64 = states.iter().map(|s| s.1).sum();
        let mut throughput = 0.0;
        for s in &mut states {
            s.1 /= total;
            if s.0 > 0.0 {
                throughput += s.1 * station.rate(s.0);
            }
        }
        Self { states, beyond: 0.0, throughput }
    }
}
