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
    /// A number of a class that is negative or not finite.
    #[error("the {what} of class {class} is {value}: it must be finite and not negative")]
    InvalidClass {
        /// The class's name.
        class: String,
        /// Which number.
        what: String,
        /// The number.
        value: f64,
    },
    /// A demand or number of visits of a class at a station that is negative or not finite.
    #[error("the {what} of class {class} at station {station} is {value}: it must be finite and not negative")]
    InvalidDemandOfClass {
        /// The station's name.
        station: String,
        /// The class's name.
        class: String,
        /// Which number.
        what: String,
        /// The number.
        value: f64,
    },
    /// Open classes that bring more work than a station can do.
    #[error("station {station} is unstable: its open load is {:.4} of what it can serve; {remedy}", utilization)]
    Unstable {
        /// The station's name.
        station: String,
        /// Its load over its top speed; 1 or more.
        utilization: f64,
        /// At what rate it would be stable.
        remedy: String,
    },
    /// An exact solution that would take too much time or memory.
    #[error("an exact solution takes about {work:.1e} operations, too many: use method linearizer, or auto")]
    TooLarge {
        /// Operations, about.
        work: f64,
    },
    /// A combination of features that has no solution here.
    #[error("{0}")]
    Unsupported(String),
}
