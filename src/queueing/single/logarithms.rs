//! Convolution in logarithms: slow, but no range of numbers is too wide for it.

use super::shape::Shape;
use super::{Method, QueueingError, Solution};

/// The largest population it is tried for: the work grows with its square.
const LIMIT: u64 = 20_000;

/// Solves by adding up logarithms of all terms.
pub(super) fn solve(shape: &Shape, population: u64, solution: &mut Solution) -> Result<(), QueueingError> {
    if population > LIMIT {
        return Err(QueueingError::NotConverged { residual: solution.residual, iterations: solution.terms });
    }
    let n = population as usize;
    // Terms of every station that is not a delay or a single server.
    let mut general: Vec<(usize, Vec<f64>)> = Vec::new();
    for table in &shape.tables {
        let speeds = shape.speeds(table);
        general.push((table.station, terms(n, table.demand, |j| speeds[(j - 1).min(speeds.len() - 1)])));
    }
    for station in &shape.gathering {
        general.push((station.station, terms(n, station.demand, |j| station.speed(j))));
    }
    for (k, demand) in &shape.singles {
        general.push((*k, terms(n, *demand, |_| 1.0)));
    }
    let mut prefix = vec![if shape.delay > 0.0 {
        terms(n, shape.delay, |j| j as f64)
    } else {
        let mut unit = vec![f64::NEG_INFINITY; n + 1];
        unit[0] = 0.0;
        unit
    }];
    for (at, (_, f)) in general.iter().enumerate() {
        prefix.push(convolve(&prefix[at], f));
    }
    let g = &prefix[general.len()];
    solution.throughput = (g[n - 1] - g[n]).exp();
    for (k, demand) in &shape.delays {
        solution.queue_lengths[*k] = solution.throughput * demand;
    }
    let total = g[n];
    let mut suffix = vec![f64::NEG_INFINITY; n + 1];
    suffix[0] = 0.0;
    for (at, (k, f)) in general.iter().enumerate().rev() {
        let others = convolve(&prefix[at], &suffix);
        let at_station = |j: usize| (f[j] + others[n - j] - total).exp();
        solution.queue_lengths[*k] = (1..=n).map(|j| j as f64 * at_station(j)).sum();
        solution.utilizations[*k] = 1.0 - at_station(0);
        suffix = convolve(f, &suffix);
    }
    solution.method = Method::Logarithms;
    solution.terms = n + 1;
    let sum: f64 = solution.queue_lengths.iter().sum();
    solution.residual = (sum / n as f64 - 1.0).abs();
    if solution.residual < 1e-9 {
        Ok(())
    } else {
        Err(QueueingError::NotConverged { residual: solution.residual, iterations: n + 1 })
    }
}

fn terms(n: usize, demand: f64, speed: impl Fn(usize) -> f64) -> Vec<f64> {
    let mut sum = 0.0;
    let log = demand.ln();
    (0..=n)
        .map(|j| {
            if j > 0 {
                sum += log - speed(j).ln();
            }
            sum
        })
        .collect()
}

fn convolve(a: &[f64], b: &[f64]) -> Vec<f64> {
    (0..a.len())
        .map(|n| {
            let top = (0..=n).map(|j| a[j] + b[n - j]).fold(f64::NEG_INFINITY, f64::max);
            if top == f64::NEG_INFINITY {
                return top;
            }
            top + (0..=n).map(|j| (a[j] + b[n - j] - top).exp()).sum::<f64>().ln()
        })
        .collect()
}
