//! From mean residence times to percentiles, by transaction type.
//!
//! The mean of each part follows from the network; its variance from the part's shape: CPU waiting is
//! spread over as many bursts as there are messages, a commit waits between one and two flushes, a
//! lock wait is zero or a queue of holds. The sum is taken as log-normal with that mean and variance;
//! several types together are the mixture of theirs.

use statrs::function::erf::erfc;

use crate::forecast::result::Latency;
use crate::model::StationName as S;
use crate::model::{Steady, System};

/// Mean and variance of one transaction type's latency, seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moments {
    /// Share of all transactions.
    pub share: f64,
    /// Mean, seconds.
    pub mean: f64,
    /// Variance, seconds squared.
    pub variance: f64,
}

/// Moments of every type; their means, weighted by share, add up to the mean latency.
#[must_use]
pub fn moments(system: &System, steady: &Steady, think: f64) -> Vec<Moments> {
    let at = |s: S| steady.residence[s.index()];
    let per = |time: f64, count: f64| if count > 0.0 { time / count } else { 0.0 };
    let work = &system.work;
    let handed = steady.conditions.handover + steady.conditions.images;
    let stretch = per(at(S::ServerCpu), steady.server_cpu);
    let mut out: Vec<Moments> = system
        .kinds
        .iter()
        .enumerate()
        .map(|(index, kind)| {
            let d = &kind.demand;
            let cpu = system.server_cpu(d, &steady.conditions) + handed;
            let server = cpu * stretch;
            let client = per(at(S::ClientCpu), work.client_cpu) * d.client_cpu;
            let bursts = d.messages.max(1.0);
            let waited = (server - cpu).max(0.0) + (client - d.client_cpu).max(0.0);
            let mut m = Moments { share: kind.share, mean: server + client, variance: 0.0 };
            m.variance += waited * waited / bursts + (system.demand_variation * (cpu + d.client_cpu)).powi(2);
            let flush = per(at(S::WalFlush), work.flushes);
            m.mean += flush * d.flushes;
            let flush_wait = (flush - system.commit.flush).max(0.0);
            m.variance += d.flushes * (2.0 * flush_wait).powi(2) / 12.0;
            let read = per(at(S::DataRead), work.reads);
            m.mean += read * d.reads;
            m.variance += read * read * d.reads;
            m.mean += per(at(S::WalWrite) + at(S::DataWrite), work.wal_bytes) * d.wal_bytes;
            m.mean += d.network + d.sleep;
            let (lock_mean, lock_variance) = lock_moments(system, steady, index, kind.share);
            m.mean += lock_mean;
            m.variance += lock_variance;
            let pool = at(S::ConnectionPool) + at(S::InternalLocks);
            m.mean += pool;
            m.variance += pool * pool / 4.0;
            m
        })
        .collect();
    // What the parts leave over (caps, averages over populations) is spread in proportion.
    let sum: f64 = out.iter().map(|m| m.share * m.mean).sum();
    let scale = steady.latency(think) / sum.max(f64::MIN_POSITIVE);
    for m in &mut out {
        m.mean *= scale;
        m.variance *= scale * scale;
    }
    out
}

/// Mean and variance of the lock waits of one type, per transaction of it.
fn lock_moments(system: &System, steady: &Steady, kind: usize, share: f64) -> (f64, f64) {
    let (mut mean, mut variance) = (0.0, 0.0);
    for (_, class, taker, wait, p) in steady.waits.takers(&system.locks) {
        if taker.kind != kind || wait <= 0.0 || p <= 0.0 || !wait.is_finite() {
            continue;
        }
        let takes = taker.takes / share.max(f64::MIN_POSITIVE);
        let queue = steady.throughput * taker.takes * wait / class.rows;
        mean += takes * wait;
        // With probability p a queue of holds: the longer it is, the less its sum varies.
        variance += takes * wait * wait * ((1.0 + 1.0 / (1.0 + queue)) / p - 1.0).max(0.0);
    }
    (mean, variance)
}

/// Percentiles of one type or of a mixture, in ms.
#[must_use]
pub fn percentiles(parts: &[Moments]) -> Latency {
    let total: f64 = parts.iter().map(|m| m.share).sum();
    let mean = parts.iter().map(|m| m.share * m.mean).sum::<f64>() / total.max(f64::MIN_POSITIVE);
    let quantile = |p: f64| 1e3 * mixture_quantile(parts, total, p);
    Latency { mean: 1e3 * mean, p50: quantile(0.50), p95: quantile(0.95), p99: quantile(0.99) }
}

/// Log-normal parameters with the moments' mean and variance.
fn log_normal(m: &Moments) -> (f64, f64) {
    let mean = m.mean.max(f64::MIN_POSITIVE);
    let sigma2 = (m.variance / (mean * mean)).max(1e-12).ln_1p();
    (mean.ln() - sigma2 / 2.0, sigma2.sqrt())
}

/// Quantile of a mixture: closed form for one part, bisection on the logarithm for several.
fn mixture_quantile(parts: &[Moments], total: f64, p: f64) -> f64 {
    let z = normal_quantile(p);
    let each = |m: &Moments| {
        let (mu, sigma) = log_normal(m);
        mu + z * sigma
    };
    let (mut low, mut high) =
        parts.iter().map(each).fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), q| (l.min(q), h.max(q)));
    if parts.len() > 1 {
        while high - low > 1e-6 {
            let middle = 0.5 * (low + high);
            let below: f64 = parts
                .iter()
                .map(|m| {
                    let (mu, sigma) = log_normal(m);
                    m.share * 0.5 * erfc((mu - middle) / (sigma * std::f64::consts::SQRT_2))
                })
                .sum();
            if below < p * total { low = middle } else { high = middle }
        }
    }
    (0.5 * (low + high)).exp()
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
        let l = percentiles(&[Moments { share: 1.0, mean, variance }]);
        assert!((l.p50 - 1e3).abs() < 1e-6);
        assert!((l.p95 - 1e3 * (0.5 * 1.644_853_626_951_472_f64).exp()).abs() < 1e-6);
    }

    #[test]
    fn a_mixture_lies_between_its_parts() {
        let parts =
            [Moments { share: 0.9, mean: 0.001, variance: 1e-8 }, Moments { share: 0.1, mean: 0.100, variance: 1e-4 }];
        let l = percentiles(&parts);
        assert!(l.p50 < 1.1 && l.p99 > 80.0);
        // Nine in ten are fast, so the 95th percentile is the slow part's median.
        assert!((l.p95 - percentiles(&parts[1..]).p50).abs() < 1.0, "{l:?}");
    }
}
