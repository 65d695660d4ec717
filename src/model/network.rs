//! The product-form networks at the heart of the model.

use std::cell::RefCell;

use crate::model::closed::Entry;
use crate::model::locks::exclusion;
use crate::model::station::StationName as S;
use crate::model::system::{Arrivals, ClientCpu, Demand, System};
use crate::queueing::QueueingError;
use crate::queueing::single::{Kind, Rates, Solution, Solver, Station};

/// A station whose flushes nobody else waits for is a delay, but for this much.
const MOST_SHARE: f64 = 0.999;
/// WAL bandwidth is a queue where its capacity is less than five times that of the cores; else a delay.
const WAL_QUEUES: f64 = 0.2;

/// What the load does to demands; the outer fixed point settles these.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Conditions {
    /// b: commits per flush.
    pub batch: f64,
    /// CPU between two flushes that follow each other, queueing for it included, seconds.
    pub lead: f64,
    /// How much of such a cycle a commit waits before its own flush comes.
    pub phase: f64,
    /// Server CPU per message for context switches, seconds.
    pub switch: f64,
    /// Server CPU per transaction for handing locks over, seconds.
    pub handover: f64,
    /// CPU per transaction for caches that are cold after an idle spell, seconds.
    pub cold: f64,
    /// Server CPU per transaction for full-page images, seconds.
    pub images: f64,
    /// WAL per transaction, bytes.
    pub wal_bytes: f64,
    /// By how much a busy device lengthens flushes and reads, at least 1.
    pub device_stretch: f64,
}

impl Conditions {
    /// As numbers of comparable size, for the search for a fixed point: ratios, microseconds (of
    /// leads hundreds of them) and hundreds of bytes.
    #[must_use]
    pub fn scaled(&self) -> [f64; 9] {
        [
            self.batch,
            self.lead * 1e4,
            self.phase,
            self.switch * 1e6,
            self.handover * 1e6,
            self.images * 1e6,
            self.wal_bytes * 1e-2,
            self.device_stretch,
            self.cold * 1e6,
        ]
    }

    /// Back from [`Conditions::scaled`], within what makes sense.
    #[must_use]
    pub fn from_scaled(x: [f64; 9]) -> Self {
        Self {
            batch: x[0].max(1.0),
            lead: x[1].max(0.0) * 1e-4,
            phase: x[2].max(0.0),
            switch: x[3] * 1e-6,
            handover: x[4].max(0.0) * 1e-6,
            images: x[5].max(0.0) * 1e-6,
            wal_bytes: x[6].max(0.0) * 1e2,
            device_stretch: x[7].max(1.0),
            cold: x[8].max(0.0) * 1e-6,
        }
    }
}

/// Throughput and where the time goes, at one population.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Flow {
    /// Transactions per second.
    pub throughput: f64,
    /// Residence per transaction, seconds, by station.
    pub residence: [f64; S::ALL.len()],
    /// Server CPU per transaction, seconds.
    pub server_cpu: f64,
    /// Residence per second of CPU in the first network, whichever of the two counts.
    pub stretch: f64,
    /// Whether batches serialized on the CPU set the pace (the second network).
    pub serialized: bool,
}

impl Conditions {
    /// How long a commit stays at a WAL that is always busy, with flushes of `flush` seconds, `lead` of CPU
    /// for a leader between them and `more` in each cycle beside; `exclusion` is the share of the others
    /// that cannot be there ([`crate::model::locks::exclusion`]).
    fn stay(&self, flush: f64, lead: f64, more: f64, exclusion: f64) -> f64 {
        // The leader's CPU is its own work, for which the others wait.
        let others = more + lead * (1.0 - 1.0 / self.batch) + self.phase * (flush + more + lead);
        flush + (1.0 - exclusion * exclusion) * others
    }
}

impl System {
    /// Server CPU of one transaction under `conditions`, seconds.
    #[must_use]
    pub fn server_cpu(&self, work: &Demand, conditions: &Conditions) -> f64 {
        let cpu =
            work.server_cpu + work.messages * conditions.switch + work.flushes * self.commit_cpu(conditions.batch);
        // Context switches are credited below four clients; a demand stays positive all the same.
        cpu.max(0.1 * work.server_cpu)
    }

