//! From mean residence times to percentiles, by transaction type.
//!
//! The mean of each part follows from the network; its variance from the part's shape: a wait is as many
//! services as there are customers found, whose number varies less the fewer are elsewhere; a commit
//! waits between one and two flushes; a lock wait is zero or a queue of holds. The sum is taken as
//! log-normal with that mean and variance, apart for those who meet a contended row and those who do not;
//! several types together are the mixture of theirs. Checked against the simulation by
//! `cargo bench --bench simulation`.

use statrs::function::erf::erfc;

use crate::forecast::result::Latency;
use crate::model::StationName as S;
use crate::model::open::inside_scv;
use crate::model::system::Arrivals;
use crate::model::{Steady, System};

/// Mean and variance of one transaction type's latency, seconds.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Moments {
    /// Share of all transactions.
    pub share: f64,
    /// Mean, seconds.
    pub mean: f64,
    /// Variance, seconds squared.
    pub variance: f64,
    /// What can happen at the rows of the table that is waited for most: no wait, or one at this row or
    /// that. Probabilities sum to 1; empty when one shape holds for all.
    pub modes: Vec<Mode>,
}

/// A case that latencies fall into.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mode {
    /// Its probability.
    pub probability: f64,
    /// Mean in this case, seconds.
    pub mean: f64,
    /// Variance in this case, seconds squared.
    pub variance: f64,
}

impl Moments {
    /// The cases; one when there are none to tell apart.
    fn cases(&self) -> impl Iterator<Item = Mode> {
        let whole = Mode { probability: 1.0, mean: self.mean, variance: self.variance };
        let one = self.modes.is_empty().then_some(whole);
        self.modes.iter().copied().chain(one)
    }
}

/// Moments of every type; their means, weighted by share, add up to the mean latency.
#[must_use]
pub fn moments(system: &System, steady: &Steady, think: f64) -> Vec<Moments> {
    let at = |s: S| steady.residence[s.index()];
    let per = |time: f64, count: f64| if count > 0.0 { time / count } else { 0.0 };
    let work = &system.work;
    let crowd = Crowd::of(system, steady, think);
    let handed = steady.conditions.handover + steady.conditions.images;
    let stretch = per(at(S::ServerCpu), steady.server_cpu);
    let inside_scv = inside_scv(system, steady);
    let mut out: Vec<Moments> = system
        .kinds
        .iter()
        .enumerate()
        .map(|(index, kind)| {
            let d = &kind.demand;
            let cpu = system.server_cpu(d, &steady.conditions) + handed;
            let server = cpu * stretch;
            let client = per(at(S::ClientCpu), work.client_cpu) * d.client_cpu;
            let mut m = Moments { share: kind.share, mean: server + client, ..Moments::default() };
            let on_cpu = at(S::ServerCpu) + at(S::ClientCpu);
            let waited = (server - cpu).max(0.0) + (client - d.client_cpu).max(0.0);
            m.variance += crowd.wait_variance(waited, d.messages.max(1.0), on_cpu, BURST_SCV);
            m.variance += (system.demand_variation * (cpu + d.client_cpu)).powi(2);
            let flush = per(at(S::WalFlush), work.flushes);
            m.mean += flush * d.flushes;
            m.variance += d.flushes * gathering_variance(flush, system.commit.flush + system.commit.standby);
            let read = per(at(S::DataRead), work.reads);
            m.mean += read * d.reads;
            m.variance +=
                crowd.read_variance(read, system.storage.read * steady.conditions.device_stretch, work.reads) * d.reads;
            m.mean += per(at(S::WalWrite) + at(S::DataWrite), work.wal_bytes) * d.wal_bytes;
            m.mean += d.network + d.sleep;
            m.variance += if d.network > 0.0 { d.round_trips * system.trip_variation.powi(2) } else { 0.0 };
            let pool = at(S::ConnectionPool) + at(S::InternalLocks);
            m.mean += pool;
            m.variance += crowd.pool_variance(pool, think, inside_scv);
            add_lock_waits(&mut m, &lock_waits(system, steady, &crowd, index, kind.share));
            m
        })
        .collect();
    // What the parts leave over (caps, averages over populations) is spread in proportion.
    let sum: f64 = out.iter().map(|m| m.share * m.mean).sum();
    let scale = steady.latency(think) / sum.max(f64::MIN_POSITIVE);
    for m in &mut out {
        m.mean *= scale;
        m.variance *= scale * scale;
        for mode in &mut m.modes {
            mode.mean *= scale;
            mode.variance *= scale * scale;
        }
    }
    out
}

/// Squared coefficient of variation of one service that is waited for: near-deterministic bursts.
const BURST_SCV: f64 = 0.1;

