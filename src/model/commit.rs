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

/// How much of a cycle a commit waits before its own flush comes, where flushes follow each other every
/// `cycle` seconds and clients come back `elsewhere` seconds after one.
///
/// Who comes t after a flush has released it waits for `ceil(t / cycle) cycle - t`, which with t
/// exponential is `cycle / (1 - exp(-cycle / elsewhere)) - elsewhere` on average: a whole cycle for those
/// who come back at once (they have just missed one), half a cycle for those who come back much later.
#[must_use]
pub fn phase(cycle: f64, elsewhere: f64) -> f64 {
    let u = cycle / elsewhere.max(f64::MIN_POSITIVE);
    // Far apart, the difference would lose its digits: a half and the next term of the series.
    if u < 1e-4 { 0.5 + u / 12.0 } else { (1.0 / -(-u).exp_m1() - 1.0 / u).clamp(0.5, 1.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commits_wait_for_the_flush_under_way() {
        assert_eq!(phase(1e-3, 0.0), 1.0);
        assert_eq!(phase(1e-3, f64::INFINITY), 0.5);
        assert!((phase(1e-3, 11.0) / phase(1e-3, 9.0) - 1.0).abs() < 1e-5);
        // Independent: the mean wait until the next whole cycle, by the midpoint rule over quantiles.
        let n = 100_000;
        let wait: f64 =
            (0..n).map(|k| -0.7 * (1.0 - (f64::from(k) + 0.5) / f64::from(n)).ln()).map(|t| t.ceil() - t).sum::<f64>()
                / f64::from(n);
        assert!((phase(1e-3, 0.7e-3) - wait).abs() < 1e-4);
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
