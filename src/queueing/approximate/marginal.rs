//! How many customers an arrival finds, given how many it finds on average.

/// The station and those who may come to it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source<'a> {
    /// Speeds for 1, 2, ... customers, the last one holding on.
    pub speeds: &'a [f64],
    /// Whether speeds never fall.
    pub rising: bool,
    /// Customers that may be there.
    pub customers: f64,
    /// The part of a pass elsewhere that is spent at the slowest station there; 0 when it is all
    /// delay, 1 when there is only one station.
    pub narrowness: f64,
}

/// What an arrival finds at a station.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found {
    /// Residence time over demand, if the speed is shared: the mean of (j + 1) / speed(j + 1).
    pub stretch: f64,
    /// Probability that every server is busy.
    pub busy: f64,
}

/// Populations from which on the sums start at the most likely number instead of at 0.
const LARGE: f64 = 512.0;

impl Source<'_> {
    /// Rate of arrivals with j customers present, up to a factor: the throughput of the rest of the
    /// network with the others in it, taken as balanced (Zahorjan and others 1982), which is exact
    /// for delays, for one station and for equal stations.
    /// Over the speed of departures with one more.
    fn up(&self, j: f64) -> f64 {
        let others = (self.customers - j).max(0.0);
        others / ((1.0 + (others - 1.0).max(0.0) * self.narrowness) * self.speed(j + 1.0))
    }

    fn speed(&self, j: f64) -> f64 {
        // Truncation is exact: j counts customers.
        self.speeds[(j as usize).saturating_sub(1).min(self.speeds.len() - 1)]
    }

    /// Mean and variance of the number present, and what is found, when arrivals are `tilt` times
    /// as fast.
    fn sums(&self, tilt: f64) -> ([f64; 2], Found) {
        let up = |j: f64| tilt * self.up(j);
        let limit = self.customers.floor();
        let mut start = 0.0;
        if limit > LARGE && self.rising {
            // The number where arrivals and departures are in balance.
            let (mut low, mut high) = (0.0, limit);
            while high - low > 1.0 {
                let middle = (0.5 * (low + high)).floor();
                if up(middle) > 1.0 { low = middle } else { high = middle }
            }
            start = high;
        }
        let mut sums = [0.0; 5];
        let servers = self.speeds.len() as f64;
        let mut add = |w: f64, j: f64| {
            sums[0] += w;
            sums[1] += w * j;
            sums[2] += w * j * j;
            sums[3] += w * (j + 1.0) / self.speed(j + 1.0);
            if j >= servers {
                sums[4] += w;
            }
            if w > 1e200 {
                sums.iter_mut().for_each(|s| *s *= 1e-200);
                return 1e-200;
            }
            1.0
        };
        let (mut w, mut j, mut peak) = (1.0, start, 1.0f64);
        w *= add(w, j);
        let first = w;
        while j < limit {
            let ratio = up(j);
            w *= ratio;
            j += 1.0;
            // Rising speeds make one hump: what is small beyond it stays so.
            if self.rising && ratio < 1.0 && w < 1e-18 * peak {
                break;
            }
            peak = peak.max(w);
            let scale = add(w, j);
            w *= scale;
            peak *= scale;
        }
        let (mut w, mut j) = (first, start);
        while j > 0.0 {
            j -= 1.0;
            w /= up(j);
            if w < 1e-18 {
                break;
            }
            add(w, j);
        }
        let mean = sums[1] / sums[0];
        let variance = (sums[2] / sums[0] - mean * mean).max(0.0);
        ([mean, variance], Found { stretch: sums[3] / sums[0], busy: sums[4] / sums[0] })
    }

    /// What an arrival finds that finds `seen` customers on average; `tilt` is where the search starts
    /// and is left where it ended.
    pub fn find(&self, seen: f64, tilt: &mut f64) -> Found {
        let limit = self.customers.floor();
        if seen <= 0.0 || limit < 1.0 {
            return Found { stretch: 1.0 / self.speed(1.0), busy: 0.0 };
        }
        if seen >= limit * (1.0 - 1e-12) {
            let busy = if limit >= self.speeds.len() as f64 { 1.0 } else { 0.0 };
            return Found { stretch: (seen + 1.0) / self.speed(limit + 1.0), busy };
        }
        if !(tilt.is_finite() && *tilt > 0.0) {
            *tilt = 1.0 / self.customers;
        }
        let (mut low, mut high) = (0.0, f64::INFINITY);
        let mut found = Found { stretch: 0.0, busy: 0.0 };
        // Newton on the log odds against the log of the tilt, between brackets.
        for _ in 0..60 {
            let ([mean, variance], now) = self.sums(*tilt);
            found = now;
            if (mean - seen).abs() < 1e-12 * seen {
                break;
            }
            if mean > seen {
                high = *tilt
            } else {
                low = *tilt
            }
            let odds = |q: f64| (q / (limit - q).max(1e-300)).ln();
            let slope = variance * limit / (mean * (limit - mean)).max(1e-300);
            let mut next = *tilt * ((odds(seen) - odds(mean)) / slope).clamp(-3.0, 3.0).exp();
            if !(next > low && next < high) {
                next = if high.is_finite() { 0.5 * (low + high) } else { 4.0 * *tilt };
            }
            if next == *tilt {
                break;
            }
            *tilt = next;
        }
        found
    }
}