/// Who else there is: the number of others bounds how much a queue's length can vary.
struct Crowd {
    throughput: f64,
    /// Customers other than the one looked at; infinite under an open load.
    others: f64,
}

impl Crowd {
    fn of(system: &System, steady: &Steady, think: f64) -> Self {
        let others = match system.arrivals {
            Arrivals::Closed { .. } => steady.throughput * (steady.latency(think) + think) - 1.0,
            Arrivals::Open { .. } => f64::INFINITY,
        };
        Self { throughput: steady.throughput, others: others.max(0.0) }
    }

    /// Variance of the number found at a place with mean `q`: geometric while few of the others are
    /// there, and no more than the number elsewhere when nearly all are. The two limits are those of
    /// the machine-repair model, joined harmonically.
    fn number_variance(&self, q: f64) -> f64 {
        let elsewhere = (self.others - q).max(0.0);
        let alone = q + q * q;
        if elsewhere.is_infinite() { alone } else { alone * elsewhere / (alone + elsewhere).max(f64::MIN_POSITIVE) }
    }

    /// Variance of all waits of one transaction at a queue: it waits `waited` in `visits` parts, with
    /// `residence` per transaction spent there by everybody.
    fn wait_variance(&self, waited: f64, visits: f64, residence: f64, scv: f64) -> f64 {
        let found = self.throughput * residence;
        if waited <= 0.0 || found <= 0.0 {
            return 0.0;
        }
        let each = waited / visits;
        visits * (each / found).powi(2) * (self.number_variance(found) + found * scv)
    }

    /// Variance of the wait for a server that is busy with probability `p` and waited for `mean` seconds on average,
    /// arrivals Poisson and services of coefficient of variation `v` (Takacs' recursion for M/G/1 with the
    /// third moment of a gamma distribution).
    fn single_server_variance(mean: f64, p: f64, v: f64) -> f64 {
        let (v2, free) = (v * v, (1.0 - p).max(0.0));
        let service = 2.0 * mean * free / (p * (1.0 + v2));
        mean * mean + p * service * service * (1.0 + v2) * (1.0 + 2.0 * v2) / (3.0 * free.max(f64::MIN_POSITIVE))
    }

    /// What one of a Poisson number of reads adds to the variance, seconds squared: its own exponential service of
    /// `service` seconds after a wait for those found there.
    fn read_variance(&self, read: f64, service: f64, reads: f64) -> f64 {
        let wait = (read - service).max(0.0);
        let found = self.throughput * reads * wait;
        let varied = if found > 0.0 { (wait / found).powi(2) * self.number_variance(found) } else { 0.0 };
        // The number of reads varies too: each adds its second moment.
        read * read + service * service + varied
    }

    /// Variance of the wait for a connection. With all others inside or waiting it is a fixed number of
    /// departures, each after as long as the time inside varies (`inside_scv`; a renewal process over many of
    /// them); else their number varies nearly as in an M/M/c queue.
    fn pool_variance(&self, wait: f64, think: f64, inside_scv: f64) -> f64 {
        let queue = self.throughput * wait;
        if queue <= 0.0 {
            return 0.0;
        }
        let elsewhere = if self.others.is_finite() { self.throughput * think } else { f64::INFINITY };
        let alone = queue + queue * queue;
        let number = if elsewhere.is_finite() { alone * elsewhere / (alone + elsewhere) } else { alone };
        let each = wait / queue;
        each * each * (number + queue * inside_scv.clamp(0.0, 1.0))
    }
}

/// Variance of one stay at a server that takes all who wait: a wait for the rest of the service under
/// way, uniform over a cycle when there is one, then a whole service.
fn gathering_variance(residence: f64, service: f64) -> f64 {
    // A stay is one to two cycles; where it is longer than two services, cycles are longer.
    let cycle = service.max(0.5 * residence);
    let wait = (residence - cycle).max(0.0);
    if wait < 0.5 * cycle { wait * cycle * 2.0 / 3.0 - wait * wait } else { (cycle - wait).max(0.0).powi(2) / 3.0 }
}

/// The wait for a row of one class, as one transaction type meets it.
struct LockWait<'a> {
    table: &'a str,
    /// Rows taken per transaction.
    takes: f64,
    /// Probability that a take has to wait.
    probability: f64,
    /// Mean wait per take, those without a wait included, seconds.
    mean: f64,
    /// Second moment of the same, seconds squared.
    square: f64,
}

