//! What the reader of a solution should know.

use super::plan::Plan;
use crate::queueing::network::{Kind, Load, Network};

impl Plan {
    /// What to say about approximations and assumptions.
    pub(super) fn notes(&self, network: &Network) -> Vec<String> {
        let mut notes = Vec::new();
        let bursty =
            network.classes.iter().any(|c| matches!(c.load, Load::Open { arrival_scv, .. } if arrival_scv != 1.0));
        for station in network.stations.iter().filter(|s| s.kind != Kind::Delay) {
            let opens = network.open_load(station) > 0.0;
            let name = &station.name;
            let by_formula = self.closed.is_empty() && station.whole_servers().is_some();
            // The note on bursts says as much.
            if station.needs_order() && !(opens && bursty && by_formula) {
                notes.push(if self.closed.is_empty() && station.whole_servers().is_some() {
                    format!("station {name} is first-come, by the formula for M/G/1 or M/G/c; in a network its arrivals are taken as Poisson, an approximation")
                } else if opens || station.whole_servers().is_none() {
                    format!("station {name} is first-come with service that differs or is not exponential; it is solved as if shared, an approximation")
                } else {
                    format!("station {name} is first-come with service that differs between classes or is not exponential: not a product-form network: solved as a Markov chain while it is small, by an approximation otherwise")
                });
            }
            if opens && bursty {
                notes.push(if self.closed.is_empty() && station.whole_servers().is_some() {
                    format!("station {name} is solved by Allen and Cunneen's formula for G/G/c, an approximation")
                } else {
                    format!("arrival_scv has no effect at station {name}, which is solved as if arrivals were Poisson")
                });
            }
        }
        notes
    }
}
