//! The saddle point: the open network whose mean population is the closed one's.

use super::shape::{Shape, Table};

/// Terms of a table's generating function at the saddle, scaled so that the function is 1 there:
/// `terms[i]` belongs to `first + i` customers, and from the last one on each further term is
/// `ratio` times the one before.
#[derive(Debug, Default)]
pub(super) struct Terms {
    pub station: usize,
    pub first: usize,
    pub terms: Vec<f64>,
    /// 1 - ratio, kept since the ratio may be near 1.
    pub gap: f64,
    /// Probability that nobody is there.
    pub empty: f64,
}

/// The saddle point and what the contour needs to know about it.
#[derive(Debug, Default)]
pub(super) struct Saddle {
    /// The throughput (fugacity) at the saddle.
    pub x: f64,
    /// 1 - demand * x of each single server.
    pub gaps: Vec<f64>,
    /// The tables.
    pub tables: Vec<Terms>,
    /// Mean number at all delays, gathering stations counted as delays of their longest stay.
    pub delayed: f64,
    /// Distance of the nearest pole in log x; infinite without queues.
    pub pole: f64,
    /// Mean, variance and third central moment of the open network's population.
    pub moments: [f64; 3],
}

/// Terms below this share of the largest are left out.
const NEGLIGIBLE: f64 = 1e-30;

impl Saddle {
    /// Finds the saddle for a population; false when it does not settle.
    pub fn find(&mut self, shape: &Shape, population: f64) -> bool {
        // The station that saturates first sets the unit of x; `gap` is 1 - demand * x there, the
        // unknown, because x itself may be nearer to the limit than f64 can tell apart.
        let slowest = |t: &Table| t.demand / shape.speeds[t.start + t.len - 1];
        let top = shape.singles.iter().map(|s| s.1).chain(shape.tables.iter().map(slowest)).fold(0.0, f64::max);
        let delay = shape.delay + shape.gathering.iter().map(|g| g.long).sum::<f64>();
        if top == 0.0 {
            return self.find_without_pole(shape, population, delay);
        }
        let lambda = delay / top;
        let b = population + 1.0 - lambda;
        let root = (b * b + 4.0 * lambda).sqrt();
        let mut gap = if b > 0.0 { 2.0 / (b + root) } else { (root - b) / (2.0 * lambda) };
        gap = gap.clamp(1e-300, 1.0 - 1e-9);
        // Newton on log mean against the logit of demand * x: near a pole and far from it alike the
        // curve is close to a straight line.
        let (mut low, mut high) = (f64::NEG_INFINITY, f64::INFINITY);
        for _ in 0..100 {
            self.place(shape, top, gap);
            let [mean, variance, _] = self.moments;
            if (mean - population).abs() < 0.02 * variance.sqrt() {
                self.pole = -(-gap).ln_1p();
                return true;
            }
            let t = ((1.0 - gap) / gap).ln();
            if mean > population {
                high = high.min(t)
            } else {
                low = low.max(t)
            }
            let mut next = t + (population / mean).ln() * mean / (variance * gap);
            if !(next > low && next < high) {
                next = if low.is_finite() && high.is_finite() {
                    0.5 * (low + high)
                } else {
                    t + (population - mean).signum() * 2.0
                };
            }
            gap = if next > 0.0 { (-next).exp() / (1.0 + (-next).exp()) } else { 1.0 / (1.0 + next.exp()) };
        }
        false
    }

    fn find_without_pole(&mut self, shape: &Shape, population: f64, delay: f64) -> bool {
        let mut x = population / delay;
        self.pole = f64::INFINITY;
        for _ in 0..100 {
            self.place(shape, 1.0 / x, 0.0);
            let [mean, variance, _] = self.moments;
            if (mean - population).abs() < 0.02 * variance.sqrt() {
                return true;
            }
            x *= ((population - mean) / variance).clamp(-1.0, 1.0).exp();
        }
        false
    }