/// Lock waits of one type, by row class.
fn lock_waits<'a>(system: &'a System, steady: &'a Steady, crowd: &Crowd, kind: usize, share: f64) -> Vec<LockWait<'a>> {
    // Waits at all rows of each class, over all who take them.
    let locks = steady.locks(system);
    let mut wished = vec![0.0; locks.len()];
    for (index, _, taker, wait, _) in steady.waits.takers(locks) {
        wished[index] += taker.takes * wait;
    }
    let mut out = Vec::new();
    for ((index, class, taker, mean, p), random) in steady.waits.takers(locks).zip(&steady.waits.random) {
        if taker.kind != kind || mean <= 0.0 || p <= 0.0 || !mean.is_finite() {
            continue;
        }
        // Found at the row: those who wait and, with probability p, one who holds it, on average
        // half-way through. W = hold * (N - 1/2) where N >= 1.
        let found = steady.throughput * wished[index] / class.rows + p;
        let hold = mean / (found - 0.5 * p);
        let alone = Crowd::single_server_variance(mean, p, system.hold_variation);
        let number = crowd.number_variance(found).max(p * (1.0 - p));
        let spread = number - found + p / 3.0 + found * p - 0.25 * p * p;
        // Those who are in step wait the same time whenever they wait.
        let variance = random * (hold * hold * (spread.max(0.0) + found * BURST_SCV)).min(alone);
        let takes = taker.takes / share.max(f64::MIN_POSITIVE);
        out.push(LockWait { table: &class.table, takes, probability: p, mean, square: variance + mean * mean });
    }
    out
}

/// Adds lock waits to the rest. The table that adds most variance is told apart by what is met there, as
/// a hot row among many makes two populations, which no single shape describes; the others add moments.
fn add_lock_waits(m: &mut Moments, waits: &[LockWait<'_>]) {
    let added = |w: &LockWait<'_>| w.takes * (w.square - w.mean * w.mean.min(w.takes * w.mean));
    let of = |table: &str| waits.iter().filter(|w| w.table == table).map(added).sum::<f64>();
    let Some(most) = waits.iter().map(|w| w.table).max_by(|a, b| of(a).total_cmp(&of(b))) else { return };
    for w in waits.iter().filter(|w| w.table != most) {
        m.mean += w.takes * w.mean;
        m.variance += added(w);
    }
    let (mean, variance) = (m.mean, m.variance);
    let there = || waits.iter().filter(|w| w.table == most);
    m.mean += there().map(|w| w.takes * w.mean).sum::<f64>();
    m.variance += of(most);
    let waiting: f64 = there().map(|w| w.takes * w.probability).sum();
    if waiting > 1.0 {
        // Several waits in one transaction: their sum has one shape.
        return;
    }
    m.modes = vec![Mode { probability: 1.0 - waiting, mean, variance }];
    m.modes.extend(there().map(|w| {
        let (wait, square) = (w.mean / w.probability, w.square / w.probability);
        let spread = (square - wait * wait).max(0.0);
        Mode { probability: w.takes * w.probability, mean: mean + wait, variance: variance + spread }
    }));
}

/// Percentiles of one type or of a mixture, in ms.
#[must_use]
pub fn percentiles(parts: &[Moments]) -> Latency {
    let total: f64 = parts.iter().map(|m| m.share).sum();
    let mean = parts.iter().map(|m| m.share * m.mean).sum::<f64>() / total.max(f64::MIN_POSITIVE);
    let quantile = |p: f64| 1e3 * mixture_quantile(parts, total, p);
    Latency { mean: 1e3 * mean, p50: quantile(0.50), p95: quantile(0.95), p99: quantile(0.99) }
}

/// Log-normal parameters with the mean and variance of a case.
fn log_normal(m: &Mode) -> (f64, f64) {
    let mean = m.mean.max(f64::MIN_POSITIVE);
    let sigma2 = (m.variance / (mean * mean)).max(1e-12).ln_1p();
    (mean.ln() - sigma2 / 2.0, sigma2.sqrt())
}

/// Quantile of a mixture: closed form for one case, false position on the logarithm for several.
fn mixture_quantile(parts: &[Moments], total: f64, p: f64) -> f64 {
    let z = normal_quantile(p);
    let cases: Vec<(f64, f64, f64)> = parts
        .iter()
        .flat_map(|m| m.cases().map(|c| (m.share * c.probability, c)))
        .filter(|(weight, _)| *weight > 0.0)
        .map(|(weight, c)| {
            let (mu, sigma) = log_normal(&c);
            (weight, mu, sigma)
        })
        .collect();
    let (mut low, mut high) = cases
        .iter()
        .map(|(_, mu, sigma)| mu + z * sigma)
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), q| (l.min(q), h.max(q)));
    if cases.len() < 2 {
        return (0.5 * (low + high)).exp();
    }
    let share_below = |x: f64| -> f64 {
        let below =
            |(weight, mu, sigma): &(f64, f64, f64)| weight * 0.5 * erfc((mu - x) / (sigma * std::f64::consts::SQRT_2));
        cases.iter().map(below).sum::<f64>() / total - p
    };
    // False position, the end that stays put counting half each time (Illinois): a third of bisection's steps.
    let (mut f_low, mut f_high, mut side) = (share_below(low), share_below(high), 0);
    let mut at = 0.5 * (low + high);
    // A hundred-thousandth of a percentile is far below what any of its parts is known to.
    while high - low > 1e-5 && f_low < 0.0 && f_high > 0.0 {
        let next = (high - f_high * (high - low) / (f_high - f_low)).clamp(low, high);
        let near = (next - at).abs() < 1e-5;
        at = next;
        let f = share_below(at);
        if near || f == 0.0 {
            return at.exp();
        }
        if f > 0.0 {
            (high, f_high) = (at, f);
            f_low *= if side == 1 { 0.5 } else { 1.0 };
            side = 1;
        } else {
            (low, f_low) = (at, f);
            f_high *= if side == -1 { 0.5 } else { 1.0 };
            side = -1;
        }
    }
    if f_low >= 0.0 {
        low.exp()
    } else if f_high <= 0.0 {
        high.exp()
    } else {
        (0.5 * (low + high)).exp()
    }
}

