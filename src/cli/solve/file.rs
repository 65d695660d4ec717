//! Reads the network file of `predict solve`.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::diagnostic::InputError;
use crate::queueing::QueueingError;
use crate::queueing::network::{Class, Discipline, Kind, Load, Method, Network, Rates, Station};
use crate::yaml::{Count, Document, Entries, Frequency, Located, NodeId, Number, Text, Time};

/// A queueing network.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping with `classes` and `stations`")]
#[schemars(title = "predict network file")]
struct NetworkFile {
    /// Version of the format: 1.
    version: Option<Located<Number>>,
    /// A name, for the reader.
    #[serde(rename = "name")]
    _name: Option<Text>,
    /// The classes of customers.
    classes: Located<Vec<Located<ClassFile>>>,
    /// The stations.
    stations: Located<Vec<Located<StationFile>>>,
    /// How to solve it: auto (default), exact, linearizer, bard-schweitzer or bounds.
    method: Option<Located<Text>>,
    /// Stations whose flow-equivalent server is wanted.
    #[serde(default)]
    aggregate: Vec<Located<Text>>,
}

/// A class of customers: closed with `population`, open with `arrival_rate`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping, such as `{name: web, population: 50, think_time: 5}`")]
struct ClassFile {
    /// Its name.
    name: Located<Text>,
    /// Customers of a closed class.
    population: Option<Located<Count>>,
    /// Pause of each customer of a closed class between passes, seconds.
    think_time: Option<Located<Time>>,
    /// Arrivals per second of an open class.
    arrival_rate: Option<Located<Frequency>>,
    /// Squared coefficient of variation of the time between arrivals; 1 (default) for Poisson arrivals.
    arrival_scv: Option<Located<Number>>,
}

/// A station.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping, such as `{name: cpu, kind: queue, demands: {web: 0.005}}`")]
struct StationFile {
    /// Its name.
    name: Located<Text>,
    /// `queue`, or `delay` where nobody waits.
    kind: Located<Text>,
    /// Number of servers; 1 when not given.
    servers: Option<Located<Number>>,
    /// Speed with 1, 2, ... customers, the last one holding on.
    rates: Option<Located<Vec<Located<Number>>>>,
    /// Service per pass and class, seconds.
    #[serde(default)]
    demands: Option<Located<Entries<Text, Located<Time>>>>,
    /// Visits per pass and class.
    #[serde(default)]
    visits: Option<Located<Entries<Text, Located<Number>>>>,
    /// Service per visit and class, seconds.
    #[serde(default)]
    service_times: Option<Located<Entries<Text, Located<Time>>>>,
    /// Squared coefficient of variation of service time; 1 when not given. Any other value makes a
    /// station first-come, unless `discipline` says otherwise.
    scv: Option<Located<Number>>,
    /// `ps` (customers share the servers) or `fcfs`.
    discipline: Option<Located<Text>>,
    /// Identical stations, each with these demands; results are for one of them.
    replicas: Option<Located<Count>>,
    /// Customers that fit, in service included; arrivals beyond are lost.
    capacity: Option<Located<Count>>,
}

/// The JSON Schema of a network file.
#[must_use]
pub fn json_schema() -> serde_json::Value {
    schemars::schema_for!(NetworkFile).to_value()
}

/// Where classes and stations were written.
pub(super) struct Places {
    root: NodeId,
    classes: Vec<NodeId>,
    stations: Vec<NodeId>,
}

impl Places {
    /// A solver's error, at the station or class that it names.
    pub fn explain(&self, document: &Document, network: &Network, error: &QueueingError) -> InputError {
        let station = |name: &str| network.stations.iter().position(|s| s.name == name).map(|k| self.stations[k]);
        let class = |name: &str| network.classes.iter().position(|c| c.name == name).map(|r| self.classes[r]);
        let node = match error {
            QueueingError::InvalidDemand { station: s, .. }
            | QueueingError::InvalidRates { station: s, .. }
            | QueueingError::InvalidDemandOfClass { station: s, .. }
            | QueueingError::Unstable { station: s, .. } => station(s),
            QueueingError::NoDemand { class: c } | QueueingError::InvalidClass { class: c, .. } => class(c),
            _ => None,
        };
        document.error_at(node.unwrap_or(self.root), error.to_string())
    }
}

