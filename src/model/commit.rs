//! Group commit: how many commits share one flush of the WAL.

/// Commits per flush at `rate` commits per second, where a flush takes `cycle` seconds (its CPU
/// included) and each further commit in a batch delays the next flush by `serial` seconds.
///
/// Those who commit while a flush is under way share the next one. With Poisson arrivals, A on average
/// in a cycle, a batch is as many as arrived, or one when nobody did: `E[max(1, N)] = A + exp(-A)`.
/// The cycle grows with the batch, `A = rate (cycle + serial (b - 1))`, so this is an equation for b;
/// its right side bends upwards with slope below `rate * serial`, and Newton's steps from 1 reach the
/// solution without overshooting. Without one (the CPU cannot keep up) the answer is infinite.
#[must_use]
pub fn batch_size(rate: f64, cycle: f64, serial: f64) -> f64 {
    let slope = rate * serial;
    if slope >= 0.999 {
        return f64::INFINITY;
    }
    let mut b = 1.0;
    for _ in 0..30 {
        let arrivals = (rate * (cycle + serial * (b - 1.0))).max(0.0);
        let none = (-arrivals).exp();
        let step = (arrivals + none - b) / (1.0 - slope * (1.0 - none));
        b += step;
        if step.abs() < 1e-9 * b {
            break;
        }
    }
    b.max(1.0)
}

/// [`gathering_share`] of clients who all come back at once.
pub const ALL_IN_STEP: f64 = 0.5;
/// [`gathering_share`] of clients who come back at any time.
pub const AT_ANY_TIME: f64 = 2.0 / 3.0;

/// One over the number of flushes that a commit spends at a busy WAL, for clients who come back
/// `elsewhere` seconds after a flush, where flushes of `cycle` seconds follow each other.
///
/// A commit waits for the flush under way and then for its own: `ceil(t / cycle) cycle - t` if it comes
/// t after a flush has released it. With t exponential the mean is `cycle / (1 - exp(-cycle / elsewhere))
/// - elsewhere`: a whole cycle for those who come back at once (they have just missed one), half a cycle
/// for those who come back much later.
#[must_use]
pub fn gathering_share(elsewhere: f64, cycle: f64) -> f64 {
    let u = cycle / elsewhere.max(f64::MIN_POSITIVE);
    // Nothing to flush, or so far apart that the difference below would lose its digits.
    if !(u > 1e-6 && cycle > 0.0) {
        return AT_ANY_TIME;
    }
    let wait = 1.0 / -(-u).exp_m1() - 1.0 / u;
    (1.0 / (1.0 + wait)).clamp(ALL_IN_STEP, AT_ANY_TIME)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commits_wait_for_the_flush_under_way() {
        assert_eq!(gathering_share(0.0, 1e-3), ALL_IN_STEP);
        assert!((gathering_share(1.0, 1e-3) - AT_ANY_TIME).abs() < 1e-4);
        // Independent: the mean wait until the next whole millisecond, by the midpoint rule over quantiles.
        let n = 100_000;
        let wait: f64 =
            (0..n).map(|k| -0.7 * (1.0 - (f64::from(k) + 0.5) / f64::from(n)).ln()).map(|t| t.ceil() - t).sum::<f64>()
                / f64::from(n);
        assert!((gathering_share(0.7e-3, 1e-3) - 1.0 / (1.0 + wait)).abs() < 1e-4);
    }

    #[test]
    fn batches_by_their_arrivals() {
        assert!((batch_size(0.0, 1e-3, 1e-4) - 1.0).abs() < 1e-12);
        // One arrival per cycle on average: 1 + 1/e.
        assert!((batch_size(1000.0, 1e-3, 0.0) - 1.367_879_441_171_442).abs() < 1e-9);
        // Many arrivals and no serialization: as many as arrive.
        assert!((batch_size(1e5, 1e-3, 0.0) - 100.0).abs() < 1e-9);
        // With serialization: b = A + exp(-A), A = rate (cycle + serial (b - 1)), by insertion.
        let b = batch_size(2000.0, 1e-3, 1e-4);
        let a = 2000.0 * (1e-3 + 1e-4 * (b - 1.0));
        assert!((a + (-a).exp() - b).abs() < 1e-9);
        assert!(batch_size(2000.0, 1e-3, 1e-3).is_infinite());
    }
}