/// Quantile of the standard normal distribution.
fn normal_quantile(p: f64) -> f64 {
    -std::f64::consts::SQRT_2 * statrs::function::erf::erfc_inv(2.0 * p)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_of_one_log_normal() {
        // Independent: a log-normal with mu = 0, sigma = 0.5 has mean e^0.125 and p95 = e^(0.5 * 1.6448536).
        let mean = 0.125_f64.exp();
        let variance = (0.25_f64.exp() - 1.0) * 0.25_f64.exp();
        let l = percentiles(&[Moments { share: 1.0, mean, variance, modes: vec![] }]);
        assert!((l.p50 - 1e3).abs() < 1e-6);
        assert!((l.p95 - 1e3 * (0.5 * 1.644_853_626_951_472_f64).exp()).abs() < 1e-6);
    }

    #[test]
    fn a_mixture_lies_between_its_parts() {
        let parts = [
            Moments { share: 0.9, mean: 0.001, variance: 1e-8, modes: vec![] },
            Moments { share: 0.1, mean: 0.100, variance: 1e-4, modes: vec![] },
        ];
        let l = percentiles(&parts);
        assert!(l.p50 < 1.1 && l.p99 > 80.0);
        // Nine in ten are fast, so the 95th percentile is the slow part's median.
        assert!((l.p95 - percentiles(&parts[1..]).p50).abs() < 1.0, "{l:?}");
    }

    #[test]
    fn the_number_found_is_geometric_or_all_but_a_few() {
        let open = Crowd { throughput: 1.0, others: f64::INFINITY };
        assert_eq!(open.number_variance(3.0), 12.0);
        // Of fifty others 49.9 are there: the number varies as that of those elsewhere does.
        let full = Crowd { throughput: 1.0, others: 50.0 };
        assert!((full.number_variance(49.9) - 0.1).abs() < 1e-3);
        assert!((full.number_variance(0.01) - 0.0101).abs() < 1e-4);
    }

    #[test]
    fn a_wait_for_a_batch_is_uniform_over_the_one_under_way() {
        // Independent: with probability 0.6 a wait uniform over one service of 2, by the midpoint rule.
        let (n, p) = (100_000, 0.6);
        let square = (0..n).map(|k| (2.0 * (f64::from(k) + 0.5) / f64::from(n)).powi(2)).sum::<f64>() / f64::from(n);
        let mean = p * 1.0;
        assert!((gathering_variance(2.0 + mean, 2.0) - (p * square - mean * mean)).abs() < 1e-6);
        // All in step: each waits for the whole service of the others.
        assert_eq!(gathering_variance(4.0, 2.0), 0.0);
        assert_eq!(gathering_variance(2.0, 2.0), 0.0);
    }

    #[test]
    fn cases_keep_the_mean() {
        for branches in [1.0, 5.0, 50.0] {
            let system = crate::model::tests::tpcb(branches, 16.0);
            let steady = crate::model::open::solve(&system, None).unwrap();
            let m = &moments(&system, &steady, 0.0)[0];
            let of_cases: f64 = m.cases().map(|c| c.probability * c.mean).sum();
            let probability: f64 = m.cases().map(|c| c.probability).sum();
            assert!((of_cases / m.mean - 1.0).abs() < 1e-9 && (probability - 1.0).abs() < 1e-9, "{branches}");
            assert!((m.mean / steady.latency(0.0) - 1.0).abs() < 1e-9);
        }
    }
}
