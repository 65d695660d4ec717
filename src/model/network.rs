//! The product-form networks at the heart of the model.

use crate::model::station::StationName as S;
use crate::model::system::{Arrivals, ClientCpu, Demand, System};
use crate::queueing::QueueingError;
use crate::queueing::single::{Kind, Rates, Solver, Station};

/// What the load does to demands; the outer fixed point settles these.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Conditions {
    /// b: commits per flush.
    pub batch: f64,
    /// Server CPU per message for context switches, seconds.
    pub switch: f64,
    /// Server CPU per transaction for handing locks over, seconds.
    pub handover: f64,
    /// Server CPU per transaction for full-page images, seconds.
    pub images: f64,
    /// WAL per transaction, bytes.
    pub wal_bytes: f64,
    /// By how much a busy device lengthens flushes and reads, at least 1.
    pub device_stretch: f64,
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
    /// Whether batches serialized on the CPU set the pace (the second network).
    pub serialized: bool,
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

    /// Work done per second by the server's cores, all busy.
    #[must_use]
    pub fn effective_cores(&self) -> f64 {
        if self.cores <= 1.0 { self.cores } else { 1.0 + (self.cores - 1.0) * self.core_yield }
    }

    /// Think time inside the network of a closed load, seconds.
    fn think(&self) -> f64 {
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

/// Flow at population `a` (customers that do not wait for row locks).
///
/// Two networks, the slower one counts. In the first, CPU and flushes are independent stations. In
/// the second, commits released together run their CPU bursts one after another before the next
/// flush starts: the cycle grows to `S' = S + g (b - 1) D / m` and the CPU is only a delay.
///
/// # Errors
/// A network that the solver refuses (no demand at all, a speed of zero) or cannot settle.
pub fn flow(
    solver: &mut Solver,
    system: &System,
    a: f64,
    think: bool,
    conditions: &Conditions,
) -> Result<Flow, QueueingError> {
    let work = &system.work;
    let server = system.server_cpu(work, conditions) + conditions.handover + conditions.images;
    let think_time = if think { system.think() } else { 0.0 };
    let quota = system.cores.min(1.0);
    let shared = matches!(system.client, ClientCpu::Shared);
    let cpu = (server + if shared { work.client_cpu } else { 0.0 }) / quota;
    let flush = work.flushes * system.commit.flush * conditions.device_stretch;
    let standby = work.flushes * system.commit.standby;
    let read = work.reads * system.storage.read * conditions.device_stretch;
    let wal = conditions.wal_bytes / system.storage.write_bandwidth;

    let mut stations = vec![Station { demand: cpu, kind: Kind::Queue(system.core_rates(system.cores)) }];
    let mut names = vec![S::ServerCpu];
    let mut push = |name, demand: f64, kind: Kind| {
        if demand > 0.0 {
            names.push(name);
            stations.push(Station { demand, kind });
        }
    };
    match system.client {
        ClientCpu::Shared => {}
        ClientCpu::Own(cores) => {
            push(S::ClientCpu, work.client_cpu / cores.min(1.0), Kind::Queue(system.core_rates(cores)));
        }
        ClientCpu::Unlimited => push(S::ClientCpu, work.client_cpu, Kind::Delay),
    }
    push(S::WalFlush, flush, Kind::Queue(Rates::Gathering));
    push(S::WalFlush, standby, Kind::Delay);
    push(S::WalWrite, wal, Kind::Queue(Rates::Constant));
    push(S::DataRead, read, Kind::Queue(read_rates(system.storage.read_width)));
    push(S::Network, work.network, Kind::Delay);
    push(S::Think, work.sleep + think_time, Kind::Delay);
    let first = solver.solve_fractional(&stations, a)?;
    let mut residence = [0.0; S::ALL.len()];
    for (name, queue) in names.iter().zip(&first.queue_lengths) {
        residence[name.index()] += queue / first.throughput.max(f64::MIN_POSITIVE);
    }
    if shared {
        let client = work.client_cpu / quota / cpu.max(f64::MIN_POSITIVE);
        residence[S::ClientCpu.index()] = residence[S::ServerCpu.index()] * client;
        residence[S::ServerCpu.index()] *= 1.0 - client;
    }
    let mut out = Flow { throughput: first.throughput, residence, server_cpu: server, serialized: false };
    if flush > 0.0 && conditions.batch > 1.0 {
        let cycle = flush
            + work.flushes * system.commit.serialization * (conditions.batch - 1.0) * cpu
                / system.effective_cores().max(1.0);
        let delays: f64 = residence.iter().sum::<f64>()
            - residence[S::WalFlush.index()]
            - residence[S::ServerCpu.index()]
            - if shared { residence[S::ClientCpu.index()] } else { 0.0 }
            + standby
            + cpu;
        let x = batch_throughput(a, delays, cycle);
        if x < out.throughput {
            out.throughput = x;
            out.serialized = true;
            let client = if shared { work.client_cpu / quota } else { 0.0 };
            if shared {
                out.residence[S::ClientCpu.index()] = client;
            }
            out.residence[S::ServerCpu.index()] = cpu - client;
            let rest: f64 = out.residence.iter().sum::<f64>() - out.residence[S::WalFlush.index()];
            out.residence[S::WalFlush.index()] = (a / x - rest).max(flush);
        }
    }
    Ok(out)
}

/// Throughput of `n` customers over a delay `z` and a batch server of cycle `s` with rate
/// max(1, j/2), n possibly fractional.
///
/// The batch server's normalization factors are `(2s)^j / (2 j!)` for j >= 1 and 1 for j = 0: half an
/// absent station and half a delay of 2s. So `G(n) = (z^n + (z + 2s)^n) / (2 n!)`, and
/// `X(n) = G(n-1) / G(n)` in closed form.
fn batch_throughput(n: f64, z: f64, s: f64) -> f64 {
    let long = z + 2.0 * s;
    let ratio = z / long;
    n * (1.0 + ratio.powf(n - 1.0)) / (long * (1.0 + ratio.powf(n)))
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
        assert!((batch_throughput(1.0, z, s) - 1.0 / (z + s)).abs() < 1e-9);
        // Independent: the two-customer Markov chain, states 0, 1, 2 at the server, rates 1/s each.
        let w = [1.0, 2.0 * s / z, 2.0 * s * s / (z * z)];
        let g: f64 = w.iter().sum();
        let x = (w[1] + w[2]) / g / s;
        assert!((batch_throughput(2.0, z, s) / x - 1.0).abs() < 1e-12);
        // Many customers wait about two cycles each at most.
        assert!((batch_throughput(1e4, z, s) * (z + 2.0 * s) / 1e4 - 1.0).abs() < 1e-9);
    }
}
