//! The solution in the network's own terms.

use super::plan::Plan;
use crate::queueing::closed::Answer;
use crate::queueing::network::{Kind, Load, Network, Rates, Station};
use crate::queueing::result::{BoundPair, ClassBounds, ClassSolution, NetworkSolution, StationClass, StationSolution};
use crate::queueing::{bounds, open};

impl Plan {
    pub(super) fn bounds(&self, network: &Network) -> Vec<ClassBounds> {
        let mut place = 0;
        network
            .classes
            .iter()
            .enumerate()
            .map(|(r, class)| match class.load {
                Load::Closed { .. } => {
                    let (asymptotic, balanced) = bounds::of_class(&self.model, place);
                    place += 1;
                    let (throughput, response_time) = bounds::tightest(&asymptotic, balanced.as_ref());
                    ClassBounds { class: class.name.clone(), throughput, response_time, asymptotic, balanced }
                }
                Load::Open { arrival_rate, .. } => {
                    let least = network.stations.iter().map(|s| least_time(s, r)).sum();
                    let pair = BoundPair {
                        throughput: [Some(arrival_rate), Some(arrival_rate)],
                        response_time: [Some(least), None],
                    };
                    ClassBounds {
                        class: class.name.clone(),
                        throughput: pair.throughput,
                        response_time: pair.response_time,
                        asymptotic: pair,
                        balanced: None,
                    }
                }
            })
            .collect()
    }

    pub(super) fn only_bounds(&self, network: &Network, bounds: Vec<ClassBounds>) -> NetworkSolution {
        NetworkSolution {
            method: "bounds",
            iterations: 0,
            converged: true,
            residual: 0.0,
            classes: network
                .classes
                .iter()
                .map(|c| ClassSolution {
                    name: c.name.clone(),
                    throughput: None,
                    response_time: None,
                    number_in_system: None,
                })
                .collect(),
            stations: network
                .stations
                .iter()
                .map(|s| StationSolution {
                    name: s.name.clone(),
                    utilization: None,
                    queue_length: None,
                    wait_probability: None,
                    blocking_probability: None,
                    classes: Vec::new(),
                })
                .collect(),
            bounds,
            flow_equivalent: None,
            notes: Vec::new(),
        }
    }

    pub(super) fn report(&self, network: &Network, answer: &Answer) -> (Vec<ClassSolution>, Vec<StationSolution>) {
        let place = |r: usize| self.closed.iter().position(|c| *c == r);
        let throughput: Vec<f64> = network
            .classes
            .iter()
            .enumerate()
            .map(|(r, c)| place(r).map_or_else(|| c.arrival_rate(), |p| answer.throughput[p]))
            .collect();
        let mut response = vec![0.0; network.classes.len()];
        let mut number = vec![0.0; network.classes.len()];
        let mut stations = Vec::new();
        for (station, at) in network.stations.iter().zip(&self.center) {
            let wait = if self.closed.is_empty() { ordered_wait(network, station) } else { None };
            let mut classes = Vec::new();
            for (r, class) in network.classes.iter().enumerate() {
                let x = throughput[r];
                let residence = match place(r) {
                    Some(p) if x > 0.0 => answer.queues[*at][p] / x,
                    Some(_) => 0.0,
                    None => match wait {
                        Some(wait) => station.demands[r] + station.visits[r] * wait,
                        None => station.demands[r] * answer.stretch[*at],
                    },
                };
                let queue = x * residence;
                response[r] += residence * station.replicas as f64;
                number[r] += queue * station.replicas as f64;
                classes.push(StationClass {
                    name: class.name.clone(),
                    throughput: Some(x * station.visits[r]),
                    utilization: Some(x * station.demands[r] / station.servers()),
                    residence_time: Some(residence),
                    queue_length: Some(queue),
                });
            }
            let sum = |f: fn(&StationClass) -> Option<f64>| classes.iter().filter_map(f).sum::<f64>();
            stations.push(StationSolution {
                name: station.name.clone(),
                utilization: Some(sum(|c| c.utilization)),
                queue_length: Some(sum(|c| c.queue_length)),
                wait_probability: self.wait_probability(network, station, *at),
                blocking_probability: None,
                classes,
            });
        }
        let classes = network
            .classes
            .iter()
            .enumerate()
            .map(|(r, c)| ClassSolution {
                name: c.name.clone(),
                throughput: Some(throughput[r]),
                response_time: Some(response[r]),
                number_in_system: Some(number[r]),
            })
            .collect();
        (classes, stations)
    }

    /// Known for open stations with whole servers.
    pub(super) fn wait_probability(&self, network: &Network, station: &Station, at: usize) -> Option<f64> {
        if !self.closed.is_empty() {
            return None;
        }
        station.whole_servers()?;
        Some(open::station(&self.full_speeds[at], network.open_load(station)).busy)
    }
}

/// The least time per pass that a class needs at all replicas of a station.
fn least_time(station: &Station, class: usize) -> f64 {
    let share = match &station.kind {
        Kind::Queue(Rates::Table(table)) => table.iter().zip(1u32..).map(|(s, j)| s / f64::from(j)).fold(0.0, f64::max),
        Kind::Queue(Rates::Servers(m)) => m.min(1.0),
        _ => 1.0,
    };
    station.replicas as f64 * station.demands[class] / share
}

/// Mean wait of one visit at an open station where order or bursts matter; none where customers
/// share the servers and arrivals are Poisson.
fn ordered_wait(network: &Network, station: &Station) -> Option<f64> {
    let servers = station.whole_servers()?;
    let services = station.service_times();
    let (mut rate, mut work, mut square, mut burst) = (0.0, 0.0, 0.0, 0.0);
    for (r, class) in network.classes.iter().enumerate() {
        let Load::Open { arrival_rate, arrival_scv } = class.load else { continue };
        let came = arrival_rate * station.visits[r];
        rate += came;
        work += came * services[r];
        square += came * services[r] * services[r] * (1.0 + station.scv);
        burst += came * arrival_scv;
    }
    if work == 0.0 || !(station.needs_order() || burst != rate) {
        return None;
    }
    let service = work / rate;
    Some(open::wait(servers, rate, service, burst / rate, square / rate / (service * service) - 1.0))
}
