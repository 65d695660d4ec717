//! Several closed classes, exactly: convolution over the lattice of populations.
//!
//! Demands of class r are multiplied by an estimate of its throughput. The terms are then
//! probabilities of an open network with nearly the same mean population, so that nothing
//! overflows, and what underflows does not matter (Reiser and Kobayashi 1975 for the convolution;
//! all terms are positive, unlike in the recursions with marginal probabilities).

use super::closed::{Answer, Closed, Service, Stopped};
use super::lattice::Lattice;

/// Most lattice points times planes kept at once.
const MOST_MEMORY: f64 = 4e7;
/// Largest accepted imbalance of a class's population, relative.
const ACCEPTED: f64 = 1e-9;

/// Multiplications that the exact solution takes, about; infinite when it does not fit in memory.
#[must_use]
pub fn work(network: &Closed) -> f64 {
    let points: f64 = network.populations.iter().map(|n| *n as f64 + 1.0).product();
    let classes = network.classes() as f64;
    // One more: a customer from outside may come on top.
    let total = network.total().saturating_add(1);
    let (mut steps, mut planes) = (2.0, 4.0);
    for center in &network.centers {
        match center.service {
            Service::Delay => {}
            _ => {
                let servers = center.speeds(total).len() as f64;
                steps += if servers > 1.0 { 3.0 * servers + 3.0 } else { 2.0 };
                planes += if servers > 1.0 { 1.0 } else { 0.0 };
            }
        }
    }
    if points * planes > MOST_MEMORY { f64::INFINITY } else { points * classes * steps }
}

/// Solves exactly, `estimate` being about the throughput of each class; none when numbers left the
/// range of f64 or the lattice is too large. Stations served in order are taken as shared.
#[must_use]
pub fn solve(network: &Closed, estimate: &[f64]) -> Option<Answer> {
    // One more: a customer from outside may come on top.
    let total = network.total().saturating_add(1);
    let lattice = Lattice::new(&network.populations)?;
    if !work(network).is_finite() {
        return None;
    }
    // Every queue must be able to serve the open network of the estimated throughputs.
    let mut load = 0.0f64;
    for center in network.centers.iter().filter(|c| c.service != Service::Delay) {
        let work: f64 = center.demands.iter().zip(estimate).map(|(d, x)| d * x).sum();
        load = load.max(work / center.last_speed());
    }
    let shrink = 1.0 / load.max(1.0);
    let x: Vec<f64> = estimate.iter().map(|x| x * shrink).collect();
    let scaled = |d: &[f64]| d.iter().zip(&x).map(|(d, x)| d * x).collect::<Vec<f64>>();

    let mut base = lattice.poisson(&scaled(&network.delays()));
    let mut singles = Vec::new();
    let mut tables = Vec::new();
    for (k, center) in network.centers.iter().enumerate() {
        let speeds = center.speeds(total);
        let d = scaled(&center.demands);
        if speeds.len() == 1 {
            let d: Vec<f64> = d.iter().map(|d| d / speeds[0]).collect();
            lattice.divide(&mut base, &d);
            singles.push((k, d, speeds[0]));
        } else if !speeds.is_empty() {
            tables.push((k, d, speeds));
        }
    }
    let mut planes = vec![base];
    for (_, d, speeds) in &tables {
        let mut next = Vec::new();
        lattice.fold(planes.last()?, &mut next, d, speeds);
        planes.push(next);
    }
    let g = planes.last()?;
    let top = lattice.points - 1;
    let inverse = 1.0 / g[top];
    if !g[top].is_normal() {
        return None;
    }
    let below = |v: &[f64], r: usize| if network.populations[r] == 0 { 0.0 } else { v[top - lattice.strides[r]] };
    let throughput: Vec<f64> = (0..x.len()).map(|r| below(g, r) * inverse * x[r]).collect();
    let mut queues = vec![vec![0.0; x.len()]; network.centers.len()];
    let mut stretch = vec![1.0; network.centers.len()];
    for (k, center) in network.centers.iter().enumerate() {
        if center.service == Service::Delay {
            queues[k] = center.demands.iter().zip(&throughput).map(|(d, x)| d * x).collect();
        }
    }
    for (k, d, speed) in &singles {
        let mut h = g.clone();
        lattice.divide(&mut h, d);
        queues[*k] = (0..x.len()).map(|r| d[r] * below(&h, r) * inverse).collect();
        stretch[*k] = h[top] * inverse / speed;
    }
    // From the last table to the first, `later` being the product of those behind.
    let mut later = vec![0.0; lattice.points];
    later[0] = 1.0;
    let mut derivative = Vec::new();
    for (at, (k, d, speeds)) in tables.iter().enumerate().rev() {
        lattice.fold_derivative(&later, &mut derivative, d, speeds);
        for r in 0..x.len() {
            if network.populations[r] > 0 && d[r] > 0.0 {
                queues[*k][r] = d[r] * lattice.dot(&planes[at], &derivative, Some(r)) * inverse;
            }
        }
        stretch[*k] = lattice.dot(&planes[at], &derivative, None) * inverse;
        if at > 0 {
            let mut next = Vec::new();
            lattice.fold(&later, &mut next, d, speeds);
            later = next;
        }
    }
    let residual = imbalance(network, &throughput, &queues);
    (residual < ACCEPTED).then_some(Answer {
        throughput,
        queues,
        stretch,
        iterations: 0,
        residual,
        stopped: Stopped::Direct,
    })
}

/// How far the customers found are from those there are, relative, over all classes.
pub(super) fn imbalance(network: &Closed, throughput: &[f64], queues: &[Vec<f64>]) -> f64 {
    let mut worst = 0.0f64;
    for (r, n) in network.populations.iter().enumerate() {
        if *n > 0 {
            let found = throughput[r] * network.think[r] + queues.iter().map(|q| q[r]).sum::<f64>();
            let off = (found / *n as f64 - 1.0).abs();
            worst = if off.is_nan() { f64::INFINITY } else { worst.max(off) };
        }
    }
    worst
}
