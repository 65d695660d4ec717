//! Latencies in logarithmic buckets: percentiles within half a percent, mergeable, of fixed size.

/// Each bucket ends this much above where it begins; its middle is within half of it.
const GROWTH: f64 = 1.01;
/// Where the first bucket begins, seconds.
const SMALLEST: f64 = 1e-9;
/// Up to 1e9 seconds: ln(1e18) / ln(1.01) buckets.
const BUCKETS: usize = 4166;

/// A histogram of positive values.
#[derive(Debug, Clone, PartialEq)]
pub struct Histogram {
    counts: Vec<u64>,
    total: u64,
    sum: f64,
    squares: f64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { counts: vec![0; BUCKETS], total: 0, sum: 0.0, squares: 0.0 }
    }
}

impl Histogram {
    /// Adds a value; those outside 1 ns to 1e9 s count in the first or last bucket.
    #[inline]
    pub fn add(&mut self, value: f64) {
        let bucket = (value / SMALLEST).ln() * (1.0 / GROWTH.ln());
        self.counts[(bucket.max(0.0) as usize).min(BUCKETS - 1)] += 1;
        self.total += 1;
        self.sum += value;
        self.squares += value * value;
    }

    /// Adds all values of another.
    pub fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.counts.iter_mut().zip(&other.counts) {
            *mine += theirs;
        }
        self.total += other.total;
        self.sum += other.sum;
        self.squares += other.squares;
    }

    /// Values added.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.total
    }

    /// Their mean, exact; 0 without any.
    #[must_use]
    pub fn mean(&self) -> f64 {
        if self.total == 0 { 0.0 } else { self.sum / self.total as f64 }
    }

    /// Their variance; 0 without any.
    #[must_use]
    pub fn variance(&self) -> f64 {
        if self.total == 0 { 0.0 } else { (self.squares / self.total as f64 - self.mean().powi(2)).max(0.0) }
    }

    /// The value below which a share `p` lies, within 0.5 %; 0 without any.
    #[must_use]
    pub fn quantile(&self, p: f64) -> f64 {
        let rank = p.clamp(0.0, 1.0) * self.total as f64;
        let mut below = 0.0;
        for (bucket, &count) in self.counts.iter().enumerate() {
            let count = count as f64;
            if count > 0.0 && below + count >= rank {
                let within = ((rank - below) / count).clamp(0.0, 1.0);
                return SMALLEST * GROWTH.powf(bucket as f64 + within);
            }
            below += count;
        }
        0.0
    }

    /// Forgets all values.
    pub fn clear(&mut self) {
        self.counts.fill(0);
        (self.total, self.sum, self.squares) = (0, 0.0, 0.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_within_half_a_percent() {
        let mut h = Histogram::default();
        let n = 100_000;
        // A grid of an exponential distribution's own quantiles.
        for k in 0..n {
            h.add(-(1.0 - (f64::from(k) + 0.5) / f64::from(n)).ln() * 1e-3);
        }
        for p in [0.01, 0.1, 0.5, 0.9, 0.95, 0.99, 0.999] {
            let exact = -(1.0_f64 - p).ln() * 1e-3;
            assert!((h.quantile(p) / exact - 1.0).abs() < 0.005, "{p}: {} {exact}", h.quantile(p));
        }
        assert!((h.mean() - 1e-3).abs() < 1e-7 && (h.variance() / 1e-6 - 1.0).abs() < 1e-3);
    }

    #[test]
    fn merging_is_adding_and_one_value_keeps_its_place() {
        let (mut a, mut b, mut both) = (Histogram::default(), Histogram::default(), Histogram::default());
        for k in 1..1000 {
            let x = f64::from(k) * 1e-5;
            if k % 3 == 0 { a.add(x) } else { b.add(x) }
        }
        for k in 1..1000 {
            both.add(f64::from(k) * 1e-5);
        }
        a.merge(&b);
        assert_eq!(a.counts, both.counts);
        let mut one = Histogram::default();
        one.add(0.0);
        one.add(1e12);
        assert!(one.quantile(0.5) < 2e-9 && one.quantile(1.0) > 1e8);
        assert_eq!(Histogram::default().quantile(0.5), 0.0);
    }
}
