//! One closed class of customers at queues, multi-servers, load-dependent stations and delays.
//!
//! The network is in product form (processor sharing anywhere, or exponential service at
//! first-come stations), so the answer is exact. With `f_k(j)` = demand^j / (speed(1) ... speed(j)),
//! the normalizing constant `G(N)` is the coefficient of `z^N` in the product of the generating
//! functions of all `f_k`, and the throughput is `G(N-1) / G(N)` (Buzen 1973). Three ways to it,
//! all with positive terms only, since the textbook recursion with `p(0) = 1 - sum` loses every
//! digit well below saturation:
//!
//! * small populations: convolution, demands scaled so that nothing overflows ([`convolution`]);
//! * large ones: the coefficient as a contour integral through the saddle point, whose cost does
//!   not depend on the population ([`contour`]);
//! * where both refuse (speeds that fall and rise by large factors): convolution in logarithms.

mod contour;
mod convolution;
mod curve;
mod logarithms;
mod saddle;
mod shape;

pub use curve::Curve;

use super::QueueingError;
use shape::Shape;

/// The largest population that plain convolution can be used for.
pub const CONVOLUTION_LIMIT: u64 = 320;
/// The population from which on the contour is cheaper for a single solution.
const CONTOUR_FROM: u64 = 128;
/// The population from which on a fraction is solved for as it is: interpolation between the whole
/// populations around it would differ by less than an eighth of the inverse square, and cost twice.
const FRACTION_FROM: f64 = 256.0;

/// A station.
#[derive(Debug, Clone, PartialEq)]
pub struct Station {
    /// Service a customer needs here per pass through the network, at speed 1, in seconds.
    pub demand: f64,
    /// How customers are served.
    pub kind: Kind,
}

/// How customers are served.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// Nobody waits: think time, a wire.
    Delay,
    /// Customers queue; the speed depends on how many there are.
    Queue(Rates),
}

/// The speed of a queue with `j` customers present.
#[derive(Debug, Clone, PartialEq)]
pub enum Rates {
    /// Always 1: a single server.
    Constant,
    /// `min(j, m)`: m servers; m may be fractional (a quota).
    Servers(f64),
    /// As listed for 1, 2, ... customers, the last one holding on.
    Table(Vec<f64>),
    /// Those who arrive while one service is under way share the next: speed 1 with one customer and
    /// `share * j` with j of them, without end. At high load a stay lasts `1 / share` services: two where
    /// all come back in step and just miss one (share 1/2), one and a half where they come at any time
    /// (share 2/3). Above 0 and below 1, which would be a delay.
    Gathering(f64),
}

impl Station {
    /// A delay.
    #[must_use]
    pub const fn delay(demand: f64) -> Self {
        Self { demand, kind: Kind::Delay }
    }
    /// A queue.
    #[must_use]
    pub const fn queue(demand: f64, rates: Rates) -> Self {
        Self { demand, kind: Kind::Queue(rates) }
    }
}

/// How a solution was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Method {
    /// Convolution of scaled terms.
    #[default]
    Convolution,
    /// The contour integral through the saddle point.
    Contour,
    /// Convolution in logarithms.
    Logarithms,
}

/// The steady state.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Solution {
    /// Passes through the network per second.
    pub throughput: f64,
    /// Mean number of customers at each station, in service included.
    pub queue_lengths: Vec<f64>,
    /// Per station: share of the servers that are busy for a single or multiple server; throughput
    /// times demand (the work done per second) for delays and [`Rates::Table`]; the probability
    /// that anyone is present for [`Rates::Gathering`].
    pub utilizations: Vec<f64>,
    /// How it was found.
    pub method: Method,
    /// Terms of the sum, or nodes of the contour.
    pub terms: usize,
    /// How far the queue lengths are from adding up to the population, relative to it.
    pub residual: f64,
}

impl Solution {
    /// Room for so many stations, all zero.
    fn clear(&mut self, stations: usize) {
        self.queue_lengths.clear();
        self.queue_lengths.resize(stations, 0.0);
        self.utilizations.clear();
        self.utilizations.resize(stations, 0.0);
        self.throughput = 0.0;
        self.residual = 0.0;
    }

    /// Utilizations by the throughput; those of gathering stations are there already.
    fn set_utilizations(&mut self, stations: &[Station]) {
        for (utilization, station) in self.utilizations.iter_mut().zip(stations) {
            match &station.kind {
                Kind::Queue(Rates::Servers(m)) => *utilization = self.throughput * station.demand / m,
                Kind::Queue(Rates::Gathering(_)) => {}
                _ => *utilization = self.throughput * station.demand,
            }
        }
    }
}

/// A solver that keeps its buffers, for callers that solve many networks.
#[derive(Debug, Default)]
pub struct Solver {
    shape: Shape,
    buffers: convolution::Buffers,
    nodes: contour::Nodes,
    /// The upper one of two populations, kept for its room.
    high: Solution,
}

