//! A single open station with room for so many: M/M/c/K.

use super::QueueingError;
use super::network::{Load, Network};
use super::open;
use super::result::{BoundPair, ClassBounds, ClassSolution, NetworkSolution, StationClass, StationSolution};

/// Solves a network whose only station has a capacity.
///
/// # Errors
/// Closed classes, further stations, or rates that are not those of whole servers.
pub(super) fn solve(network: &Network) -> Result<NetworkSolution, QueueingError> {
    let unsupported = |what: &str| {
        QueueingError::Unsupported(format!("a station with a capacity is solved on its own, with open classes: {what}"))
    };
    let [station] = network.stations.as_slice() else {
        return Err(unsupported("there are other stations"));
    };
    let (Some(capacity), Some(servers)) = (station.capacity, station.whole_servers()) else {
        return Err(unsupported("its servers must be a whole number"));
    };
    if station.replicas != 1 {
        return Err(unsupported("it has replicas"));
    }
    let (mut rate, mut work) = (0.0, 0.0);
    for (class, demand) in network.classes.iter().zip(&station.demands) {
        let Load::Open { arrival_rate, .. } = class.load else {
            return Err(unsupported(&format!("class {} is closed", class.name)));
        };
        rate += arrival_rate;
        work += arrival_rate * demand;
    }
    let service = if rate > 0.0 { work / rate } else { 0.0 };
    let found = open::lossy(servers, capacity, rate, service);
    let mut notes = Vec::new();
    if station.scv != 1.0 || !station.is_alike() {
        notes.push(format!("station {}: service is taken as exponential with the mean of all classes", station.name));
    }
    let wait = found.response - service;
    let (mut classes, mut at_station, mut bounds) = (Vec::new(), Vec::new(), Vec::new());
    for (class, demand) in network.classes.iter().zip(&station.demands) {
        let x = class.arrival_rate() * (1.0 - found.blocked);
        let residence = demand + wait;
        classes.push(ClassSolution {
            name: class.name.clone(),
            throughput: Some(x),
            response_time: Some(residence),
            number_in_system: Some(x * residence),
        });
        at_station.push(StationClass {
            name: class.name.clone(),
            throughput: Some(x),
            utilization: Some(x * demand / servers as f64),
            residence_time: Some(residence),
            queue_length: Some(x * residence),
        });
        let pair =
            BoundPair { throughput: [Some(0.0), Some(class.arrival_rate())], response_time: [Some(*demand), None] };
        bounds.push(ClassBounds {
            class: class.name.clone(),
            throughput: pair.throughput,
            response_time: pair.response_time,
            asymptotic: pair,
            balanced: None,
        });
    }
    Ok(NetworkSolution {
        method: "exact",
        iterations: 0,
        converged: true,
        residual: 0.0,
        classes,
        stations: vec![StationSolution {
            name: station.name.clone(),
            utilization: Some(found.utilization),
            queue_length: Some(found.mean),
            wait_probability: Some(found.wait_probability),
            blocking_probability: Some(found.blocked),
            classes: at_station,
        }],
        bounds,
        flow_equivalent: None,
        notes,
    })
}
