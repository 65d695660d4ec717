//! Flow-equivalent servers: what part of a network does when it is alone and short-circuited
//! (Chandy, Herzog and Woo 1975).

use super::network::{Load, Network};
use super::{QueueingError, single};

/// Throughput of the aggregated stations with 1, 2, ... customers; none when nothing is to be
/// aggregated.
///
/// # Errors
/// More than one closed class, or none; stations that need first-come order, which have no exact
/// equivalent, are noted.
pub(super) fn throughputs(network: &Network, notes: &mut Vec<String>) -> Result<Option<Vec<f64>>, QueueingError> {
    if network.aggregate.is_empty() {
        return Ok(None);
    }
    let closed: Vec<(usize, u64)> = network
        .classes
        .iter()
        .enumerate()
        .filter_map(|(r, c)| match c.load {
            Load::Closed { population, .. } => Some((r, population)),
            Load::Open { .. } => None,
        })
        .collect();
    let [(class, population)] = closed.as_slice() else {
        return Err(QueueingError::Unsupported(
            "aggregate needs exactly one closed class: a flow-equivalent server counts customers of one kind"
                .to_owned(),
        ));
    };
    if network.classes.len() > 1 {
        notes.push("the flow-equivalent server leaves out the open classes".to_owned());
    }
    let mut stations = Vec::new();
    for station in network.aggregate.iter().map(|at| &network.stations[*at]) {
        if station.needs_order() {
            notes.push(format!("the flow-equivalent server takes station {} as shared", station.name));
        }
        let one = single::Station { demand: station.demands[*class], kind: station.kind.clone() };
        stations.extend(std::iter::repeat_n(one, station.replicas as usize));
    }
    if stations.iter().all(|s| s.demand == 0.0) {
        return Err(QueueingError::Unsupported(
            "the aggregated stations have no demand: their flow has no limit".to_owned(),
        ));
    }
    let curve = single::Solver::default().curve(&stations, *population)?;
    Ok(Some((1..=*population).map(|n| curve.throughput(n as f64)).collect()))
}
