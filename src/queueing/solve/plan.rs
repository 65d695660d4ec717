//! The closed part of a network, and the solver that fits it.

use crate::queueing::closed::{Answer, Center, Closed, Service, Stopped};
use crate::queueing::network::{Kind, Load, Method, Network, Rates};
use crate::queueing::{QueueingError, approximate, bounds, chain, exact, open, single};

/// Operations up to which `auto` solves several classes exactly: a few tenths of a second.
const AFFORDABLE: f64 = 3e8;
/// Operations up to which `exact` does: a few minutes.
const BEARABLE: f64 = 1e11;
/// Replicas up to which stations are expanded.
const MOST_REPLICAS: u64 = 100_000;

/// The network with its open load taken off and replicas expanded.
pub(super) struct Plan {
    /// The closed classes, by place in the network.
    pub(super) closed: Vec<usize>,
    pub(super) model: Closed,
    /// Speeds of each center as given, open load included.
    pub(super) full_speeds: Vec<Vec<f64>>,
    /// Center of the first replica of each station.
    pub(super) center: Vec<usize>,
    /// Some station leaves the product form.
    pub(super) ordered: bool,
}

impl Plan {
    pub(super) fn new(network: &Network) -> Result<Self, QueueingError> {
        let mut closed = Vec::new();
        let (mut populations, mut think) = (Vec::new(), Vec::new());
        for (r, class) in network.classes.iter().enumerate() {
            if let Load::Closed { population, think_time } = class.load {
                closed.push(r);
                populations.push(population);
                think.push(think_time);
            }
        }
        let total = populations.iter().fold(1u64, |a, b| a.saturating_add(*b));
        let (mut centers, mut center, mut full_speeds) = (Vec::new(), Vec::new(), Vec::new());
        let mut ordered = false;
        for station in &network.stations {
            if station.replicas > MOST_REPLICAS {
                return Err(QueueingError::Unsupported(format!(
                    "station {} has {} replicas; at most {MOST_REPLICAS} are solved",
                    station.name, station.replicas
                )));
            }
            center.push(centers.len());
            let load = network.open_load(station);
            let demands: Vec<f64> = closed.iter().map(|r| station.demands[*r]).collect();
            // Open customers may be there in any number: no speed can be left out.
            let speeds = station.speeds(if load > 0.0 { u64::MAX } else { total });
            let service = match station.whole_servers() {
                _ if station.kind == Kind::Delay => Service::Delay,
                Some(servers) if load == 0.0 && station.needs_order() && !closed.is_empty() => {
                    ordered = true;
                    let visits = closed.iter().map(|r| station.visits[*r]).collect();
                    Service::InOrder { servers, visits, scv: station.scv }
                }
                _ if closed.is_empty() => Service::Shared(speeds.clone()),
                _ => {
                    let mut left = open::left_over(&speeds, load);
                    left.truncate(usize::try_from(total).unwrap_or(usize::MAX));
                    Service::Shared(left)
                }
            };
            for _ in 0..station.replicas {
                centers.push(Center { demands: demands.clone(), service: service.clone() });
                full_speeds.push(speeds.clone());
            }
        }
        Ok(Self { closed, model: Closed { populations, think, centers }, full_speeds, center, ordered })
    }

    /// The customers of the closed classes, and how they were found.
    pub(super) fn answer(&self, network: &Network) -> Result<(Answer, &'static str), QueueingError> {
        if self.model.total() == 0 {
            let stretch = self.idle_stretch(network);
            let (r, k) = (self.closed.len(), self.model.centers.len());
            let answer = Answer {
                throughput: vec![0.0; r],
                queues: vec![vec![0.0; r]; k],
                stretch,
                iterations: 0,
                residual: 0.0,
                stopped: Stopped::Direct,
            };
            return Ok((answer, if self.closed.is_empty() { "open" } else { "exact" }));
        }
        let approximate = match network.method {
            Method::BardSchweitzer => Some(("bard-schweitzer", approximate::bard_schweitzer as fn(&Closed) -> Answer)),
            Method::Linearizer => Some(("linearizer", approximate::linearizer as fn(&Closed) -> Answer)),
            _ => None,
        };
        if let Some((name, solver)) = approximate {
            // Whoever names an approximation gets its own answer.
            return Ok((solver(&self.model), name));
        }
        if self.ordered {
            if let Some(answer) = chain::solve(&self.model) {
                return Ok((answer, "markov-chain"));
            }
            return Ok((self.clip(approximate::linearizer(&self.model)), "linearizer"));
        }
        if let Some(answer) = self.as_one_class(network)? {
            return Ok((answer, "exact"));
        }
        let work = exact::work(&self.model);
        let limit = if network.method == Method::Exact { BEARABLE } else { AFFORDABLE };
        if work <= limit
            && let Some(answer) = exact::solve(&self.model, &approximate::rough(&self.model))
        {
            return Ok((answer, "exact"));
        }
        if network.method == Method::Exact {
            return Err(QueueingError::TooLarge { work });
        }
        Ok((self.clip(approximate::linearizer(&self.model)), "linearizer"))
    }

