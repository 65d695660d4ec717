//! Group commit: how many commits share one flush of the WAL.

use crate::machine::coefficients::shape::UNKNOWN_CYCLE;

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

/// Terms of the series in [`phase`], at most.
const TERMS: u32 = 12;
/// What is left of a term when the rest of the series is left out.
const FADED: f64 = 2e-3;

/// How much of a cycle a commit waits before its own flush comes, where flushes follow each other every
/// `cycle` seconds and clients come back `elsewhere` seconds after one, with a standard deviation of `spread`.
///
/// Who comes t after a flush has released it waits for `ceil(t / cycle) cycle - t`: a whole cycle for those
/// who come back at once (they have just missed one), half a cycle on average for those whose times spread over more
/// than a cycle. With t exponential this is `1 / (1 - exp(-cycle / elsewhere)) - elsewhere / cycle`; with t of a gamma
/// distribution the Fourier series of the saw, each term with the distribution's characteristic function.
#[must_use]
pub fn phase(cycle: f64, elsewhere: f64, spread: f64) -> f64 {
    let u = cycle / elsewhere.max(f64::MIN_POSITIVE);
    if u < 1e-4 {
        // Far apart, differences would lose their digits: a half and the next term of the series for exponentials.
        return 0.5 + u / 12.0;
    }
    let relative = (spread / elsewhere.max(f64::MIN_POSITIVE)).hypot(UNKNOWN_CYCLE);
    if relative >= 1.0 || u > 1e4 {
        return (1.0 / -(-u).exp_m1() - 1.0 / u).clamp(0.5, 1.0);
    }
    let shape = 1.0 / (relative * relative);
    let turn = std::f64::consts::TAU * relative * relative / u;
    let mut sum = 0.0;
    for k in 1..=TERMS {
        let at = turn * f64::from(k);
        let size = (-0.5 * shape * (at * at).ln_1p()).exp() / f64::from(k);
        if size < FADED {
            break;
        }
        sum += size * (shape * at.atan()).sin();
    }
    (0.5 + sum / std::f64::consts::PI).clamp(0.0, 1.0)
}

/// Commits per flush of clients that are in step, as far as `random` is less than 1 ([`batch_size`] is for those at
/// random): one after the other while there is room for that, else as many as come in a cycle. More than half
/// of `clients` are never in one, since who has been in one is not back for the next.
#[must_use]
pub fn batch_in_step(at_random: f64, arrivals: f64, random: f64, clients: f64) -> f64 {
    let in_step = arrivals.max(1.0);
    let most = (0.5 * clients).max(1.0);
    if at_random.is_finite() { (in_step + random * (at_random - in_step)).min(most) } else { most }
}

/// Whether clients in step fill a place all the time, where `room` of them fit between two visits of one: from no to yes
/// within a few hundredths, smooth enough to be searched over.
#[must_use]
pub fn step(room: f64) -> f64 {
    room.min(1.0).powi(24)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commits_wait_for_the_flush_under_way() {
        let at_random = |elsewhere: f64| phase(1e-3, elsewhere, elsewhere);
        assert_eq!(at_random(0.0), 1.0);
        assert_eq!(at_random(f64::INFINITY), 0.5);
        assert!((at_random(11.0) / at_random(9.0) - 1.0).abs() < 1e-5);
        // Independent: the mean wait until the next whole cycle, by the midpoint rule over quantiles.
        let n = 100_000;
        let wait: f64 =
            (0..n).map(|k| -0.7 * (1.0 - (f64::from(k) + 0.5) / f64::from(n)).ln()).map(|t| t.ceil() - t).sum::<f64>()
                / f64::from(n);
        assert!((at_random(0.7e-3) - wait).abs() < 1e-4);
    }

    #[test]
    fn those_who_take_the_same_time_come_in_the_same_part_of_a_flush() {
        // Independent: the wait after a gamma of shape 9 (the sum of nine exponentials), by sampling.
        let mut random = crate::queueing::simulation::Random::new(3);
        for mean in [0.6, 1.5, 2.9] {
            let n = 200_000;
            let wait: f64 = (0..n)
                .map(|_| (0..9).map(|_| random.exponential()).sum::<f64>() * mean / 9.0)
                .map(|t| t.ceil() - t)
                .sum::<f64>()
                / f64::from(n);
            let formula =
                phase(1e-3, 1e-3 * mean, 1e-3 * mean * (1.0_f64 / 9.0 - UNKNOWN_CYCLE * UNKNOWN_CYCLE).sqrt());
            assert!((formula - wait).abs() < 4e-3, "{mean}: {formula} {wait}");
        }
        // Without any spread, three tenths of a flush are left of the one under way.
        assert!((phase(1e-3, 0.7e-3, 0.0) - 0.3).abs() < 0.01);
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