    /// Server CPU of one commit in a batch of `b`: its share of the flush, and its wake-up.
    #[must_use]
    pub fn commit_cpu(&self, b: f64) -> f64 {
        self.commit.flush_cpu / b + self.commit.wakeup * (1.0 - 1.0 / b)
    }

    /// Delay of the next flush by each further commit that the last one has released, seconds, where `batch` are
    /// released at once and each has `after` seconds of CPU to do until its next commit.
    ///
    /// All of them are woken before the next leader, and are on their way to the cores before it. What they do after
    /// that comes before the flush as well where their clients answer while the others are still being woken.
    #[must_use]
    pub fn release(&self, batch: f64, after: f64) -> f64 {
        let cores = self.effective_cores().max(1.0);
        let wakeup = self.commit.wakeup / cores;
        let all = (self.commit.serialization * after / cores - wakeup).max(0.0);
        let span = wakeup * (batch - 1.0).max(0.0);
        let trip = self.work.network / self.work.round_trips.max(1.0);
        wakeup + if trip > 0.0 { all * span / (span + trip) } else { all }
    }

    /// Work done per second by the server's cores, all busy.
    #[must_use]
    pub fn effective_cores(&self) -> f64 {
        if self.cores <= 1.0 { self.cores } else { 1.0 + (self.cores - 1.0) * self.core_yield }
    }

    /// Think time inside the network of a closed load, seconds.
    pub(super) fn think(&self) -> f64 {
        match self.arrivals {
            Arrivals::Closed { think, .. } => think,
            Arrivals::Open { .. } => 0.0,
        }
    }

    /// Speed of `cores` cores with 1, 2, ... busy.
    fn core_rates(&self, cores: f64) -> Rates {
        if cores <= 1.0 {
            return Rates::Servers(1.0);
        }
        if (self.core_yield - 1.0).abs() < 1e-12 {
            return Rates::Servers(cores);
        }
        let whole = cores.floor() as usize;
        let mut rates: Vec<f64> = (0..whole).map(|j| 1.0 + j as f64 * self.core_yield).collect();
        if cores > cores.floor() {
            rates.push(1.0 + (cores - 1.0) * self.core_yield);
        }
        Rates::Table(rates)
    }
}

/// What a solver works in.
#[derive(Debug, Default)]
struct Room {
    solver: Solver,
    solution: Solution,
}

thread_local! {
    /// Rooms that nobody is in: a forecast solves several systems and a sweep thousands of forecasts, and making room for
    /// each would be a tenth of the time.
    static EMPTY: RefCell<Vec<Room>> = const { RefCell::new(Vec::new()) };
}

impl Drop for Network<'_> {
    fn drop(&mut self) {
        let room = std::mem::take(&mut self.room);
        EMPTY.with(|empty| empty.borrow_mut().push(room));
    }
}

/// The first network of a system with the room that solving it needs, for many populations and
/// conditions: those change demands only.
#[derive(Debug)]
pub struct Network<'a> {
    system: &'a System,
    stations: Vec<Station>,
    names: Vec<S>,
    room: Room,
    /// Probability that two commits cannot share a flush.
    exclusion: f64,
    /// Whether a commit is the last that is seen of a client.
    alone: bool,
}

impl<'a> Network<'a> {
    /// The stations of a system; think time is one of them where clients come back after it.
    #[must_use]
    pub fn new(system: &'a System, entry: Entry) -> Self {
        let work = &system.work;
        let think_time = if entry == Entry::AfterThinking { system.think() } else { 0.0 };
        let mut network = Self {
            system,
            stations: Vec::with_capacity(8),
            names: Vec::with_capacity(8),
            room: EMPTY.with(|empty| empty.borrow_mut().pop()).unwrap_or_default(),
            exclusion: exclusion(&system.locks, work.flushes),
            alone: entry == Entry::AtRandom,
        };
        let mut push = |name, demand: f64, kind: Kind| {
            if demand > 0.0 {
                network.names.push(name);
                network.stations.push(Station { demand, kind });
            }
        };
        push(S::ServerCpu, work.server_cpu.max(f64::MIN_POSITIVE), Kind::Queue(system.core_rates(system.cores)));
        match system.client {
            ClientCpu::Shared => {}
            ClientCpu::Own(cores) => {
                push(S::ClientCpu, work.client_cpu / cores.min(1.0), Kind::Queue(system.core_rates(cores)));
            }
            ClientCpu::Unlimited => push(S::ClientCpu, work.client_cpu, Kind::Delay),
        }
        push(S::WalFlush, work.flushes * system.commit.flush, Kind::Queue(Rates::Gathering(0.5)));
        push(S::WalFlush, work.flushes * system.commit.standby, Kind::Delay);
        push(S::WalWrite, work.wal_bytes / system.storage.write_bandwidth, Kind::Delay);
        push(S::DataRead, work.reads * system.storage.read, Kind::Queue(read_rates(system.storage.read_width)));
        push(S::Network, work.network, Kind::Delay);
        push(S::Think, work.sleep + think_time, Kind::Delay);
        network
    }

