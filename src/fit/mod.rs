//! Fits: least squares that know nothing of databases or queues.
//!
//! * [`usl`]: the Universal Scalability Law, its peak, limits and inverses;
//! * [`usl_fit`]: its coefficients from measurements, with intervals;
//! * [`nnls`]: non-negative least squares on relative errors;
//! * [`map`]: parameters of any model from measurements and prior knowledge;
//! * [`prices`]: a price list from measured sums, starting from a list of another machine.

pub mod map;
pub mod nnls;
pub mod prices;
pub mod usl;
pub mod usl_fit;

/// Why data could not be fitted.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum FitError {
    /// Too few points.
    #[error("{have} distinct points, but at least {need} are needed")]
    TooFew {
        /// Distinct points there are.
        have: usize,
        /// Distinct points needed.
        need: usize,
    },
    /// A number out of range.
    #[error("point {point}: {what} is {value}: it must be finite and above 0")]
    OutOfRange {
        /// The point, from 1.
        point: usize,
        /// Which number.
        what: &'static str,
        /// The number.
        value: f64,
    },
    /// A fit that divides by the first point needs it at one client.
    #[error("the first point has {clients} clients, but this form divides by the throughput of one client")]
    NotNormalized {
        /// Clients of the first point.
        clients: f64,
    },
    /// No coefficients give a curve of this kind.
    #[error("no curve of this kind fits the data: {reason}")]
    NoFit {
        /// Why not.
        reason: String,
    },
    /// Rows and measurements that do not belong together.
    #[error("{rows} rows for {measured} measurements, or rows of different lengths")]
    Shape {
        /// Rows of counts.
        rows: usize,
        /// Measurements.
        measured: usize,
    },
}