/// Reads a network.
pub(super) fn read(document: &Document) -> Result<(Network, Places), InputError> {
    let file: NetworkFile = document.deserialize()?;
    document.check_version(file.version.as_ref(), 1)?;
    let mut places = Places { root: document.root(), classes: Vec::new(), stations: Vec::new() };
    let mut classes: Vec<Class> = Vec::new();
    for class in &file.classes.value {
        let name = &class.value.name;
        places.classes.push(name.node);
        distinct(document, name, classes.iter().map(|c| c.name.as_str()), "class")?;
        classes.push(Class { name: name.value.0.clone(), load: load(document, class)? });
    }
    if classes.is_empty() {
        return Err(document.error_at(file.classes.node, "there are no classes").expected("at least one"));
    }
    let mut stations: Vec<Station> = Vec::new();
    for station in &file.stations.value {
        let name = &station.value.name;
        places.stations.push(name.node);
        distinct(document, name, stations.iter().map(|s| s.name.as_str()), "station")?;
        stations.push(read_station(document, station, &classes)?);
    }
    let names = ["auto", "exact", "linearizer", "bard-schweitzer", "bounds"];
    let methods = [Method::Auto, Method::Exact, Method::Linearizer, Method::BardSchweitzer, Method::Bounds];
    let method = match &file.method {
        None => Method::Auto,
        Some(given) => methods[one_of(document, given, &names, "method")?],
    };
    let known: Vec<&str> = stations.iter().map(|s| s.name.as_str()).collect();
    let aggregate =
        file.aggregate.iter().map(|name| one_of(document, name, &known, "station")).collect::<Result<_, _>>()?;
    Ok((Network { classes, stations, method, aggregate }, places))
}

fn distinct<'a>(
    document: &Document,
    name: &Located<Text>,
    mut known: impl Iterator<Item = &'a str>,
    what: &str,
) -> Result<(), InputError> {
    if known.any(|k| k == name.value.0) {
        return Err(document
            .error_at(name.node, format!("a second {what} named `{}`", name.value.0))
            .expected("another name"));
    }
    Ok(())
}

/// The place of a name among those known.
fn one_of(document: &Document, given: &Located<Text>, known: &[&str], what: &str) -> Result<usize, InputError> {
    known.iter().position(|k| *k == given.value.0).ok_or_else(|| {
        document
            .error_at(given.node, format!("unknown {what} `{}`", given.value.0))
            .expected(format!("one of {}", known.iter().map(|k| format!("`{k}`")).collect::<Vec<_>>().join(", ")))
            .nearest_of(&given.value.0, known.iter().copied())
    })
}

fn load(document: &Document, class: &Located<ClassFile>) -> Result<Load, InputError> {
    let c = &class.value;
    match (&c.population, &c.arrival_rate) {
        (Some(population), None) => {
            if let Some(scv) = &c.arrival_scv {
                return Err(document.error_at(scv.node, "a closed class has no arrivals").expected("no `arrival_scv`"));
            }
            let think_time = c.think_time.as_ref().map_or(0.0, |t| t.value.0.get());
            Ok(Load::Closed { population: whole(document, population, "a population")?, think_time })
        }
        (None, Some(rate)) => {
            if let Some(think) = &c.think_time {
                return Err(document
                    .error_at(think.node, "an open class has no think time")
                    .expected("`population` with `think_time`, or `arrival_rate`"));
            }
            let arrival_scv = c.arrival_scv.as_ref().map_or(1.0, |s| s.value.0);
            Ok(Load::Open { arrival_rate: rate.value.0.get(), arrival_scv })
        }
        (Some(_), Some(rate)) => Err(document
            .error_at(rate.node, format!("class `{}` is closed and open at once", c.name.value.0))
            .expected("either `population` or `arrival_rate`")),
        (None, None) => Err(document
            .error_at(class.node, format!("class `{}` has no customers", c.name.value.0))
            .expected("`population` or `arrival_rate`")),
    }
}

