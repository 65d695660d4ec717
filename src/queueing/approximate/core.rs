//! The fixed point that Bard-Schweitzer and Linearizer share.

use super::marginal::{Found, Source};
use super::{MOST_ITERATIONS, ROUGH, TOLERANCE};
use crate::queueing::closed::{Answer, Closed, Service, Stopped};

/// The state of the iteration. Arrays are indexed station first, then class.
#[derive(Debug, Clone)]
pub(super) struct Core<'a> {
    network: &'a Closed,
    classes: usize,
    queues: Vec<f64>,
    throughput: Vec<f64>,
    /// By how much the share of class s at station k changes when a customer of class r leaves:
    /// `differences[(k * R + s) * R + r]`.
    differences: Vec<f64>,
    /// The same for throughput per customer: `[s * R + r]`.
    speedups: Vec<f64>,
    /// Speeds of the stations that are not simple, and whether they never fall.
    speeds: Vec<(Vec<f64>, bool)>,
    /// Where the search for the distribution at each station ended, per arriving class; the last
    /// one is for a customer from outside: `[r * K + k]`.
    tilts: Vec<f64>,
    /// Whether a rough answer is enough: stations are then as fast as they can be.
    rough: bool,
    iterations: usize,
    residual: f64,
}

impl<'a> Core<'a> {
    pub fn new(network: &'a Closed) -> Self {
        let (r, k) = (network.classes(), network.centers.len());
        let mut queues = vec![0.0; k * r];
        // To begin with, customers are spread over the stations that their class visits.
        for class in 0..r {
            let visited = network.centers.iter().filter(|c| c.demands[class] > 0.0).count();
            for (at, center) in network.centers.iter().enumerate() {
                if center.demands[class] > 0.0 {
                    queues[at * r + class] = network.populations[class] as f64 / visited as f64;
                }
            }
        }
        let speeds = network
            .centers
            .iter()
            .map(|center| {
                // One more: a customer from outside may come on top.
                let speeds = center.speeds(network.total().saturating_add(1));
                let rising = speeds.windows(2).all(|w| w[0] <= w[1]);
                (speeds, rising)
            })
            .collect();
        Self {
            network,
            classes: r,
            queues,
            throughput: vec![0.0; r],
            differences: vec![0.0; k * r * r],
            speedups: vec![0.0; r * r],
            speeds,
            tilts: vec![0.0; (r + 1) * k],
            rough: false,
            iterations: 0,
            residual: f64::INFINITY,
        }
    }

    /// Asks for a rough answer.
    pub fn roughly(mut self) -> Self {
        self.rough = true;
        self
    }

    pub fn throughput(&self) -> &[f64] {
        &self.throughput
    }

    pub fn iterations(&self) -> usize {
        self.iterations
    }

    /// Takes over the differences of the full network.
    pub fn take_differences(&mut self, full: &Self) {
        self.differences.clone_from(&full.differences);
        self.speedups.clone_from(&full.speedups);
    }

    /// Computes the differences from the networks with one customer less.
    pub fn learn(&mut self, full: &[f64], less: &[Self]) {
        let (r, k) = (self.classes, self.network.centers.len());
        for (gone, reduced) in less.iter().enumerate() {
            if full[gone] < 1.0 {
                continue;
            }
            for s in 0..r {
                let left = full[s] - if s == gone { 1.0 } else { 0.0 };
                if full[s] < 1.0 || left < 0.5 {
                    continue;
                }
                for at in 0..k {
                    self.differences[(at * r + s) * r + gone] =
                        reduced.queues[at * r + s] / left - self.queues[at * r + s] / full[s];
                }
                self.speedups[s * r + gone] = reduced.throughput[s] / left - self.throughput[s] / full[s];
            }
        }
    }

    /// Iterates at a population until nothing changes.
    pub fn settle(&mut self, population: &[f64]) -> Stopped {
        // Queues of classes that have fewer customers than before shrink in proportion.
        for s in 0..self.classes {
            let now: f64 = (0..self.network.centers.len()).map(|k| self.queues[k * self.classes + s]).sum();
            if now > population[s] {
                for k in 0..self.network.centers.len() {
                    self.queues[k * self.classes + s] *= population[s] / now;
                }
            }
        }
        self.inner(population)
    }

    /// Iterates queue lengths and throughputs, everything else held.
    fn inner(&mut self, population: &[f64]) -> Stopped {
        let (r, k) = (self.classes, self.network.centers.len());
        let mut seen = vec![0.0; k * r];
        let mut residence = vec![0.0; k];
        let mut before = f64::INFINITY;
        let mut damping = 1.0;
        for _ in 0..MOST_ITERATIONS {
            self.iterations += 1;
            self.arrivals(population, &mut seen);
            let mut change = 0.0f64;
            for class in 0..r {
                if population[class] < 0.5 {
                    self.throughput[class] = 0.0;
                    (0..k).for_each(|at| self.queues[at * r + class] = 0.0);
                    continue;
                }
                let mut pass = self.network.think[class];
                for at in 0..k {
                    residence[at] = self.residence(at, Some(class), population, &seen);
                    pass += residence[at];
                }
                let x = population[class] / pass;
                self.throughput[class] = x;
                for at in 0..k {
                    let queue = &mut self.queues[at * r + class];
                    let next = x * residence[at];
                    // Relative to the class's population: what a small queue does is of no account.
                    change = change.max((next - *queue).abs() / population[class]);
                    *queue += damping * (next - *queue);
                }
            }
            self.residual = change;
            if change < if self.rough { ROUGH } else { TOLERANCE } {
                return Stopped::Converged;
            }
            // Damp only on oscillation.
            if change > before {
                damping = f64::max(0.5 * damping, 0.1)
            }
            before = change;
        }
        Stopped::Limit
    }

