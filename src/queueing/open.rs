//! Open stations: M/M/c, M/M/c/K, M/G/1, G/G/c, and any station whose speed depends on the number
//! present.

/// Sums are scaled down when they pass this.
const LARGE: f64 = 1e250;

/// A station with Poisson arrivals and no closed customers, in steady state.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OpenStation {
    /// Residence time over demand: `E[(J + 1) / speed(J + 1)]`, J being what an arrival finds.
    pub stretch: f64,
    /// Mean number present.
    pub mean: f64,
    /// Probability that nobody is present.
    pub empty: f64,
    /// Probability that an arrival finds every server busy: J at or above the number of speeds.
    pub busy: f64,
}

/// Solves a station of these speeds (for 1, 2, ... customers, the last one holding on) whose
/// customers bring `load` seconds of work per second; `load` must be below the last speed.
///
/// With c speeds 1, 2, ..., c this is M/M/c, whose `busy` is Erlang's C. All terms are positive and
/// scaled as they grow, so hundreds of thousands of servers are no problem.
#[must_use]
pub fn station(speeds: &[f64], load: f64) -> OpenStation {
    let Some((last, body)) = speeds.split_last() else {
        return OpenStation { stretch: 1.0, mean: load, empty: (-load).exp(), busy: 0.0 };
    };
    let (mut total, mut mean, mut stretch, mut first, mut w) = (0.0, 0.0, 0.0, 1.0, 1.0);
    for (j, speed) in body.iter().enumerate() {
        total += w;
        mean += w * j as f64;
        stretch += w * (j + 1) as f64 / speed;
        w *= load / speed;
        if w > LARGE {
            [&mut total, &mut mean, &mut stretch, &mut first, &mut w].into_iter().for_each(|v| *v /= LARGE);
        }
    }
    // From here on geometric: the number beyond `start` has mean r / (1 - r).
    let (start, r) = (body.len() as f64, load / last);
    let tail = w / (1.0 - r);
    let beyond = r / (1.0 - r);
    total += tail;
    mean += tail * (start + beyond);
    stretch += tail * (start + beyond + 1.0) / last;
    OpenStation { stretch: stretch / total, mean: mean / total, empty: first / total, busy: tail * r / total }
}

/// Mean wait in a queue of c servers of speed 1 by Allen and Cunneen's formula: that of M/M/c times
/// the mean of the squared coefficients of variation of interarrival and service time.
///
/// Exact for M/M/c, and for M/G/1, where it is Pollaczek and Khinchine's.
#[must_use]
pub fn wait(servers: u64, arrival_rate: f64, service: f64, arrival_scv: f64, service_scv: f64) -> f64 {
    let speeds: Vec<f64> = (1..=servers).map(|j| j as f64).collect();
    let load = arrival_rate * service;
    let exponential = station(&speeds, load).busy * service / (servers as f64 - load);
    exponential * 0.5 * (arrival_scv + service_scv)
}

/// Probability that a customer of M/M/c waits no longer than `time`.
#[must_use]
pub fn wait_within(servers: u64, arrival_rate: f64, service: f64, time: f64) -> f64 {
    let speeds: Vec<f64> = (1..=servers).map(|j| j as f64).collect();
    let load = arrival_rate * service;
    1.0 - station(&speeds, load).busy * (-(servers as f64 - load) * time / service).exp()
}

/// M/M/c/K in steady state: arrivals that find K customers are lost.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lossy {
    /// Probability that an arrival is lost.
    pub blocked: f64,
    /// Arrivals accepted per second.
    pub throughput: f64,
    /// Mean number present.
    pub mean: f64,
    /// Mean number waiting.
    pub waiting: f64,
    /// Mean time of those accepted, seconds.
    pub response: f64,
    /// Share of the servers that are busy.
    pub utilization: f64,
    /// Probability that nobody is present.
    pub empty: f64,
    /// Probability that an accepted arrival finds every server busy.
    pub wait_probability: f64,
}