    /// What a customer finds at each center without closed customers.
    fn idle_stretch(&self, network: &Network) -> Vec<f64> {
        let mut stretch = vec![1.0; self.model.centers.len()];
        for (station, at) in network.stations.iter().zip(&self.center) {
            let found = open::station(&self.full_speeds[*at], network.open_load(station)).stretch;
            stretch[*at..*at + station.replicas as usize].fill(found);
        }
        stretch
    }

    /// Identical classes are one class: exact for any population.
    fn as_one_class(&self, network: &Network) -> Result<Option<Answer>, QueueingError> {
        let model = &self.model;
        let with = |r: &usize| model.populations[*r] > 0;
        let Some(first) = (0..model.classes()).find(with) else { return Ok(None) };
        let alike = |a: f64, b: f64| a == b || (a / b - 1.0).abs() < 1e-14;
        for r in (0..model.classes()).filter(with) {
            let same = alike(model.think[r], model.think[first])
                && model.centers.iter().all(|c| alike(c.demands[r], c.demands[first]));
            if !same {
                return Ok(None);
            }
        }
        let mut stations = vec![single::Station::delay(model.think[first])];
        stations.extend(model.centers.iter().map(|center| match &center.service {
            Service::Shared(speeds) => single::Station::queue(center.demands[first], Rates::Table(speeds.clone())),
            _ => single::Station::delay(center.demands[first]),
        }));
        let mut solver = single::Solver::default();
        let total = model.total();
        let solution = solver.solve(&stations, total)?;
        let shares: Vec<f64> = model.populations.iter().map(|n| *n as f64 / total as f64).collect();
        let mut stretch = self.idle_stretch(network);
        if !network.classes.iter().all(|c| matches!(c.load, Load::Closed { .. })) {
            // A customer from outside finds what one more of them would find.
            let more = solver.solve(&stations, total.saturating_add(1))?;
            for (k, station) in stations[1..].iter().enumerate() {
                if station.demand > 0.0 {
                    stretch[k] = more.queue_lengths[k + 1] / (more.throughput * station.demand);
                }
            }
        }
        Ok(Some(Answer {
            throughput: shares.iter().map(|s| s * solution.throughput).collect(),
            queues: solution.queue_lengths[1..].iter().map(|q| shares.iter().map(|s| s * q).collect()).collect(),
            stretch,
            iterations: 0,
            residual: solution.residual,
            stopped: Stopped::Direct,
        }))
    }

    /// An approximate answer inside the bounds: no station above its top speed, no class above its
    /// upper bound. What is taken off the throughput waits at the busiest station.
    fn clip(&self, mut answer: Answer) -> Answer {
        let mut fullest = (0.0, 0);
        for (k, center) in self.model.centers.iter().enumerate().filter(|(_, c)| c.service != Service::Delay) {
            let work: f64 = center.demands.iter().zip(&answer.throughput).map(|(d, x)| d * x).sum();
            let load = work / center.last_speed();
            if load > fullest.0 {
                fullest = (load, k);
            }
        }
        for r in 0..self.model.classes() {
            if self.model.populations[r] == 0 {
                continue;
            }
            let upper = bounds::of_class(&self.model, r).0.throughput[1].unwrap_or(f64::INFINITY);
            let visits_fullest = self.model.centers.get(fullest.1).is_some_and(|c| c.demands[r] > 0.0);
            let x = answer.throughput[r];
            let clipped = upper.min(if visits_fullest { x / fullest.0.max(1.0) } else { x });
            if clipped < x {
                answer.throughput[r] = clipped;
                for queue in &mut answer.queues {
                    queue[r] *= clipped / x;
                }
                let here = clipped * self.model.think[r] + answer.queues.iter().map(|q| q[r]).sum::<f64>();
                answer.queues[fullest.1][r] += self.model.populations[r] as f64 - here;
            }
        }
        answer
    }
}
