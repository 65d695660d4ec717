//! The search for the population that does not wait for rows.

use crate::model::closed::{Evaluation, ROUGH, Search};
use crate::model::steady::{Steady, fewest_rows};
use crate::queueing::QueueingError;

/// Steps of the search for the population that does not wait for locks.
const MAX_STEPS: usize = 60;
/// Part of the slope of the limits below which a secant of the search is not believed.
const LEAST_SLOPE: f64 = 0.02;

impl Search<'_> {
    /// Finds the population that does not wait for locks: the one at which rows are free just as often as
    /// it takes for all others to be waiting ([`LockWaits::balance`]).
    pub(super) fn population(&mut self, start: Option<&Steady>) -> Result<(f64, Evaluation), QueueingError> {
        let (n, precision) = (self.n, self.precision);
        if self.system.locks.is_empty() || n <= 1.0 {
            return Ok((n, self.evaluate(n, precision)?));
        }
        let a = match start {
            // Where nearly all wait, those who do not are as many as there are rows to work on.
            Some(s) if s.waiting > 0.9 * n && s.waiting < n => {
                let free = n - s.waiting;
                (free * fewest_rows(self.system) / s.fewest_rows).min(free.max(0.5 * n))
            }
            Some(s) if s.waiting > 0.01 * n && s.waiting < n => n - s.waiting,
            _ => {
                let evaluation = self.evaluate(n, ROUGH.max(precision))?;
                let waiting = evaluation.flow.throughput * self.waits.per_transaction();
                if waiting <= 0.01 * precision {
                    return Ok((n, self.evaluate(n, precision)?));
                }
                if waiting < 0.5 * n {
                    // Little waiting shortens itself little: one substitution is nearly right.
                    n - waiting
                } else if waiting.is_finite() {
                    n * n / (n + waiting)
                } else {
                    // Rows are busy in proportion to those who hurry through the rest of the system.
                    n / self.waits.utilization
                }
            }
        };
        self.between(a, 0.0, n)
    }

    /// The same from `a` on, between two populations at which rows are too free and too busy.
    pub(super) fn between(
        &mut self,
        mut a: f64,
        mut low: f64,
        mut high: f64,
    ) -> Result<(f64, Evaluation), QueueingError> {
        let (n, precision) = (self.n, self.precision);
        let mut tolerance = ROUGH.max(precision);
        let mut last: Option<(f64, f64)> = None;
        let (mut below, mut above) = (None, None);
        for _ in 0..MAX_STEPS {
            let evaluation = self.evaluate(a, tolerance)?;
            let waiting = n - a;
            // In (-inf, 1), nearly linear in a both where few wait and where rows are busy all the time.
            let ratio = 1.0 + evaluation.slack;
            let f = 1.0 - 1.0 / ratio;
            // The slope of either limit where it rules, less where a queue slows down the row that it waits for; a
            // secant flatter than a small part of that is noise.
            let usual = 1.0 / a + 1.0 / waiting.max(f64::MIN_POSITIVE);
            let secant = last.map_or(usual, |(a_last, f_last)| (f - f_last) / (a - a_last));
            last = Some((a, f));
            let step = f / if secant.is_finite() { secant.max(LEAST_SLOPE * usual) } else { usual };
            if tolerance <= precision && step.abs() < precision * a {
                return Ok((a, evaluation));
            }
            // Residuals within the noise of the conditions do not narrow the bracket.
            if f > 10.0 * tolerance {
                (high, above) = (a.min(high), Some((a, ratio.ln())));
            } else if f < -10.0 * tolerance {
                (low, below) = (a.max(low), Some((a, ratio.ln())));
            }
            let far = !(0.5..=2.0).contains(&ratio);
            let next = match (below, above) {
                _ if !far => a - step,
                // On both sides once: the busy share goes nearly with a power of a.
                (Some((b, under)), Some((c, over))) if b < c => {
                    b * (c / b).powf((-under / (over - under)).clamp(0.1, 0.9))
                }
                _ if waiting < a && waiting * ratio < 0.5 * n => n - waiting * ratio,
                _ => a / ratio,
            };
            tolerance = (0.1 * f.abs()).clamp(precision, tolerance);
            a = if next > low && next < high {
                next
            } else if high - low < 0.01 * high {
                // The bracket came from rougher conditions and has lost the solution: open it again.
                (low, high) = (0.9 * low, (1.1 * high).min(n));
                next.clamp(low, high)
            } else {
                between(low, high)
            };
        }
        self.settled = false;
        Ok((a, self.evaluate(a, precision)?))
    }

    /// Has all who wait wait at the rows of one class, to begin with.
    pub(super) fn wait_at(&mut self, class: usize) {
        self.shares.clear();
        self.shares.resize(self.system.locks.len(), 0.0);
        self.shares[class] = 1.0;
    }

    /// By how much rows are too busy for the waits of the others at population `a`, roughly.
    pub(super) fn slack(&mut self, a: f64) -> Result<f64, QueueingError> {
        Ok(self.evaluate(a, ROUGH)?.slack)
    }

    /// Waiters of the busiest row at population `a`, taken to be of this class, and arrivals there per hold.
    pub(super) fn row(&self, class: usize, a: f64) -> (f64, f64) {
        let waiting = (self.n - a).max(0.0) * self.shares[class] / self.system.locks[class].rows;
        (waiting, self.waits.utilization * self.n / (self.n - 1.0))
    }
}

/// A population between two others: the geometric mean where they are of different size, since the few
/// that do not wait for a hot row are to be found among a million as quickly as among ten.
fn between(low: f64, high: f64) -> f64 {
    let least = low.max(0.5);
    if high > 4.0 * least { (least * high).sqrt() } else { 0.5 * (low + high) }
}