fn whole(document: &Document, count: &Located<Count>, what: &str) -> Result<u64, InputError> {
    let n = count.value.0;
    if n.fract() != 0.0 || n > 1e15 {
        return Err(document.error_at(count.node, format!("{n} is not {what}")).expected("a whole number up to 1e15"));
    }
    Ok(n as u64)
}

fn read_station(document: &Document, station: &Located<StationFile>, classes: &[Class]) -> Result<Station, InputError> {
    let s = &station.value;
    let (demands, visits) = demands(document, station, classes)?;
    let scv = s.scv.as_ref().map_or(1.0, |v| v.value.0);
    let discipline = match &s.discipline {
        Some(given) => match one_of(document, given, &["ps", "fcfs"], "discipline")? {
            0 => Discipline::ProcessorSharing,
            _ => Discipline::FirstCome,
        },
        // Variation of service matters to first-come stations alone: whoever gives it means one.
        None if scv != 1.0 => Discipline::FirstCome,
        None => Discipline::ProcessorSharing,
    };
    let counted = |count: &Option<Located<Count>>, what: &str| -> Result<Option<u64>, InputError> {
        let Some(count) = count else { return Ok(None) };
        match whole(document, count, what)? {
            0 => Err(document.error_at(count.node, format!("0 is not {what}")).expected("at least 1")),
            n => Ok(Some(n)),
        }
    };
    Ok(Station {
        name: s.name.value.0.clone(),
        kind: kind(document, s)?,
        demands,
        visits,
        scv,
        discipline,
        replicas: counted(&s.replicas, "a number of replicas")?.unwrap_or(1),
        capacity: counted(&s.capacity, "a capacity")?,
    })
}

fn kind(document: &Document, s: &StationFile) -> Result<Kind, InputError> {
    let delay = one_of(document, &s.kind, &["queue", "delay"], "kind")? == 1;
    if delay {
        let waits = s.servers.as_ref().map(|v| v.node).or(s.rates.as_ref().map(|v| v.node));
        return match waits.or(s.capacity.as_ref().map(|v| v.node)) {
            Some(node) => Err(document
                .error_at(node, "nobody waits at a delay")
                .expected("`kind: queue`, or a delay with nothing but demands")),
            None => Ok(Kind::Delay),
        };
    }
    match (&s.servers, &s.rates) {
        (Some(_), Some(rates)) => Err(document
            .error_at(rates.node, format!("station `{}` has both servers and rates", s.name.value.0))
            .expected("either `servers` or `rates`")),
        (Some(servers), None) if servers.value.0 <= 0.0 => {
            Err(document.error_at(servers.node, format!("{} servers", servers.value.0)).expected("a number above 0"))
        }
        (Some(servers), None) if servers.value.0 == 1.0 => Ok(Kind::Queue(Rates::Constant)),
        (Some(servers), None) => Ok(Kind::Queue(Rates::Servers(servers.value.0))),
        (None, Some(rates)) => {
            if rates.value.is_empty() {
                return Err(document.error_at(rates.node, "no rates").expected("at least one speed"));
            }
            if let Some(bad) = rates.value.iter().find(|r| r.value.0 <= 0.0) {
                return Err(document
                    .error_at(bad.node, format!("a rate of {}", bad.value.0))
                    .expected("a number above 0"));
            }
            Ok(Kind::Queue(Rates::Table(rates.value.iter().map(|r| r.value.0).collect())))
        }
        (None, None) => Ok(Kind::Queue(Rates::Constant)),
    }
}

