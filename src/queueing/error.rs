//! What can be wrong with a network, naming the station and the class.

/// Why a network could not be solved.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum QueueingError {
    /// A demand that is negative or not finite.
    #[error("the demand at station {station} is {value}: it must be finite and not negative")]
    InvalidDemand {
        /// The station's name, or its place in the list when it has none.
        station: String,
        /// The demand.
        value: f64,
    },
    /// A speed or a number of servers that is not positive and finite, or an empty list of speeds.
    #[error("the rates of station {station} are invalid: {reason}")]
    InvalidRates {
        /// The station's name, or its place in the list when it has none.
        station: String,
        /// What is wrong with them.
        reason: String,
    },
    /// Customers that need nothing anywhere: their throughput would have no limit.
    #[error("class {class} has no demand and no think time anywhere: its throughput would be without limit")]
    NoDemand {
        /// The class's name.
        class: String,
    },
    /// A population that is negative or not finite.
    #[error("the population is {value}: it must be finite and not negative")]
    InvalidPopulation {
        /// The population.
        value: f64,
    },
    /// No method reached the promised accuracy.
    #[error("the solution did not converge: relative residual {residual:.2e} after {iterations} iterations")]
    NotConverged {
        /// How far it was from a solution, relative to the population.
        residual: f64,
        /// How many iterations, or terms, were spent.
        iterations: usize,
    },
}
