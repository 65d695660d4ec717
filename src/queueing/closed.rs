//! A closed network of several classes, reduced to what its solvers need.

/// Customers of several classes that stay in the network.
#[derive(Debug, Clone, PartialEq)]
pub struct Closed {
    /// Customers of each class.
    pub populations: Vec<u64>,
    /// Time outside of all stations, per class, seconds.
    pub think: Vec<f64>,
    /// The stations.
    pub centers: Vec<Center>,
}

/// A station of a closed network.
#[derive(Debug, Clone, PartialEq)]
pub struct Center {
    /// Service per pass at speed 1, per class, seconds.
    pub demands: Vec<f64>,
    /// How customers are served.
    pub service: Service,
}

/// How customers are served.
#[derive(Debug, Clone, PartialEq)]
pub enum Service {
    /// Nobody waits.
    Delay,
    /// Customers share the speed listed for 1, 2, ... of them, the last one holding on.
    Shared(Vec<f64>),
    /// First come, first served, by `servers` servers; `visits` per pass and class, and the squared
    /// coefficient of variation of one service.
    InOrder {
        /// Number of servers.
        servers: u64,
        /// Visits per pass, per class.
        visits: Vec<f64>,
        /// Squared coefficient of variation of one visit's service.
        scv: f64,
    },
}

/// Why an iteration ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopped {
    /// Nothing to iterate: a closed form or a finite sum.
    Direct,
    /// The change of every queue length fell below the tolerance.
    Converged,
    /// The limit of iterations was reached first.
    Limit,
}

/// The steady state of a closed network.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// Passes per second, per class.
    pub throughput: Vec<f64>,
    /// Mean number at each station, per class: `queues[station][class]`.
    pub queues: Vec<Vec<f64>>,
    /// What a customer from outside, who changes nothing, would find at each station: its residence
    /// time divided by its demand.
    pub stretch: Vec<f64>,
    /// Iterations spent.
    pub iterations: usize,
    /// Relative change, or population imbalance, at the end.
    pub residual: f64,
    /// Why it ended.
    pub stopped: Stopped,
}

impl Closed {
    /// Number of classes.
    #[must_use]
    pub fn classes(&self) -> usize {
        self.populations.len()
    }

    /// Customers of all classes.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.populations.iter().fold(0, |a, b| a.saturating_add(*b))
    }

    /// Think time and all delay stations together, per class.
    #[must_use]
    pub fn delays(&self) -> Vec<f64> {
        let mut z = self.think.clone();
        for center in &self.centers {
            if center.service == Service::Delay {
                z.iter_mut().zip(&center.demands).for_each(|(z, d)| *z += d);
            }
        }
        z
    }
}

impl Center {
    /// Speed with any number of customers above which nothing changes; 1 for delays.
    #[must_use]
    pub fn last_speed(&self) -> f64 {
        match &self.service {
            Service::Delay => 1.0,
            Service::Shared(speeds) => speeds.last().copied().unwrap_or(1.0),
            Service::InOrder { servers, .. } => *servers as f64,
        }
    }

    /// Speeds for 1, 2, ... customers, the last one holding on; none for delays. More than `limit`
    /// are cut.
    #[must_use]
    pub fn speeds(&self, limit: u64) -> Vec<f64> {
        let limit = usize::try_from(limit.max(1)).unwrap_or(usize::MAX);
        match &self.service {
            Service::Delay => Vec::new(),
            Service::Shared(speeds) => speeds.iter().take(limit).copied().collect(),
            Service::InOrder { servers, .. } => (1..=*servers).take(limit).map(|j| j as f64).collect(),
        }
    }
}