    /// Probability that two commits cannot share a flush.
    pub fn exclusion(&self) -> f64 {
        self.exclusion
    }

    /// Probability that a commit finds others at the WAL, `a` clients in all: as the network has it, where a flush is the
    /// disk's time alone, and with the leader's CPU as part of it. Of a batch server over a delay
    /// ([`batch_throughput`]) with one client less.
    pub fn meets(&self, a: f64, flow: &Flow, conditions: &Conditions) -> (f64, f64) {
        let commit = &self.system.commit;
        let flush = commit.flush * conditions.device_stretch;
        let woken = (conditions.batch - 1.0) * commit.wakeup / self.system.effective_cores().max(1.0);
        let stay = conditions.stay(flush, conditions.lead, woken, self.exclusion);
        let away =
            (flow.residence.iter().sum::<f64>() - flow.residence[S::WalFlush.index()]) / self.system.work.flushes;
        let there = |more: f64| {
            let elsewhere = (away - more / conditions.batch).max(f64::MIN_POSITIVE);
            let share = ((flush + more) / (stay + more)).min(MOST_SHARE);
            let there = share * ((1.0 + (stay + more) / elsewhere).powf(a - 1.0) - 1.0);
            there / (1.0 + there)
        };
        (there(0.0), there(commit.flush_cpu))
    }

    /// Sets the demands that conditions change.
    fn set_demands(&mut self, cpu: f64, conditions: &Conditions) {
        let system = self.system;
        let wal = conditions.wal_bytes / system.storage.write_bandwidth;
        for (name, station) in self.names.iter().zip(&mut self.stations) {
            match (name, &station.kind) {
                (S::ServerCpu, _) => station.demand = cpu,
                (S::WalFlush, Kind::Queue(_)) => {
                    let flush = system.commit.flush * conditions.device_stretch;
                    station.demand = system.work.flushes * flush;
                    let woken = (conditions.batch - 1.0) * system.commit.wakeup / system.effective_cores().max(1.0);
                    station.kind = Kind::Queue(Rates::Gathering(
                        (flush / conditions.stay(flush, conditions.lead, woken, self.exclusion)).min(MOST_SHARE),
                    ));
                }
                (S::DataRead, _) => {
                    station.demand = system.work.reads * system.storage.read * conditions.device_stretch;
                }
                (S::WalWrite, _) => {
                    station.demand = wal;
                    // Where bandwidth is far from limiting, nobody queues for it.
                    let busy = wal * system.effective_cores().max(1.0) > WAL_QUEUES * cpu;
                    station.kind = if busy { Kind::Queue(Rates::Constant) } else { Kind::Delay };
                }
                _ => {}
            }
        }
    }

    /// Throughput at population `a`; leaves the queue lengths behind.
    fn solve(&mut self, a: f64) -> Result<f64, QueueingError> {
        let Room { solver, solution } = &mut self.room;
        solver.solve_fractional_into(&self.stations, a, solution)?;
        Ok(solution.throughput)
    }

