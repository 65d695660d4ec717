//! Every population from 0 to N in one pass.

use super::convolution::Buffers;
use super::shape::Shape;
use super::{CONVOLUTION_LIMIT, QueueingError, Solver, Station, split};

/// Throughput and queue lengths for every population up to a largest one.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Curve {
    populations: usize,
    throughput: Vec<f64>,
    /// Station by station, populations next to each other.
    queue_lengths: Vec<f64>,
}

impl Curve {
    /// The largest population.
    #[must_use]
    pub fn population(&self) -> u64 {
        self.populations.saturating_sub(1) as u64
    }

    /// Passes per second at a population, which may be a fraction (interpolated) and is cut to the
    /// largest one.
    #[must_use]
    pub fn throughput(&self, population: f64) -> f64 {
        interpolate(&self.throughput, population)
    }

    /// Mean number of customers at a station, as [`Curve::throughput`].
    #[must_use]
    pub fn queue_length(&self, station: usize, population: f64) -> f64 {
        let row = self.queue_lengths.get(station * self.populations..(station + 1) * self.populations);
        interpolate(row.unwrap_or(&[]), population)
    }
}

fn interpolate(values: &[f64], population: f64) -> f64 {
    let Some(last) = values.len().checked_sub(1) else { return 0.0 };
    let Ok((whole, share)) = split(population.max(0.0)) else { return values[last] };
    let at = usize::try_from(whole).unwrap_or(usize::MAX).min(last);
    let next = (at + 1).min(last);
    values[at] + share * (values[next] - values[at])
}

impl Solver {
    /// Solves for all populations from 0 to `population`, writing into `curve`.
    ///
    /// Up to [`CONVOLUTION_LIMIT`] customers this costs little more than one solution; beyond, each
    /// population is solved by itself.
    ///
    /// # Errors
    /// As [`Solver::solve_into`].
    pub fn curve_into(
        &mut self,
        stations: &[Station],
        population: u64,
        curve: &mut Curve,
    ) -> Result<(), QueueingError> {
        self.shape.read(stations, population)?;
        let n = usize::try_from(population).unwrap_or(usize::MAX - 1);
        curve.populations = n.saturating_add(1);
        curve.throughput.clear();
        curve.throughput.resize(curve.populations, 0.0);
        curve.queue_lengths.clear();
        curve.queue_lengths.resize(curve.populations * stations.len(), 0.0);
        if population == 0
            || (population <= CONVOLUTION_LIMIT && by_convolution(&self.shape, &mut self.buffers, n, curve))
        {
            return Ok(());
        }
        for at in 1..=n {
            let one = self.solve(stations, at as u64)?;
            curve.throughput[at] = one.throughput;
            for (k, q) in one.queue_lengths.iter().enumerate() {
                curve.queue_lengths[k * curve.populations + at] = *q;
            }
        }
        Ok(())
    }

    /// Solves for all populations from 0 to `population`.
    ///
    /// # Errors
    /// As [`Solver::solve_into`].
    pub fn curve(&mut self, stations: &[Station], population: u64) -> Result<Curve, QueueingError> {
        let mut curve = Curve::default();
        self.curve_into(stations, population, &mut curve)?;
        Ok(curve)
    }
}

/// False when the numbers left the range of f64 at some population.
fn by_convolution(shape: &Shape, b: &mut Buffers, n: usize, curve: &mut Curve) -> bool {
    let tables = b.fold_all(shape, n);
    if !b.planes[tables].iter().all(|g| g.is_normal()) {
        return false;
    }
    let row = curve.populations;
    let x = shape.ceiling;
    let mut weighted = Vec::new();
    for h in 0..tables {
        b.weighted_all(h, &mut weighted);
        let out = &mut curve.queue_lengths[b.forms[h].station * row..][..row];
        for ((q, w), g) in out.iter_mut().zip(&weighted).zip(&b.planes[tables]) {
            *q = w / g;
        }
    }
    let g = &b.planes[tables];
    for at in 1..=n {
        curve.throughput[at] = g[at - 1] / g[at] * x;
    }
    for (k, demand) in &shape.delays {
        for (q, t) in curve.queue_lengths[k * row..][..row].iter_mut().zip(&curve.throughput) {
            *q = demand * t;
        }
    }
    if let Some(station) = shape.gathering.first() {
        for at in 1..=n {
            curve.queue_lengths[station.station * row + at] = station.demand * x * b.delayed[at - 1] / g[at];
        }
    }
    for (k, demand) in &shape.singles {
        // The arrival theorem: an arriving customer sees the network with one customer less.
        let out = &mut curve.queue_lengths[k * row..][..row];
        for at in 1..=n {
            out[at] = demand * curve.throughput[at] * (1.0 + out[at - 1]);
        }
    }
    true
}
