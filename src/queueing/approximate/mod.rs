//! Several closed classes, approximately: mean value analysis without the recursion.
//!
//! An arriving customer of class r sees the network as it is with one customer of its class less.
//! Bard-Schweitzer (Schweitzer 1979) takes each class's share of a station to stay the same then;
//! Linearizer (Chandy and Neuse 1982) corrects that share by a difference found from the networks
//! with one customer less.
//!
//! At a station with several servers, or whose speed depends on the number present, the mean number
//! seen does not determine the residence time. Its distribution is taken to be that of a birth-death
//! chain with that mean, whose arrivals come from as many customers as may be there ([`marginal`]). That stops
//! holding where the speed grows faster than the number present (or falls): such a station is mostly full or
//! mostly empty, and its mean describes neither; throughput a third too low was seen at two customers.

mod core;
mod marginal;

use self::core::Core;
use super::closed::{Answer, Closed, Stopped};

/// Relative change of queue lengths below which an iteration ends.
pub const TOLERANCE: f64 = 1e-11;
/// The same for a rough answer.
const ROUGH: f64 = 1e-3;
/// Iterations after which it ends anyway.
pub const MOST_ITERATIONS: usize = 20_000;
/// Sweeps of Linearizer; its authors found that more change little.
const SWEEPS: usize = 3;

/// Bard-Schweitzer.
#[must_use]
pub fn bard_schweitzer(network: &Closed) -> Answer {
    let mut core = Core::new(network);
    let full: Vec<f64> = network.populations.iter().map(|n| *n as f64).collect();
    let stopped = core.settle(&full);
    core.answer(&full, stopped)
}

/// Throughputs, roughly and quickly: good enough to scale the terms of the exact solution.
#[must_use]
pub fn rough(network: &Closed) -> Vec<f64> {
    let mut core = Core::new(network).roughly();
    let full: Vec<f64> = network.populations.iter().map(|n| *n as f64).collect();
    core.settle(&full);
    core.throughput().to_vec()
}

/// Linearizer.
#[must_use]
pub fn linearizer(network: &Closed) -> Answer {
    let mut core = Core::new(network);
    let full: Vec<f64> = network.populations.iter().map(|n| *n as f64).collect();
    let mut stopped = core.settle(&full);
    // With one customer less: the same network, started from the full solution.
    let mut less: Vec<Core<'_>> = vec![core.clone(); full.len()];
    for _ in 0..SWEEPS {
        for (r, reduced) in less.iter_mut().enumerate() {
            if full[r] >= 1.0 {
                let mut population = full.clone();
                population[r] -= 1.0;
                reduced.take_differences(&core);
                if reduced.settle(&population) == Stopped::Limit {
                    stopped = Stopped::Limit;
                }
            }
        }
        core.learn(&full, &less);
        let ended = core.settle(&full);
        if stopped != Stopped::Limit || ended == Stopped::Converged {
            stopped = ended;
        }
    }
    let mut answer = core.answer(&full, stopped);
    answer.iterations += less.iter().map(Core::iterations).sum::<usize>();
    answer
}
