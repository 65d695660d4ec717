//! A network of stations and classes, as inert data.

use super::QueueingError;
pub use super::single::{Kind, Rates};

/// A network.
#[derive(Debug, Clone, PartialEq)]
pub struct Network {
    /// The classes.
    pub classes: Vec<Class>,
    /// The stations.
    pub stations: Vec<Station>,
    /// How to solve it.
    pub method: Method,
    /// Stations, by place, whose flow-equivalent server is asked for.
    pub aggregate: Vec<usize>,
}

/// Customers of one kind.
#[derive(Debug, Clone, PartialEq)]
pub struct Class {
    /// Its name.
    pub name: String,
    /// Closed or open.
    pub load: Load,
}

/// Where customers come from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Load {
    /// They stay.
    Closed {
        /// How many.
        population: u64,
        /// Time outside of all stations per pass, seconds.
        think_time: f64,
    },
    /// They come and go.
    Open {
        /// Arrivals per second.
        arrival_rate: f64,
        /// Squared coefficient of variation of the time between arrivals; 1 for Poisson arrivals.
        arrival_scv: f64,
    },
}

/// A station.
#[derive(Debug, Clone, PartialEq)]
pub struct Station {
    /// Its name.
    pub name: String,
    /// How customers are served.
    pub kind: Kind,
    /// Service per pass at speed 1, per class, seconds.
    pub demands: Vec<f64>,
    /// Visits per pass, per class.
    pub visits: Vec<f64>,
    /// Squared coefficient of variation of one visit's service.
    pub scv: f64,
    /// In which order.
    pub discipline: Discipline,
    /// Identical stations, each with these demands.
    pub replicas: u64,
    /// Customers that fit, in service included; those beyond are lost.
    pub capacity: Option<u64>,
}

/// In which order customers are served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Discipline {
    /// All at once, sharing the servers.
    ProcessorSharing,
    /// First come, first served.
    FirstCome,
}

/// How to solve a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Method {
    /// Exactly while that is affordable, else by Linearizer.
    #[default]
    Auto,
    /// Exactly.
    Exact,
    /// Linearizer.
    Linearizer,
    /// Bard-Schweitzer.
    BardSchweitzer,
    /// Bounds only.
    Bounds,
}

impl Network {
    /// Seconds of work that the open classes bring to a station per second.
    #[must_use]
    pub fn open_load(&self, station: &Station) -> f64 {
        self.classes.iter().zip(&station.demands).map(|(c, d)| c.arrival_rate() * d).sum()
    }

    /// Checks every number; names the station and class of the first that is wrong.
    ///
    /// # Errors
    /// Negative or non-finite demands, rates, populations, times; no demand at all; an open load that
    /// a station cannot serve.
    pub fn check(&self) -> Result<(), QueueingError> {
        for (r, class) in self.classes.iter().enumerate() {
            let name = || class.name.clone();
            let of =
                |what: &str, value: f64| QueueingError::InvalidClass { class: name(), what: what.to_owned(), value };
            match class.load {
                Load::Closed { think_time, .. } if !(think_time.is_finite() && think_time >= 0.0) => {
                    return Err(of("think time", think_time));
                }
                Load::Open { arrival_rate, .. } if !(arrival_rate.is_finite() && arrival_rate >= 0.0) => {
                    return Err(of("arrival rate", arrival_rate));
                }
                Load::Open { arrival_scv, .. } if !(arrival_scv.is_finite() && arrival_scv >= 0.0) => {
                    return Err(of("arrival_scv", arrival_scv));
                }
                Load::Closed { population, think_time } => {
                    if population > 0 && think_time == 0.0 && self.stations.iter().all(|s| s.demands[r] == 0.0) {
                        return Err(QueueingError::NoDemand { class: name() });
                    }
                }
                Load::Open { .. } => {}
            }
        }
        for station in &self.stations {
            self.check_station(station)?;
        }
        Ok(())
    }

    fn check_station(&self, station: &Station) -> Result<(), QueueingError> {
        let invalid = |reason: String| QueueingError::InvalidRates { station: station.name.clone(), reason };
        for (class, (demand, visits)) in self.classes.iter().zip(station.demands.iter().zip(&station.visits)) {
            for (what, value) in [("demand", *demand), ("visits", *visits)] {
                if !(value.is_finite() && value >= 0.0) {
                    return Err(QueueingError::InvalidDemandOfClass {
                        station: station.name.clone(),
                        class: class.name.clone(),
                        what: what.to_owned(),
                        value,
                    });
                }
            }
        }
        match &station.kind {
            Kind::Queue(Rates::Servers(m)) if !(m.is_finite() && *m > 0.0) => {
                return Err(invalid(format!("{m} servers")));
            }
            Kind::Queue(Rates::Table(table)) => {
                if table.is_empty() {
                    return Err(invalid("the list is empty".to_owned()));
                }
                if let Some(bad) = table.iter().find(|r| !(r.is_finite() && **r > 0.0)) {
                    return Err(invalid(format!("a speed of {bad}, but speeds must be positive and finite")));
                }
            }
            _ => {}
        }
        if !(station.scv.is_finite() && station.scv >= 0.0) {
            return Err(invalid(format!("an scv of {}", station.scv)));
        }
        if station.replicas == 0 {
            return Err(invalid("0 replicas".to_owned()));
        }
        if station.capacity.is_none() {
            self.check_stable(station)?;
        }
        Ok(())
    }

