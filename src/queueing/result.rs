//! The steady state of a network, in the form that `predict solve` prints.

use serde::Serialize;

/// The steady state of a network. Times are in seconds (the unit of the demands), rates per second.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NetworkSolution {
    /// The method used: `exact`, `linearizer`, `bard-schweitzer`,
    /// `markov-chain`, `open`, `bounds`.
    pub method: &'static str,
    /// Iterations spent; 0 for closed forms and sums.
    pub iterations: usize,
    /// Whether the iteration ended because nothing changed any more.
    pub converged: bool,
    /// Relative change, or imbalance of customers, at the end.
    pub residual: f64,
    /// By class.
    pub classes: Vec<ClassSolution>,
    /// By station.
    pub stations: Vec<StationSolution>,
    /// Bounds, by class.
    pub bounds: Vec<ClassBounds>,
    /// Throughput of the aggregated stations, short-circuited, with 1, 2, ... customers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flow_equivalent: Option<Vec<f64>>,
    /// What the reader should know: approximations and assumptions.
    pub notes: Vec<String>,
}

/// One class.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClassSolution {
    /// Its name.
    pub name: String,
    /// Passes (or departures) per second; null when only bounds were asked for.
    pub throughput: Option<f64>,
    /// Time per pass, think time excluded.
    pub response_time: Option<f64>,
    /// Customers at the stations, think time excluded.
    pub number_in_system: Option<f64>,
}

/// One station.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StationSolution {
    /// Its name.
    pub name: String,
    /// Per server, 0..1; throughput times demand for delays and stations given by `rates`.
    pub utilization: Option<f64>,
    /// Customers there, in service included.
    pub queue_length: Option<f64>,
    /// Probability that an arrival finds every server busy; null where no formula is known.
    pub wait_probability: Option<f64>,
    /// Probability that an arrival is lost, where there is a capacity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blocking_probability: Option<f64>,
    /// By class.
    pub classes: Vec<StationClass>,
}

/// One class at one station.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StationClass {
    /// The class.
    pub name: String,
    /// Visits per second.
    pub throughput: Option<f64>,
    /// As that of the station.
    pub utilization: Option<f64>,
    /// Time there per pass, all visits together.
    pub residence_time: Option<f64>,
    /// Customers of the class there.
    pub queue_length: Option<f64>,
}

/// A lower and an upper bound; null where there is none.
pub type Bound = [Option<f64>; 2];

/// Bounds on one class.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClassBounds {
    /// The class.
    pub class: String,
    /// The tightest known.
    pub throughput: Bound,
    /// The tightest known.
    pub response_time: Bound,
    /// Asymptotic bounds.
    pub asymptotic: BoundPair,
    /// Balanced-job bounds, where they are proven: one closed class, single servers and delays.
    pub balanced: Option<BoundPair>,
}

/// Bounds of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct BoundPair {
    /// Passes per second.
    pub throughput: Bound,
    /// Time per pass, think time excluded.
    pub response_time: Bound,
}