    /// Flow at population `a` (customers that do not wait for row locks).
    ///
    /// Two networks, the slower one counts. In the first, CPU and flushes are independent stations. In
    /// the second, commits released together run their CPU bursts one after another before the next
    /// flush starts: the cycle grows to `S' = S + g (b - 1) D / m` and the CPU is only a delay.
    ///
    /// # Errors
    /// A network that the solver refuses (no demand at all, a speed of zero) or cannot settle.
    pub fn flow(&mut self, a: f64, conditions: &Conditions) -> Result<Flow, QueueingError> {
        let system = self.system;
        let work = &system.work;
        let server = system.server_cpu(work, conditions) + conditions.handover + conditions.images + conditions.cold;
        let quota = system.cores.min(1.0);
        let client = if matches!(system.client, ClientCpu::Shared) { work.client_cpu / quota } else { 0.0 };
        let cpu = server / quota + client;
        self.set_demands(cpu, conditions);
        let throughput = self.solve(a)?;
        let mut residence = [0.0; S::ALL.len()];
        for (name, queue) in self.names.iter().zip(&self.room.solution.queue_lengths) {
            residence[name.index()] += queue / throughput.max(f64::MIN_POSITIVE);
        }
        if client > 0.0 {
            let share = client / cpu.max(f64::MIN_POSITIVE);
            residence[S::ClientCpu.index()] = residence[S::ServerCpu.index()] * share;
            residence[S::ServerCpu.index()] *= 1.0 - share;
        }
        let stretch = residence[S::ServerCpu.index()] / server.max(f64::MIN_POSITIVE);
        let mut out = Flow { throughput, residence, server_cpu: server, stretch, serialized: false };
        let flush = work.flushes * system.commit.flush * conditions.device_stretch;
        if flush > 0.0 && conditions.batch > 1.0 {
            let after = if self.alone { 0.0 } else { cpu };
            let burst = (conditions.batch - 1.0) * system.release(conditions.batch, after);
            // The burst is what a leader would queue behind.
            let lead = system.commit.flush_cpu;
            let stay = work.flushes * conditions.stay(flush / work.flushes, lead, burst, self.exclusion);
            let elsewhere: f64 = residence.iter().sum::<f64>()
                - residence[S::WalFlush.index()]
                - residence[S::ServerCpu.index()]
                - if client > 0.0 { residence[S::ClientCpu.index()] } else { 0.0 };
            let x = batch_throughput(a, elsewhere + work.flushes * system.commit.standby + cpu, flush, stay);
            if x < out.throughput {
                out.throughput = x;
                out.serialized = true;
                if client > 0.0 {
                    out.residence[S::ClientCpu.index()] = client;
                }
                out.residence[S::ServerCpu.index()] = cpu - client;
                let rest: f64 = out.residence.iter().sum::<f64>() - out.residence[S::WalFlush.index()];
                out.residence[S::WalFlush.index()] = (a / x - rest).max(flush);
            }
        }
        Ok(out)
    }
}

/// Throughput of `n` customers over a delay `z` and a batch server where one alone spends `s` seconds and
/// many spend `stay` ([`Rates::Gathering`]), n possibly fractional.
///
/// The batch server's normalization factors are `share stay^j / j!` for j >= 1 and 1 for j = 0, with
/// share = s / stay: part an absent station, part a delay. So `G(n) = ((1 - share) z^n + share (z +
/// stay)^n) / n!`, and `X(n) = G(n-1) / G(n)` in closed form.
fn batch_throughput(n: f64, z: f64, s: f64, stay: f64) -> f64 {
    let long = z + stay;
    let (ratio, absent) = (z / long, (stay - s) / s);
    n * (1.0 + absent * ratio.powf(n - 1.0)) / (long * (1.0 + absent * ratio.powf(n)))
}

/// Speed of reads under way: each adds until the ceiling binds.
fn read_rates(width: f64) -> Rates {
    Rates::Servers(width.max(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_server_serves_one_alone_and_all_at_once() {
        let (z, s) = (0.001, 0.002);
        assert!((batch_throughput(1.0, z, s, 1.6 * s) - 1.0 / (z + s)).abs() < 1e-9);
        // Independent: the two-customer Markov chain, states 0, 1, 2 at the server, rates 1/s each.
        let w = [1.0, 2.0 * s / z, 2.0 * s * s / (z * z)];
        let g: f64 = w.iter().sum();
        let x = (w[1] + w[2]) / g / s;
        assert!((batch_throughput(2.0, z, s, 2.0 * s) / x - 1.0).abs() < 1e-12);
        // Many customers wait about two cycles each at most.
        assert!((batch_throughput(1e4, z, s, 2.0 * s) * (z + 2.0 * s) / 1e4 - 1.0).abs() < 1e-9);
    }
}