    /// Moments and terms where `top * x = 1 - gap`.
    fn place(&mut self, shape: &Shape, top: f64, gap: f64) {
        let x = (1.0 - gap) / top;
        self.x = x;
        let delay = shape.delay * x;
        self.moments = [delay; 3];
        self.delayed = delay;
        for station in &shape.gathering {
            let y = station.long * x;
            self.delayed += y;
            // A logistic function of y: the share of the exponential in the generating function.
            let p = 1.0 / (1.0 + station.absent() * (-y).exp());
            let v = y * y * p * (1.0 - p);
            self.add([y * p, y * p + v, y * p + 3.0 * v + y * v * (1.0 - 2.0 * p)]);
        }
        self.gaps.clear();
        for (_, demand) in &shape.singles {
            // top - demand is exact for nearly equal demands, where it matters.
            let own = (top - demand) / top + demand / top * gap;
            let r = 1.0 - own;
            self.gaps.push(own);
            self.add([r / own, r / (own * own), r * (1.0 + r) / (own * own * own)]);
        }
        self.tables.resize_with(shape.tables.len(), Terms::default);
        let mut tables = std::mem::take(&mut self.tables);
        for (terms, table) in tables.iter_mut().zip(&shape.tables) {
            let own = table.demand / shape.speeds[table.start + table.len - 1];
            let gap = (top - own) / top + own / top * gap;
            let cumulants = terms.place(table, shape.speeds(table), x, gap);
            self.add(cumulants);
        }
        self.tables = tables;
    }

    fn add(&mut self, cumulants: [f64; 3]) {
        for (m, c) in self.moments.iter_mut().zip(cumulants) {
            *m += c;
        }
    }
}

impl Terms {
    /// Computes the terms; returns mean, variance and third central moment.
    fn place(&mut self, table: &Table, speeds: &[f64], x: f64, gap: f64) -> [f64; 3] {
        const LARGE: f64 = 1e250;
        self.station = table.station;
        self.gap = gap;
        self.terms.clear();
        self.first = 0;
        let y = table.demand * x;
        let (mut c, mut peak) = (1.0, 1.0);
        for (j, speed) in speeds.iter().enumerate() {
            self.terms.push(c);
            if j + 1 < speeds.len() {
                c *= y / speed;
                peak = f64::max(peak, c);
                if c > LARGE {
                    // What came before is negligible unless it is within the range kept.
                    self.terms.iter_mut().for_each(|t| *t /= LARGE);
                    c /= LARGE;
                    peak /= LARGE;
                }
            }
        }
        let last = speeds.len() - 1;
        let tail = self.terms[last] / gap;
        peak = f64::max(peak, tail);
        self.empty = self.terms[0];
        // Negligible terms in front; and behind, when the tail is negligible too.
        let front = self.terms.iter().position(|t| *t > NEGLIGIBLE * peak).unwrap_or(last).min(last);
        self.terms.drain(..front);
        self.first = front;
        if tail < NEGLIGIBLE * peak {
            let keep = self.terms.iter().rposition(|t| *t > NEGLIGIBLE * peak).unwrap_or(0);
            self.terms.truncate(keep + 1);
            self.terms.push(0.0);
        }
        self.normalize()
    }

    /// Scales the terms to sum to 1, tail included.
    fn normalize(&mut self) -> [f64; 3] {
        let Some((end, body)) = self.terms.split_last() else { return [0.0; 3] };
        let (gap, r) = (self.gap, 1.0 - self.gap);
        let tail = end / gap;
        let at = (self.first + body.len()) as f64;
        let mut total = tail;
        let mut mean = tail * (at + r / gap);
        for (t, j) in body.iter().zip(self.first..) {
            total += t;
            mean += t * j as f64;
        }
        mean /= total;
        // Central moments of the tail: those of a geometric variable, moved to where it starts.
        let d = at + r / gap - mean;
        let (v, k) = (r / (gap * gap), r * (1.0 + r) / (gap * gap * gap));
        let mut second = tail * (v + d * d);
        let mut third = tail * (k + 3.0 * d * v + d * d * d);
        for (t, j) in body.iter().zip(self.first..) {
            let d = j as f64 - mean;
            second += t * d * d;
            third += t * d * d * d;
        }
        let scale = 1.0 / total;
        self.terms.iter_mut().for_each(|t| *t *= scale);
        self.empty *= scale;
        [mean, second * scale, third * scale]
    }
}