/// Demands and visits of every class; a class that is not listed does not come.
fn demands(
    document: &Document,
    station: &Located<StationFile>,
    classes: &[Class],
) -> Result<(Vec<f64>, Vec<f64>), InputError> {
    let s = &station.value;
    let names: Vec<&str> = classes.iter().map(|c| c.name.as_str()).collect();
    let times = |map: &Located<Entries<Text, Located<Time>>>| -> Result<Vec<Option<f64>>, InputError> {
        let mut out = vec![None; names.len()];
        for (name, time) in &map.value.0 {
            out[one_of(document, name, &names, "class")?] = Some(time.value.0.get());
        }
        Ok(out)
    };
    let mut visits: Vec<Option<f64>> = vec![None; names.len()];
    if let Some(map) = &s.visits {
        for (name, count) in &map.value.0 {
            if count.value.0 < 0.0 {
                return Err(document.error_at(count.node, format!("{} visits", count.value.0)).expected("0 or more"));
            }
            visits[one_of(document, name, &names, "class")?] = Some(count.value.0);
        }
    }
    match (&s.demands, &s.service_times) {
        (Some(map), None) => {
            let demands = times(map)?;
            let visits = visits.iter().zip(&demands).map(|(v, d)| v.unwrap_or(if d.is_some() { 1.0 } else { 0.0 }));
            Ok((demands.iter().map(|d| d.unwrap_or(0.0)).collect(), visits.collect()))
        }
        (None, Some(map)) => {
            let services = times(map)?;
            if let Some(r) = (0..names.len()).find(|r| visits[*r].is_some_and(|v| v > 0.0) && services[*r].is_none()) {
                let message =
                    format!("class `{}` visits station `{}` without a service time", names[r], s.name.value.0);
                return Err(document
                    .error_at(map.node, message)
                    .expected(format!("`{}` in `service_times`", names[r])));
            }
            // Without `visits`, a class that is served comes once.
            let one = |s: &Option<f64>| if s.is_some() && station.value.visits.is_none() { 1.0 } else { 0.0 };
            let visits: Vec<f64> = visits.iter().zip(&services).map(|(v, s)| v.unwrap_or_else(|| one(s))).collect();
            Ok((visits.iter().zip(&services).map(|(v, s)| v * s.unwrap_or(0.0)).collect(), visits))
        }
        (Some(_), Some(services)) => Err(document
            .error_at(services.node, format!("station `{}` has both demands and service times", s.name.value.0))
            .expected("either `demands`, or `visits` and `service_times`")),
        (None, None) => Err(document
            .error_at(station.node, format!("station `{}` has no demands", s.name.value.0))
            .expected("`demands`, or `visits` and `service_times`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> InputError {
        let document = Document::parse("n.yaml", text).unwrap();
        match read(&document) {
            Err(e) => e,
            Ok((network, places)) => {
                places.explain(&document, &network, &crate::queueing::solve(&network).unwrap_err())
            }
        }
    }

    #[test]
    fn mistakes_are_shown_where_they_stand() {
        for (text, place, message, nearest) in [
            ("classes: []\nstations: []", "1:10", "there are no classes", None),
            ("classes:\n- {name: a}\nstations: []", "2:3", "class `a` has no customers", None),
            (
                "classes:\n- {name: web, population: 1}\nstations:\n- {name: s, kind: queue, demands: {wbe: 1}}",
                "4:36",
                "unknown class `wbe`",
                Some("web"),
            ),
            ("classes:\n- {name: a, population: 1.5}\nstations: []", "2:25", "1.5 is not a population", None),
            (
                "classes:\n- {name: a, arrival_rate: 3}\nstations:\n- {name: s, kind: queue, servers: 2, demands: {a: 1}}",
                "4:10",
                "station s is unstable: its open load is 1.5000 of what it can serve; class a must arrive at less than 2.000000 per second",
                None,
            ),
            (
                "classes:\n- {name: a, population: 1}\nstations:\n- {name: s, kind: queue, rates: [1, 0], demands: {a: 1}}",
                "4:37",
                "a rate of 0",
                None,
            ),
            (
                "classes:\n- {name: a, population: 1}\nstations:\n- {name: s, kind: queue, demands: {a: 0}}",
                "2:10",
                "class a has no demand and no think time anywhere: its throughput would be without limit",
                None,
            ),
        ] {
            let e = error(text);
            let at = e.position.as_ref().map(|p| format!("{}:{}", p.line, p.column)).unwrap_or_default();
            assert_eq!((at.as_str(), e.message.as_str(), e.nearest.as_deref()), (place, message, nearest), "{text}");
        }
    }
}