/// Solves M/M/c/K by adding up its birth-death chain; any load is allowed.
#[must_use]
pub fn lossy(servers: u64, capacity: u64, arrival_rate: f64, service: f64) -> Lossy {
    let load = arrival_rate * service;
    let (mut total, mut mean, mut waiting, mut first, mut held, mut w) = (1.0, 0.0, 0.0, 1.0, 0.0, 1.0);
    if servers == 0 {
        held = 1.0;
    }
    for j in 1..=capacity {
        w *= load / j.min(servers) as f64;
        total += w;
        mean += w * j as f64;
        waiting += w * j.saturating_sub(servers) as f64;
        if j >= servers && j < capacity {
            held += w;
        }
        if w > LARGE {
            for v in [&mut total, &mut mean, &mut waiting, &mut first, &mut held, &mut w] {
                *v /= LARGE;
            }
        }
    }
    let blocked = w / total;
    let throughput = arrival_rate * (total - w) / total;
    let mean = mean / total;
    Lossy {
        blocked,
        throughput,
        mean,
        waiting: waiting / total,
        response: if throughput > 0.0 { mean / throughput } else { service },
        utilization: throughput * service / servers as f64,
        empty: first / total,
        wait_probability: if total > w { held / (total - w) } else { 0.0 },
    }
}

/// Speeds that closed customers find at a station that open customers load, for 1, 2, ... of them,
/// the last one holding on: `speed'(j) = c'(j - 1) / c'(j)`, c' being the coefficients of
/// `F(load + y)`, F the generating function of the station.
///
/// For a single server this is `1 - load`; for several it depends on the state, and dividing
/// demands by `1 - utilization` would be wrong.
#[must_use]
pub fn left_over(speeds: &[f64], load: f64) -> Vec<f64> {
    let Some((last, body)) = speeds.split_last() else { return Vec::new() };
    if load == 0.0 {
        return speeds.to_vec();
    }
    // c'(j) = c(j) * sum over i of the product over l <= i of (l + j) / l * load / speed(l + j).
    let sum = |j: usize| {
        let speed = |n: usize| speeds[n.min(speeds.len()) - 1];
        let (mut total, mut term, mut scale, mut l) = (1.0, 1.0, 0, 1);
        loop {
            let ratio = (l + j) as f64 / l as f64 * load / speed(l + j);
            term *= ratio;
            total += term;
            if term < 1e-18 * total && ratio < 1.0 {
                return (total, scale);
            }
            if term > LARGE {
                term /= LARGE;
                total /= LARGE;
                scale += 1;
            }
            l += 1;
        }
    };
    let mut before = sum(0);
    let mut out = Vec::with_capacity(speeds.len());
    for (j, speed) in (1..=body.len()).zip(body) {
        let now = sum(j);
        out.push(speed * before.0 / now.0 * LARGE.powi(before.1 - now.1));
        before = now;
    }
    out.push(last - load);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn left_over_speeds_of_two_servers_agree_with_the_sum() {
        // F for two servers, by its series; the derivatives by definition.
        let (load, speeds) = (0.7, [1.0, 2.0]);
        let coefficient = |n: u32| if n == 0 { 1.0 } else { 0.5f64.powi(n as i32 - 1) };
        let choose = |n: u32, k: u32| (0..k).map(|i| f64::from(n - i) / f64::from(i + 1)).product::<f64>();
        let c =
            |j: u32| (0..200).map(|i| choose(i + j, j) * f64::powi(load, i as i32) * coefficient(i + j)).sum::<f64>();
        let got = left_over(&speeds, load);
        assert!((got[0] - c(0) / c(1)).abs() < 1e-12, "{got:?}");
        assert!((got[1] - c(1) / c(2)).abs() < 1e-12 && (c(2) / c(3) - got[1]).abs() < 1e-12);
        assert!((left_over(&[1.0], 0.25)[0] - 0.75).abs() < 1e-15);
    }

    #[test]
    fn left_over_speeds_of_many_servers_are_finite_and_rise() {
        let speeds: Vec<f64> = (1..=1200).map(f64::from).collect();
        let got = left_over(&speeds, 1100.0);
        assert!(got.iter().all(|s| s.is_finite() && *s > 0.0));
        assert!(got.windows(2).all(|w| w[0] <= w[1] * (1.0 + 1e-9)));
        assert!((got[1199] - 100.0).abs() < 1e-9);
    }

    #[test]
    fn losing_nobody_is_waiting_for_all() {
        let (a, b) = (lossy(4, 2000, 3.0, 1.0), station(&[1.0, 2.0, 3.0, 4.0], 3.0));
        assert!((a.mean - b.mean).abs() < 1e-10 && (a.wait_probability - b.busy).abs() < 1e-10);
        assert!(lossy(2, 2_000_000, 10.0, 1.0).blocked > 0.79);
    }
}