impl Solver {
    /// Solves for a population, writing into `solution`.
    ///
    /// # Errors
    /// Invalid demands or rates; a network without any demand; no convergence.
    pub fn solve_into(
        &mut self,
        stations: &[Station],
        population: u64,
        solution: &mut Solution,
    ) -> Result<(), QueueingError> {
        solution.clear(stations.len());
        self.shape.read(stations, population)?;
        if population == 0 {
            solution.terms = 0;
            return Ok(());
        }
        let by_contour =
            population >= CONTOUR_FROM && contour::solve(&self.shape, &mut self.nodes, population as f64, solution);
        let solved = by_contour
            || (population <= CONVOLUTION_LIMIT
                && convolution::solve(&self.shape, &mut self.buffers, population, solution));
        if !solved {
            logarithms::solve(&self.shape, population, solution)?;
        }
        solution.set_utilizations(stations);
        Ok(())
    }

    /// Solves for a population.
    ///
    /// # Errors
    /// As [`Solver::solve_into`].
    pub fn solve(&mut self, stations: &[Station], population: u64) -> Result<Solution, QueueingError> {
        let mut solution = Solution::default();
        self.solve_into(stations, population, &mut solution)?;
        Ok(solution)
    }

    /// Solves for a population that is an average and so may be a fraction: among few customers what
    /// lies between two whole populations is interpolated linearly, which keeps the queue lengths adding
    /// up to it; among many the contour integral is taken at the fraction.
    ///
    /// # Errors
    /// As [`Solver::solve_into`]; also a population that is negative or not finite.
    pub fn solve_fractional(&mut self, stations: &[Station], population: f64) -> Result<Solution, QueueingError> {
        let mut solution = Solution::default();
        self.solve_fractional_into(stations, population, &mut solution)?;
        Ok(solution)
    }

    /// The same, writing into `solution`.
    ///
    /// # Errors
    /// As [`Solver::solve_fractional`].
    pub fn solve_fractional_into(
        &mut self,
        stations: &[Station],
        population: f64,
        solution: &mut Solution,
    ) -> Result<(), QueueingError> {
        let (whole, share) = split(population)?;
        if share <= 0.0 {
            return self.solve_into(stations, whole, solution);
        }
        solution.clear(stations.len());
        let mut high = std::mem::take(&mut self.high);
        high.clear(stations.len());
        self.shape.read(stations, whole + 1)?;
        let solved = if population >= FRACTION_FROM {
            if contour::solve(&self.shape, &mut self.nodes, population, solution) {
                solution.set_utilizations(stations);
                self.high = high;
                return Ok(());
            }
            false
        } else {
            // One convolution has both populations in it.
            whole > 0
                && convolution::solve_at(
                    &self.shape,
                    &mut self.buffers,
                    &mut [(whole as usize + 1, &mut high), (whole as usize, &mut *solution)],
                )
        };
        if solved {
            solution.set_utilizations(stations);
            high.set_utilizations(stations);
        } else {
            self.solve_into(stations, whole, solution)?;
            self.solve_into(stations, whole + 1, &mut high)?;
        }
        let mix = |a: &mut f64, b: f64| *a += share * (b - *a);
        mix(&mut solution.throughput, high.throughput);
        solution.queue_lengths.iter_mut().zip(&high.queue_lengths).for_each(|(a, b)| mix(a, *b));
        solution.utilizations.iter_mut().zip(&high.utilizations).for_each(|(a, b)| mix(a, *b));
        solution.residual = solution.residual.max(high.residual);
        self.high = high;
        Ok(())
    }
}

/// Solves for a population; see [`Solver`] to solve many without allocating each time.
///
/// # Errors
/// Invalid demands or rates; a network without any demand; no convergence.
///
/// ```
/// use predict::queueing::single::{Rates, Station, solve};
/// let network = [Station::delay(10.0), Station::queue(1.0, Rates::Constant)];
/// let one = solve(&network, 1).unwrap();
/// assert!((one.throughput - 1.0 / 11.0).abs() < 1e-15);
/// ```
pub fn solve(stations: &[Station], population: u64) -> Result<Solution, QueueingError> {
    Solver::default().solve(stations, population)
}

/// Solves for a fractional population; see [`Solver::solve_fractional`].
///
/// # Errors
/// As [`solve`]; also a population that is negative or not finite.
pub fn solve_fractional(stations: &[Station], population: f64) -> Result<Solution, QueueingError> {
    Solver::default().solve_fractional(stations, population)
}

/// The whole part and the fraction of a population.
fn split(population: f64) -> Result<(u64, f64), QueueingError> {
    if !(0.0..=1e15).contains(&population) {
        return Err(QueueingError::InvalidPopulation { value: population });
    }
    let whole = population.floor();
    // Bounded above, so the conversion is exact.
    Ok((whole as u64, population - whole))
}

#[cfg(test)]
mod tests;
