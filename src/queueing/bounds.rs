//! What no solution can pass.
//!
//! Asymptotic bounds: each customer needs at least its demands, and at most all others before it;
//! no station does more than its top speed (Muntz and Wong 1974; Lazowska and others 1984, chapter
//! 5). With several servers, customers need their demands however many servers there are, and with
//! shared or first-come service nobody is passed by more customers than there are. Balanced-job
//! bounds (Zahorjan and others 1982) compare with networks whose stations are equally loaded; they
//! are proven for one closed class and single servers, and given there only.

use super::closed::{Center, Closed, Service};
use super::result::{Bound, BoundPair};

/// Bounds of one closed class: asymptotic, and balanced-job where proven.
#[must_use]
pub fn of_class(network: &Closed, class: usize) -> (BoundPair, Option<BoundPair>) {
    let n = network.populations[class] as f64;
    let think = network.think[class];
    let asymptotic = asymptotic(network, class);
    if n == 0.0 {
        return (pair(0.0, 0.0, n, think), None);
    }
    (asymptotic, balanced(network, class))
}

fn pair(low: f64, high: f64, population: f64, think: f64) -> BoundPair {
    // The response time follows: population = throughput * (think time + response time).
    let response = |x: f64| if x > 0.0 { Some((population / x - think).max(0.0)) } else { None };
    BoundPair {
        throughput: [Some(low), Some(high)],
        response_time: if population > 0.0 { [response(high), response(low)] } else { [Some(0.0), Some(0.0)] },
    }
}

fn asymptotic(network: &Closed, class: usize) -> BoundPair {
    let n = network.populations[class] as f64;
    let total = network.total();
    let think = network.think[class];
    let (mut least, mut most, mut ceiling) = (think, think, f64::INFINITY);
    for center in &network.centers {
        let demand = center.demands[class];
        if demand == 0.0 {
            continue;
        }
        if center.service == Service::Delay {
            least += demand;
            most += demand;
            continue;
        }
        let speeds = center.speeds(total);
        // Per customer present, no more speed than this; in all, no more than the top.
        let share = speeds.iter().zip(1u32..).map(|(s, j)| s / f64::from(j)).fold(0.0, f64::max);
        ceiling = ceiling.min(speeds.iter().copied().fold(0.0, f64::max) / demand);
        least += demand / share;
        most += longest(center, &speeds, class, network);
    }
    pair(n / most, (n / least).min(ceiling), n, think)
}

/// Residence time when everybody is there first.
fn longest(center: &Center, speeds: &[f64], class: usize, network: &Closed) -> f64 {
    let total = network.total() as f64;
    // With j customers sharing, each gets speed(j) / j: the least that can be is the last customer's.
    let least_share = speeds.iter().zip(1u32..).map(|(s, j)| s / f64::from(j)).fold(f64::INFINITY, f64::min);
    let at_all = speeds.last().copied().unwrap_or(1.0) / total;
    match &center.service {
        Service::InOrder { visits, .. } => {
            // Served in order, one after the other at worst.
            let of = |r: usize| if visits[r] > 0.0 { center.demands[r] / visits[r] } else { 0.0 };
            let largest = (0..network.classes()).filter(|r| network.populations[*r] > 0).map(of).fold(0.0, f64::max);
            center.demands[class] + visits[class] * (total - 1.0) * largest
        }
        _ => {
            // The textbook's bound, in which servers beyond the first are not counted on, unless
            // the station is slower than one server.
            let slowest = speeds.iter().copied().fold(f64::INFINITY, f64::min);
            let single = slowest / total;
            center.demands[class] / least_share.min(at_all).min(single)
        }
    }
}

/// For one class and single servers: D sum, Dmax and Dave over the queues.
fn balanced(network: &Closed, class: usize) -> Option<BoundPair> {
    let others: u64 = network.populations.iter().enumerate().filter(|(r, _)| *r != class).map(|(_, n)| n).sum();
    if others > 0 {
        return None;
    }
    let n = network.populations[class] as f64;
    let mut z = network.think[class];
    let (mut sum, mut largest, mut queues) = (0.0, 0.0f64, 0.0);
    for center in &network.centers {
        let demand = center.demands[class];
        match &center.service {
            Service::Delay => z += demand,
            Service::Shared(speeds) if speeds.len() == 1 => {
                if demand > 0.0 {
                    sum += demand / speeds[0];
                    largest = largest.max(demand / speeds[0]);
                    queues += 1.0;
                }
            }
            _ => return None,
        }
    }
    if sum == 0.0 {
        return None;
    }
    let average = sum / queues;
    let low = n / (sum + z + (n - 1.0) * largest / (1.0 + z / (n * sum)));
    let high = (1.0 / largest).min(n / (sum + z + (n - 1.0) * average / (1.0 + z / sum)));
    Some(pair(low, high, n, network.think[class]))
}

/// The tightest of two bounds.
#[must_use]
pub fn tightest(a: &BoundPair, b: Option<&BoundPair>) -> (Bound, Bound) {
    let pick = |a: Bound, b: Bound| {
        let take = |x: Option<f64>, y: Option<f64>, f: fn(f64, f64) -> f64| match (x, y) {
            (Some(x), Some(y)) => Some(f(x, y)),
            (x, y) => x.or(y),
        };
        [take(a[0], b[0], f64::max), take(a[1], b[1], f64::min)]
    };
    b.map_or((a.throughput, a.response_time), |b| {
        (pick(a.throughput, b.throughput), pick(a.response_time, b.response_time))
    })
}
