//! From a network to its steady state: which solver, and what to say about it.

mod notes;
mod plan;
mod report;

use super::closed::Stopped;
use super::network::{Method, Network};
use super::result::NetworkSolution;
use super::{QueueingError, flow, lossy};
use plan::Plan;

/// Solves a network.
///
/// # Errors
/// Invalid numbers; unstable open load; an exact solution that is too large; features that do not
/// go together; no convergence.
pub fn solve(network: &Network) -> Result<NetworkSolution, QueueingError> {
    network.check()?;
    if network.stations.iter().any(|s| s.capacity.is_some()) {
        return lossy::solve(network);
    }
    let plan = Plan::new(network)?;
    let mut notes = plan.notes(network);
    let flow_equivalent = flow::throughputs(network, &mut notes)?;
    let bounds = plan.bounds(network);
    if network.method == Method::Bounds {
        return Ok(NetworkSolution { flow_equivalent, notes, ..plan.only_bounds(network, bounds) });
    }
    let (answer, method) = plan.answer(network)?;
    if answer.stopped == Stopped::Limit {
        notes.push(format!(
            "the iteration did not converge: relative change {:.1e} after {} iterations",
            answer.residual, answer.iterations
        ));
    }
    let (classes, stations) = plan.report(network, &answer);
    for station in stations.iter().zip(&network.stations).filter(|(s, n)| {
        // Work per second against what the station can do.
        let work = s.utilization.unwrap_or(0.0) * n.servers();
        n.top_speed().is_some_and(|top| work > top * (1.0 + 1e-9))
    }) {
        notes.push(format!(
            "{method} puts the utilization of station {} above what it can do: its error, not a possible state",
            station.0.name
        ));
    }
    Ok(NetworkSolution {
        method,
        iterations: answer.iterations,
        converged: answer.stopped != Stopped::Limit,
        residual: answer.residual,
        classes,
        stations,
        bounds,
        flow_equivalent,
        notes,
    })
}

#[cfg(test)]
mod tests;
