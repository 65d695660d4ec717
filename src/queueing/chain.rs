//! A first-come station with service that differs between classes, as a Markov chain.
//!
//! No product form holds there, but one such station with nothing besides delays has few enough
//! states to be solved as it is, while populations are small: who is in service, and who waits in
//! which order. Service and delays are taken as exponential.

use std::collections::HashMap;

use super::closed::{Answer, Closed, Service, Stopped};

/// States up to which the chain is solved.
const MOST_STATES: usize = 20_000;
/// Relative change of probabilities below which the iteration ends.
const TOLERANCE: f64 = 1e-13;
/// Sweeps after which it ends anyway.
const MOST_SWEEPS: usize = 20_000;

/// The chain of one station.
struct Chain<'a> {
    populations: &'a [u64],
    servers: usize,
    /// Delay between visits, and service of one visit, per class.
    delay: Vec<f64>,
    service: Vec<f64>,
}

/// Classes in service, sorted, then those waiting in order; the first `servers` are in service.
type State = Vec<u8>;

/// Solves the network, if it is one first-come station and delays, small enough, with exponential
/// service.
#[must_use]
pub fn solve(network: &Closed) -> Option<Answer> {
    let mut queues = network.centers.iter().enumerate().filter(|(_, c)| c.service != Service::Delay);
    let (at, center) = queues.next()?;
    let Service::InOrder { servers, visits, scv } = &center.service else { return None };
    if queues.next().is_some() || *scv != 1.0 || network.classes() > 200 {
        return None;
    }
    let delays = network.delays();
    let per_visit = |total: f64, r: usize| if visits[r] > 0.0 { total / visits[r] } else { 0.0 };
    let chain = Chain {
        populations: &network.populations,
        servers: usize::try_from(*servers).ok()?,
        delay: (0..network.classes()).map(|r| per_visit(delays[r], r)).collect(),
        service: (0..network.classes()).map(|r| per_visit(center.demands[r], r)).collect(),
    };
    // A class that is not served here has nothing to wait for.
    let comes = |r: usize| chain.service[r] > 0.0;
    let (states, into, out) = chain.explore(&comes)?;
    let (probability, sweeps, residual) = settle(&into, &out);
    let mut throughput = vec![0.0; network.classes()];
    let mut present = vec![0.0; network.classes()];
    for (state, p) in states.iter().zip(&probability) {
        for (place, class) in state.iter().enumerate() {
            let class = usize::from(*class);
            present[class] += p;
            if place < chain.servers {
                throughput[class] += p / chain.service[class] / visits[class];
            }
        }
    }
    for r in (0..network.classes()).filter(|r| !comes(*r) && network.populations[*r] > 0) {
        throughput[r] = network.populations[r] as f64 / delays[r];
    }
    let queues =
        network
            .centers
            .iter()
            .enumerate()
            .map(|(k, c)| {
                if k == at { present.clone() } else { c.demands.iter().zip(&throughput).map(|(d, x)| d * x).collect() }
            })
            .collect();
    let stopped = if residual < TOLERANCE { Stopped::Converged } else { Stopped::Limit };
    let stretch = vec![1.0; network.centers.len()];
    Some(Answer { throughput, queues, stretch, iterations: sweeps, residual, stopped })
}

impl Chain<'_> {
    /// All states, the transitions into each, and the rate out of each; none when there are too many.
    #[allow(clippy::type_complexity)]
    fn explore(&self, comes: &dyn Fn(usize) -> bool) -> Option<(Vec<State>, Vec<Vec<(usize, f64)>>, Vec<f64>)> {
        // Classes without delay are always here; the others start outside.
        let mut first = Vec::new();
        for r in (0..self.populations.len()).filter(|r| comes(*r) && self.delay[*r] == 0.0) {
            first.extend(std::iter::repeat_n(r as u8, usize::try_from(self.populations[r]).ok()?));
            if first.len() > MOST_STATES {
                return None;
            }
        }
        let mut places = HashMap::from([(first.clone(), 0)]);
        let mut states = vec![first];
        let mut into: Vec<Vec<(usize, f64)>> = vec![Vec::new()];
        let mut out = Vec::new();
        let mut at = 0;
        while at < states.len() {
            if states.len() > MOST_STATES {
                return None;
            }
            let mut total = 0.0;
            for (next, rate) in self.transitions(&states[at], comes) {
                let to = *places.entry(next).or_insert_with_key(|key| {
                    states.push(key.clone());
                    into.push(Vec::new());
                    states.len() - 1
                });
                if to != at {
                    into[to].push((at, rate));
                    total += rate;
                }
            }
            out.push(total);
            at += 1;
        }
        Some((states, into, out))
    }

    fn transitions(&self, state: &State, comes: &dyn Fn(usize) -> bool) -> Vec<(State, f64)> {
        let mut next = Vec::new();
        for r in (0..self.populations.len()).filter(|r| comes(*r) && self.delay[*r] > 0.0) {
            let here = state.iter().filter(|c| usize::from(**c) == r).count() as f64;
            let outside = self.populations[r] as f64 - here;
            if outside > 0.0 {
                next.push((self.join(state.clone(), r), outside / self.delay[r]));
            }
        }
        let serving = state.len().min(self.servers);
        let mut seen = None;
        for place in 0..serving {
            let class = state[place];
            if seen == Some(class) {
                continue;
            }
            seen = Some(class);
            let same = state[..serving].iter().filter(|c| **c == class).count() as f64;
            let mut after = state.clone();
            after.remove(place);
            let r = usize::from(class);
            let after = if self.delay[r] == 0.0 { self.join(after, r) } else { self.ordered(after) };
            next.push((after, same / self.service[r]));
        }
        next
    }

    fn join(&self, mut state: State, class: usize) -> State {
        state.push(class as u8);
        self.ordered(state)
    }

    /// The order of those in service does not matter.
    fn ordered(&self, mut state: State) -> State {
        let serving = state.len().min(self.servers);
        state[..serving].sort_unstable();
        state
    }
}

/// The stationary distribution by Gauss-Seidel; also sweeps and the last change.
fn settle(into: &[Vec<(usize, f64)>], out: &[f64]) -> (Vec<f64>, usize, f64) {
    let n = out.len();
    let mut p = vec![1.0 / n as f64; n];
    let mut change = f64::INFINITY;
    for sweep in 1..=MOST_SWEEPS {
        change = 0.0;
        for j in 0..n {
            if out[j] > 0.0 {
                let flow: f64 = into[j].iter().map(|(i, rate)| p[*i] * rate).sum();
                let new = flow / out[j];
                change = f64::max(change, (new - p[j]).abs());
                p[j] = new;
            }
        }
        let total: f64 = p.iter().sum();
        p.iter_mut().for_each(|v| *v /= total);
        if change < TOLERANCE {
            return (p, sweep, change);
        }
    }
    (p, MOST_SWEEPS, change)
}