    /// What a class's arrival finds at each station: all customers, `seen[station * R + class]`.
    fn arrivals(&self, population: &[f64], seen: &mut [f64]) {
        let (r, k) = (self.classes, self.network.centers.len());
        for at in 0..k {
            for class in 0..r {
                let mut sum = 0.0;
                for s in 0..r {
                    if population[s] < 0.5 {
                        continue;
                    }
                    let left = population[s] - if s == class { 1.0 } else { 0.0 };
                    let share = self.queues[at * r + s] / population[s] + self.differences[(at * r + s) * r + class];
                    sum += (left * share).max(0.0);
                }
                seen[at * r + class] = sum;
            }
        }
    }

    /// Residence time at a station: of an arriving class, or over demand for a customer from outside.
    fn residence(&mut self, at: usize, class: Option<usize>, population: &[f64], seen: &[f64]) -> f64 {
        let r = self.classes;
        let center = &self.network.centers[at];
        let demand = class.map_or(1.0, |class| center.demands[class]);
        let found = match class {
            Some(class) => seen[at * r + class],
            None => self.queues[at * r..][..r].iter().sum(),
        };
        match &center.service {
            Service::Delay => demand,
            Service::Shared(speeds) if speeds.len() == 1 => demand / speeds[0] * (1.0 + found),
            _ if demand == 0.0 => 0.0,
            _ if self.rough => demand * ((1.0 + found) / center.last_speed()).max(1.0 / self.speeds[at].0[0]),
            _ => {
                let (customers, narrowness) = self.source(at, class, population);
                let (speeds, rising) = &self.speeds[at];
                let source = Source { speeds, rising: *rising, customers, narrowness };
                let place = class.unwrap_or(r) * self.network.centers.len() + at;
                let what = source.find(found, &mut self.tilts[place]);
                match &center.service {
                    Service::InOrder { servers, visits, scv } => {
                        let wait = self.wait(at, class, population, visits, *scv, what, *servers as f64);
                        class.map_or(0.0, |class| demand + visits[class] * wait)
                    }
                    _ => demand * what.stretch,
                }
            }
        }
    }

    /// Mean wait of one visit in first-come order: those in front leave at the rate of the mean
    /// service of those who come, the first of them after what is left of a service under way, which
    /// is that of the longer services (an average over time) and of their variation.
    #[allow(clippy::too_many_arguments)]
    fn wait(
        &self,
        at: usize,
        class: Option<usize>,
        population: &[f64],
        visits: &[f64],
        scv: f64,
        found: Found,
        servers: f64,
    ) -> f64 {
        let (mut rate, mut work, mut square) = (0.0, 0.0, 0.0);
        for s in 0..self.classes {
            let left = population[s] - if class == Some(s) { 1.0 } else { 0.0 };
            if left < 0.5 || visits[s] == 0.0 {
                continue;
            }
            let service = self.network.centers[at].demands[s] / visits[s];
            let came = left * self.throughput[s] / population[s] * visits[s];
            rate += came;
            work += came * service;
            square += came * service * service;
        }
        if work == 0.0 {
            return 0.0;
        }
        let service = work / rate;
        let first = 0.5 * (1.0 + scv) * square / (work * service) - 1.0;
        service * (found.stretch - 1.0 + found.busy * first / (servers * servers)).max(0.0)
    }

    /// The customers that may be found at a station, and how narrow the rest of their network is.
    fn source(&self, at: usize, class: Option<usize>, population: &[f64]) -> (f64, f64) {
        let network = self.network;
        let mut customers = 0.0;
        let mut elsewhere = 0.0;
        let mut work = vec![0.0; network.centers.len()];
        for s in 0..self.classes {
            let left = population[s] - if class == Some(s) { 1.0 } else { 0.0 };
            if left < 0.5 || network.centers[at].demands[s] == 0.0 {
                continue;
            }
            customers += left;
            let weight = left * self.throughput[s] / population[s];
            elsewhere += weight * network.think[s];
            for (k, center) in network.centers.iter().enumerate() {
                if k != at {
                    elsewhere += weight * center.demands[s];
                    if center.service != Service::Delay {
                        work[k] += weight * center.demands[s] / center.last_speed();
                    }
                }
            }
        }
        let widest = work.iter().copied().fold(0.0, f64::max);
        (customers, if elsewhere > 0.0 { widest / elsewhere } else { 1.0 })
    }

    pub fn answer(mut self, population: &[f64], stopped: Stopped) -> Answer {
        let stretch = (0..self.network.centers.len()).map(|at| self.residence(at, None, population, &[])).collect();
        Answer {
            throughput: self.throughput.clone(),
            queues: self.queues.chunks(self.classes.max(1)).map(<[f64]>::to_vec).collect(),
            stretch,
            iterations: self.iterations,
            residual: self.residual,
            stopped,
        }
    }
}
