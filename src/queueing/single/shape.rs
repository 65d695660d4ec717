//! The network sorted by what its generating functions look like.

use super::{Kind, QueueingError, Rates, Station};

/// A station whose speed depends on the number present: `speeds[start .. start + len]`, the last
/// one holding on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Table {
    pub station: usize,
    pub demand: f64,
    pub start: usize,
    pub len: usize,
}

/// A gathering station: its generating function is `1 - share + share e^(long z)`, that of an absent
/// station and of a delay.
#[derive(Debug, Clone, Copy)]
pub(super) struct Gathering {
    pub station: usize,
    pub demand: f64,
    /// Length of a stay at high load, demand / share.
    pub long: f64,
    pub share: f64,
}

impl Gathering {
    /// Speed with `j` customers.
    pub fn speed(&self, j: usize) -> f64 {
        if j < 2 { 1.0 } else { self.share * j as f64 }
    }

    /// Weight of the absent station relative to that of the delay.
    pub fn absent(&self) -> f64 {
        (1.0 - self.share) / self.share
    }
}

/// The stations of a network, by kind. Stations without demand are left out.
#[derive(Debug, Default)]
pub(super) struct Shape {
    /// Sum of all delays.
    pub delay: f64,
    /// The delays themselves.
    pub delays: Vec<(usize, f64)>,
    /// Gathering stations.
    pub gathering: Vec<Gathering>,
    /// Single servers, with demand over speed.
    pub singles: Vec<(usize, f64)>,
    /// All others.
    pub tables: Vec<Table>,
    /// Speeds of the tables.
    pub speeds: Vec<f64>,
    /// A throughput that cannot be passed.
    pub ceiling: f64,
}

impl Shape {
    /// Sorts the stations; speeds for more customers than the population are left out.
    pub fn read(&mut self, stations: &[Station], population: u64) -> Result<(), QueueingError> {
        self.delay = 0.0;
        self.delays.clear();
        self.gathering.clear();
        self.singles.clear();
        self.tables.clear();
        self.speeds.clear();
        // Time of one pass if nobody were in the way, at the best speed per customer.
        let mut least_time = 0.0;
        let mut ceiling = f64::INFINITY;
        let limit = usize::try_from(population.max(1)).unwrap_or(usize::MAX);
        for (k, station) in stations.iter().enumerate() {
            let demand = station.demand;
            if !demand.is_finite() || demand < 0.0 {
                return Err(QueueingError::InvalidDemand { station: place(k), value: demand });
            }
            let rates = match &station.kind {
                Kind::Delay => {
                    self.delay += demand;
                    self.delays.push((k, demand));
                    least_time += demand;
                    continue;
                }
                Kind::Queue(rates) => rates,
            };
            let start = self.speeds.len();
            match rates {
                Rates::Constant => self.speeds.push(1.0),
                Rates::Gathering(share) => {
                    if !(*share > 0.0 && *share < 1.0) {
                        return Err(invalid(k, format!("a share of {share}, but it must be above 0 and below 1")));
                    }
                }
                Rates::Servers(m) => {
                    if !m.is_finite() || *m <= 0.0 {
                        return Err(invalid(k, format!("{m} servers")));
                    }
                    // Saturating: a count beyond usize is cut to the population anyway.
                    let len = (m.ceil() as usize).min(limit);
                    self.speeds.extend((1..=len).map(|j| (j as f64).min(*m)));
                }
                Rates::Table(table) => {
                    if table.is_empty() {
                        return Err(invalid(k, "the list is empty".to_owned()));
                    }
                    if let Some(bad) = table.iter().find(|r| !r.is_finite() || **r <= 0.0) {
                        return Err(invalid(k, format!("a speed of {bad}, but speeds must be positive and finite")));
                    }
                    self.speeds.extend(table.iter().take(limit));
                }
            }
            if demand == 0.0 {
                self.speeds.truncate(start);
                continue;
            }
            if let Rates::Gathering(share) = *rates {
                self.gathering.push(Gathering { station: k, demand, long: demand / share, share });
                least_time += demand;
                continue;
            }
            let own = &self.speeds[start..];
            let top = own.iter().copied().fold(0.0, f64::max);
            let best_share = own.iter().zip(1..).map(|(r, j)| r / f64::from(j)).fold(0.0, f64::max);
            ceiling = f64::min(ceiling, top / demand);
            least_time += demand / best_share;
            if own.len() == 1 {
                self.singles.push((k, demand / own[0]));
                self.speeds.truncate(start);
            } else {
                self.tables.push(Table { station: k, demand, start, len: own.len() });
            }
        }
        self.ceiling = ceiling.min(population.max(1) as f64 / least_time);
        if least_time > 0.0 { Ok(()) } else { Err(QueueingError::NoDemand { class: "1".to_owned() }) }
    }

    /// The speeds of a table.
    pub fn speeds(&self, table: &Table) -> &[f64] {
        &self.speeds[table.start..table.start + table.len]
    }
}

fn place(k: usize) -> String {
    format!("#{}", k + 1)
}

fn invalid(k: usize, reason: String) -> QueueingError {
    QueueingError::InvalidRates { station: place(k), reason }
}
