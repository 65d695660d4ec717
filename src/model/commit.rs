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

#[cfg(test)]
mod tests {
    use super::batch_size;

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
