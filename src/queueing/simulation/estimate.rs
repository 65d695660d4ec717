//! How sure a mean is: batch means, and where the warm-up ends.

use statrs::distribution::{ContinuousCDF, StudentsT};

/// Batches at which neighbours are merged, so that batches grow with the run.
const FULL: usize = 64;

/// A mean with its confidence interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The mean.
    pub mean: f64,
    /// Half the width of the interval; infinite when too little was seen.
    pub half_width: f64,
}

impl Estimate {
    /// Half the width relative to the mean.
    #[must_use]
    pub fn relative(&self) -> f64 {
        if self.mean > 0.0 { self.half_width / self.mean } else { f64::INFINITY }
    }
}

/// One batch of completed transactions.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Batch {
    duration: f64,
    latency: f64,
    /// Latencies counted; those of transactions that were lost are not.
    count: f64,
}

/// Batch means of throughput and latency, of between 32 and 64 batches of equal size.
///
/// Method: nonoverlapping batch means with merging, so that the run need not know its length
/// (Law and Kelton 2000, section 9.5). What correlation is left between neighbours widens the
/// interval by `(1 + r) / (1 - r)`, r their lag-1 correlation.
#[derive(Debug, Clone)]
pub struct BatchMeans {
    size: u64,
    filled: u64,
    current: Batch,
    began: f64,
    batches: Vec<Batch>,
}

impl BatchMeans {
    /// Begins at time `now`, with batches of `size` transactions to start from.
    #[must_use]
    pub fn new(now: f64, size: u64) -> Self {
        Self { size: size.max(1), filled: 0, current: Batch::default(), began: now, batches: Vec::with_capacity(FULL) }
    }

    /// A transaction was completed; true when a batch is full.
    #[inline]
    pub fn add(&mut self, now: f64, latency: f64) -> bool {
        self.current.latency += latency;
        self.current.count += 1.0;
        self.filled += 1;
        if self.filled < self.size {
            return false;
        }
        self.current.duration = now - self.began;
        self.began = now;
        self.batches.push(std::mem::take(&mut self.current));
        self.filled = 0;
        if self.batches.len() == FULL {
            for k in 0..FULL / 2 {
                let (a, b) = (self.batches[2 * k], self.batches[2 * k + 1]);
                self.batches[k] = Batch {
                    duration: a.duration + b.duration,
                    latency: a.latency + b.latency,
                    count: a.count + b.count,
                };
            }
            self.batches.truncate(FULL / 2);
            self.size *= 2;
        }
        true
    }

    /// Full batches so far.
    #[must_use]
    pub fn batches(&self) -> usize {
        self.batches.len()
    }

    /// Transactions in full batches.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.batches.len() as u64 * self.size
    }

    /// Transactions per second.
    #[must_use]
    pub fn throughput(&self, confidence: f64) -> Estimate {
        // The time of equally many transactions is averaged; its relative error is the throughput's.
        let gap = self.estimate(confidence, |b| b.duration / b.count);
        Estimate { mean: 1.0 / gap.mean, half_width: gap.relative() / gap.mean }
    }

    /// Mean latency, seconds.
    #[must_use]
    pub fn latency(&self, confidence: f64) -> Estimate {
        self.estimate(confidence, |b| b.latency / b.count)
    }

    fn estimate(&self, confidence: f64, value: impl Fn(&Batch) -> f64) -> Estimate {
        let values: Vec<f64> = self.batches.iter().map(value).collect();
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n.max(1.0);
        if values.len() < 4 {
            return Estimate { mean, half_width: f64::INFINITY };
        }
        let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0);
        let together: f64 = values.windows(2).map(|w| (w[0] - mean) * (w[1] - mean)).sum::<f64>() / (n - 1.0);
        let r = if variance > 0.0 { (together / variance).clamp(0.0, 0.9) } else { 0.0 };
        let t = StudentsT::new(0.0, 1.0, n - 1.0).map_or(f64::INFINITY, |t| t.inverse_cdf(0.5 + 0.5 * confidence));
        Estimate { mean, half_width: t * (variance * (1.0 + r) / (1.0 - r) / n).sqrt() }
    }
}

/// Where the warm-up of a series ends by MSER-5: the start of what is left when the marginal standard
/// error of the rest is smallest, over means of five (White 1997); `None` when that lies in the second
/// half, which means that the series is too short to tell.
#[must_use]
pub fn warmup(series: &[f64]) -> Option<usize> {
    let fives: Vec<f64> = series.chunks_exact(5).map(|c| c.iter().sum::<f64>() / 5.0).collect();
    let n = fives.len();
    if n < 10 {
        return None;
    }
    let (mut sum, mut squares) = (0.0, 0.0);
    let (mut best, mut least) = (n, f64::INFINITY);
    // From the back, so that each step adds one value.
    for d in (0..n).rev() {
        sum += fives[d];
        squares += fives[d] * fives[d];
        let left = (n - d) as f64;
        let error = (squares - sum * sum / left).max(0.0) / (left * left);
        // The last five say nothing: few values are alike by chance.
        if n - d > 5 && error <= least {
            (best, least) = (d, error);
        }
    }
    (best <= n / 2).then_some(best * 5)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queueing::simulation::random::Random;

    #[test]
    fn a_falling_start_is_cut_off() {
        let mut r = Random::new(5);
        let series: Vec<f64> =
            (0..500).map(|k| 10.0 * (-f64::from(k) / 20.0).exp() + 1.0 + 0.1 * r.uniform()).collect();
        let end = warmup(&series).unwrap();
        assert!((60..200).contains(&end), "{end}");
        let trend: Vec<f64> = (0..100).map(f64::from).collect();
        assert_eq!(warmup(&trend), None, "a series that only rises has not settled");
        assert_eq!(warmup(&[1.0; 20]), None);
    }

    #[test]
    fn intervals_hold_the_mean_as_often_as_they_say() {
        let held = |correlated: f64| {
            let mut held = 0;
            for seed in 0..400 {
                let mut r = Random::new(seed);
                let (mut means, mut now, mut level) = (BatchMeans::new(0.0, 20), 0.0, 0.0);
                for _ in 0..4000 {
                    level = correlated * level + r.exponential() - 1.0;
                    now += 2.0 + level;
                    means.add(now, 3.0);
                }
                let e = means.throughput(0.9);
                held += i32::from((1.0 / e.mean - 2.0).abs() <= e.half_width / e.mean / e.mean);
                assert_eq!(means.latency(0.9).mean, 3.0);
                assert!(means.batches() >= 32 && means.count() <= 4000);
            }
            f64::from(held) / 400.0
        };
        // Four standard errors of a share of 0.9 in 400 are 0.06.
        assert!((held(0.0) - 0.9).abs() < 0.06, "{}", held(0.0));
        assert!((held(0.8) - 0.9).abs() < 0.06, "{}", held(0.8));
    }
}