    fn check_stable(&self, station: &Station) -> Result<(), QueueingError> {
        let Some(top) = station.top_speed() else { return Ok(()) };
        let load = self.open_load(station);
        if load < top {
            return Ok(());
        }
        let bringing: Vec<&Class> = self
            .classes
            .iter()
            .zip(&station.demands)
            .filter(|(c, d)| c.arrival_rate() * **d > 0.0)
            .map(|(c, _)| c)
            .collect();
        let remedy = match bringing.as_slice() {
            [one] => {
                format!("class {} must arrive at less than {:.6} per second", one.name, one.arrival_rate() * top / load)
            }
            _ => format!("its open classes must arrive at less than {:.6} times their rates", top / load),
        };
        Err(QueueingError::Unstable { station: station.name.clone(), utilization: load / top, remedy })
    }
}

impl Class {
    /// Arrivals per second; 0 for closed classes.
    #[must_use]
    pub fn arrival_rate(&self) -> f64 {
        match self.load {
            Load::Open { arrival_rate, .. } => arrival_rate,
            Load::Closed { .. } => 0.0,
        }
    }
}

impl Station {
    /// The speed with any number of customers above which nothing changes; none for delays.
    #[must_use]
    pub fn top_speed(&self) -> Option<f64> {
        match &self.kind {
            Kind::Delay => None,
            Kind::Queue(Rates::Constant) => Some(1.0),
            Kind::Queue(Rates::Servers(m)) => Some(*m),
            Kind::Queue(Rates::Table(table)) => table.last().copied(),
            Kind::Queue(Rates::Gathering(_)) => Some(f64::INFINITY),
        }
    }

    /// Speeds for 1, 2, ... customers, the last one holding on, as far as `limit`; none for delays.
    #[must_use]
    pub fn speeds(&self, limit: u64) -> Vec<f64> {
        let limit = usize::try_from(limit.max(1)).unwrap_or(usize::MAX);
        match &self.kind {
            Kind::Delay => Vec::new(),
            Kind::Queue(Rates::Constant) => vec![1.0],
            // Saturating: more servers than customers are cut anyway.
            Kind::Queue(Rates::Servers(m)) => {
                (1..=(m.ceil() as usize).min(limit)).map(|j| (j as f64).min(*m)).collect()
            }
            Kind::Queue(Rates::Table(table)) => table.iter().take(limit).copied().collect(),
            Kind::Queue(Rates::Gathering(share)) => {
                (1..=limit).map(|j| if j < 2 { 1.0 } else { share * j as f64 }).collect()
            }
        }
    }

    /// Service time of one visit, per class; 0 where the class does not come.
    #[must_use]
    pub fn service_times(&self) -> Vec<f64> {
        self.demands.iter().zip(&self.visits).map(|(d, v)| if *v > 0.0 { d / v } else { 0.0 }).collect()
    }

    /// Whether every class that comes has the same service time.
    #[must_use]
    pub fn is_alike(&self) -> bool {
        let mut times = self.service_times().into_iter().filter(|s| *s > 0.0);
        let Some(first) = times.next() else { return true };
        times.all(|s| (s / first - 1.0).abs() < 1e-12)
    }

    /// Whether first-come order leaves the product form: service that is not exponential, or not
    /// the same for all classes.
    #[must_use]
    pub fn needs_order(&self) -> bool {
        self.discipline == Discipline::FirstCome && self.kind != Kind::Delay && (self.scv != 1.0 || !self.is_alike())
    }

    /// Number of servers, when it is a whole number of servers of speed 1.
    #[must_use]
    pub fn whole_servers(&self) -> Option<u64> {
        match self.kind {
            Kind::Queue(Rates::Constant) => Some(1),
            Kind::Queue(Rates::Servers(m)) if m.fract() == 0.0 && m < 1e9 => Some(m as u64),
            _ => None,
        }
    }

    /// The number by which throughput times demand is divided to give the utilization.
    #[must_use]
    pub fn servers(&self) -> f64 {
        match self.kind {
            Kind::Queue(Rates::Servers(m)) => m,
            _ => 1.0,
        }
    }
}
