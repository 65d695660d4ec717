//! Provides the numbers of a forecast by name: `tps`, `p95_ms`, `utilization(server_cpu)`,
//! `transfer.p99_ms`, or any path of the JSON form such as `bounds.max_tps`.

use serde_json::Value as Json;

use crate::diagnostic::nearest;
use crate::forecast::Forecast;

/// Every station name that a forecast may hold.
pub const STATIONS: &[&str] = &[
    "server_cpu",
    "client_cpu",
    "wal_flush",
    "wal_write",
    "data_read",
    "data_write",
    "row_locks",
    "internal_locks",
    "connection_pool",
    "network",
    "think",
];

/// Short forms with the paths they stand for, of a forecast and of each transaction type.
const SHORT: &[(&str, &str)] = &[
    ("latency_ms", "latency_ms.mean"),
    ("p50_ms", "latency_ms.p50"),
    ("p95_ms", "latency_ms.p95"),
    ("p99_ms", "latency_ms.p99"),
];

/// Short forms of a whole forecast only.
const SHORT_TOP: &[(&str, &str)] = &[("tps", "tps.mean"), ("bottleneck", "bottleneck.station")];

/// What a number of a forecast counts, which says the units that a limit may be written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dimension {
    /// Milliseconds.
    Milliseconds,
    /// Bytes.
    Bytes,
    /// Per second.
    Rate,
    /// A share, 0..1.
    Share,
    /// A bare number.
    Count,
}

/// What a metric is, in one forecast.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A number.
    Number(f64),
    /// A name.
    Text(String),
    /// Not known, or not finite: latency under overload.
    Null,
}

/// A metric, resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metric {
    /// As the user wrote it.
    pub written: String,
    at: Place,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    Top(String),
    Transaction(String, String),
    Station(String, String),
}

/// A metric that no forecast of this workload has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown metric `{written}`")]
pub struct UnknownMetric {
    /// As written.
    pub written: String,
    /// The nearest name.
    pub nearest: Option<String>,
}

impl Metric {
    /// Finds `written` among the metrics of `forecast`.
    ///
    /// # Errors
    /// Nothing has that name, or it names a whole section rather than a number.
    pub fn resolve(written: &str, forecast: &Forecast) -> Result<Self, UnknownMetric> {
        let json = json_of(forecast);
        let found = Self::top(written, &json)
            .or_else(|| Self::station(written, &json))
            .or_else(|| Self::transaction(written, forecast, &json));
        found.map(|at| Self { written: written.to_owned(), at }).ok_or_else(|| UnknownMetric {
            written: written.to_owned(),
            nearest: nearest(written, names(forecast).iter().map(String::as_str)).map(str::to_owned),
        })
    }

    fn top(written: &str, json: &Json) -> Option<Place> {
        let path = expand(written, SHORT).or_else(|| expand(written, SHORT_TOP)).unwrap_or(written);
        is_value(path, json).then(|| Place::Top(path.to_owned()))
    }

    /// `utilization(server_cpu)`, or `stations[server_cpu].utilization`.
    fn station(written: &str, json: &Json) -> Option<Place> {
        let (field, name) = match written.strip_prefix("stations[") {
            Some(rest) => rest.split_once("].").map(|(name, field)| (field, name))?,
            None => written.strip_suffix(')')?.split_once('(')?,
        };
        let (field, name) = (field.trim(), unquote(name.trim()));
        let fields = json.get("stations")?.get(0)?;
        (STATIONS.contains(&name) && field != "name" && is_value(field, fields))
            .then(|| Place::Station(name.to_owned(), field.to_owned()))
    }

    /// `transfer.p99_ms`, or `transactions[transfer].latency_ms.p99`.
    fn transaction(written: &str, forecast: &Forecast, json: &Json) -> Option<Place> {
        let fields = json.get("transactions")?.get(0)?;
        forecast.transactions.iter().find_map(|t| {
            let field = match written.strip_prefix("transactions[") {
                Some(rest) => {
                    let (name, field) = rest.split_once("].")?;
                    (unquote(name.trim()) == t.name).then_some(field)?
                }
                None => after_name(written, &t.name)?.strip_prefix('.')?,
            };
            let path = expand(field, SHORT).unwrap_or(field);
            (path != "name" && is_value(path, fields)).then(|| Place::Transaction(t.name.clone(), path.to_owned()))
        })
    }

    /// Its value in `forecast`. A station that no transaction visits is idle: zero.
    #[must_use]
    pub fn value(&self, forecast: &Forecast) -> Value {
        let json = json_of(forecast);
        let member = |list: &str, name: &str| {
            json[list].as_array().and_then(|all| all.iter().find(|m| m["name"] == name).cloned())
        };
        match &self.at {
            Place::Top(path) => to_value(walk(path, &json)),
            Place::Transaction(name, path) => {
                member("transactions", name).map_or(Value::Null, |t| to_value(walk(path, &t)))
            }
            Place::Station(name, path) => {
                member("stations", name).map_or(Value::Number(0.0), |s| to_value(walk(path, &s)))
            }
        }
    }

    /// The range of its value at the forecast's own confidence; `None` for metrics without one.
    ///
    /// TPS has the forecast's interval, that of a transaction type the same relative one. Under
    /// closed load latency follows from TPS (clients / tps - think time), and percentiles are taken
    /// to move with the mean.
    #[must_use]
    pub fn range(&self, forecast: &Forecast) -> Option<(f64, f64)> {
        let Value::Number(value) = self.value(forecast) else { return None };
        let path = match &self.at {
            Place::Top(path) if path == "tps.mean" => "tps",
            Place::Top(path) | Place::Transaction(_, path) => path,
            Place::Station(..) => return None,
        };
        let tps = forecast.tps;
        if path == "tps" {
            return (tps.mean > 0.0).then(|| (value * tps.low / tps.mean, value * tps.high / tps.mean));
        }
        if path.starts_with("latency_ms.") {
            let (mean, clients) = (forecast.latency_ms?.mean, forecast.clients? as f64 * 1e3);
            let think = clients / tps.mean - mean;
            let scale = |x: f64| (clients / x - think).max(0.0) / mean;
            return (tps.low > 0.0 && mean > 0.0).then(|| (value * scale(tps.high), value * scale(tps.low)));
        }
        None
    }

    /// What it counts.
    #[must_use]
    pub fn dimension(&self) -> Dimension {
        match self.leaf() {
            "mean" | "low" | "high" if self.path().starts_with("tps.") => Dimension::Rate,
            "mean" | "p50" | "p95" | "p99" => Dimension::Milliseconds,
            leaf if leaf.ends_with("_ms") => Dimension::Milliseconds,
            "wal_bytes" => Dimension::Bytes,
            "tps" | "rate" | "max_tps" | "tps_if_relieved" | "aborts_per_s" => Dimension::Rate,
            "utilization" | "share_of_latency" | "confidence" => Dimension::Share,
            _ => Dimension::Count,
        }
    }

    /// Whether more of it is better (`Some(true)`), worse, or neither.
    #[must_use]
    pub fn more_is_better(&self) -> Option<bool> {
        match (self.dimension(), self.leaf()) {
            (_, "aborts_per_s") => Some(false),
            (_, "rate" | "confidence" | "clients" | "servers" | "schema_version") => None,
            (Dimension::Rate, _) | (_, "saturation_clients") => Some(true),
            _ => Some(false),
        }
    }

    /// Whether it names a station, so that a limit must name one too.
    #[must_use]
    pub fn is_station_name(&self) -> bool {
        matches!(&self.at, Place::Top(path) if path == "bottleneck.station" || path == "bottleneck.next")
    }

    fn path(&self) -> &str {
        match &self.at {
            Place::Top(p) | Place::Transaction(_, p) | Place::Station(_, p) => p,
        }
    }

    fn leaf(&self) -> &str {
        self.path().rsplit('.').next().unwrap_or_default()
    }
}

/// Names of metrics, for suggestions: the short forms first, then paths.
fn names(forecast: &Forecast) -> Vec<String> {
    let mut out: Vec<String> = SHORT_TOP.iter().chain(SHORT).map(|(name, _)| (*name).to_owned()).collect();
    for t in &forecast.transactions {
        out.extend(SHORT.iter().map(|(short, _)| format!("{}.{short}", t.name)));
        out.push(format!("{}.tps", t.name));
        out.push(format!("{}.aborts_per_s", t.name));
    }
    for field in ["utilization", "residence_ms", "demand_ms", "queue_length", "share_of_latency"] {
        out.extend(STATIONS.iter().map(|s| format!("{field}({s})")));
    }
    leaves("", &json_of(forecast), &mut out);
    out
}

fn leaves(prefix: &str, json: &Json, out: &mut Vec<String>) {
    match json {
        Json::Object(map) => {
            for (key, value) in map {
                let path = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
                leaves(&path, value, out);
            }
        }
        Json::Array(_) => {}
        _ => out.push(prefix.to_owned()),
    }
}

/// The JSON form with the sections that may be null filled in, so that their paths exist.
fn json_of(forecast: &Forecast) -> Json {
    let mut json = serde_json::to_value(forecast).unwrap_or(Json::Null);
    let fill = |section: &mut Json| {
        if section.is_null() {
            *section = serde_json::json!({"mean": null, "p50": null, "p95": null, "p99": null});
        }
    };
    if json.is_object() {
        fill(&mut json["latency_ms"]);
        json["transactions"].as_array_mut().into_iter().flatten().for_each(|t| fill(&mut t["latency_ms"]));
    }
    json
}

fn walk<'a>(path: &str, json: &'a Json) -> Option<&'a Json> {
    path.split('.').try_fold(json, |at, key| at.get(key))
}

fn is_value(path: &str, json: &Json) -> bool {
    walk(path, json).is_some_and(|v| !v.is_object() && !v.is_array())
}

fn to_value(json: Option<&Json>) -> Value {
    match json {
        Some(Json::String(s)) => Value::Text(s.clone()),
        Some(Json::Bool(b)) => Value::Text(b.to_string()),
        Some(Json::Number(n)) => n.as_f64().map_or(Value::Null, Value::Number),
        _ => Value::Null,
    }
}

fn expand(name: &str, table: &[(&str, &'static str)]) -> Option<&'static str> {
    table.iter().find(|(short, _)| *short == name).map(|(_, path)| *path)
}

/// What follows `name`, bare or in quotes, at the beginning of `text`.
fn after_name<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.strip_prefix(name).or_else(|| {
        let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        text[1..].strip_prefix(name)?.strip_prefix(quote)
    })
}

/// The text without its quotes, if it has a pair.
pub(super) fn unquote(text: &str) -> &str {
    ['"', '\''].iter().find_map(|&q| text.strip_prefix(q)?.strip_suffix(q)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forecast::sample;

    fn value(name: &str) -> Value {
        let f = sample::forecast();
        Metric::resolve(name, &f).map(|m| m.value(&f)).unwrap_or_else(|e| panic!("{e}"))
    }

    #[test]
    fn short_forms_paths_stations_and_transactions() {
        let number = |name| match value(name) {
            Value::Number(n) => n,
            other => panic!("{name}: {other:?}"),
        };
        assert_eq!(number("tps"), 897.012_345);
        assert_eq!(number("tps.low"), 820.0);
        assert_eq!(number("latency_ms"), 17.837);
        assert_eq!(number("p95_ms"), 31.0);
        assert_eq!(number("latency_ms.p95"), 31.0);
        assert_eq!(number("bounds.max_tps"), 921.0);
        assert_eq!(number("utilization(server_cpu)"), 0.31);
        assert_eq!(number("stations[server_cpu].demand_ms"), 5.4);
        assert_eq!(number("transfer.p99_ms"), 44.4);
        assert_eq!(number("'transfer'.tps"), 807.311);
        assert_eq!(number("transactions[report].aborts_per_s"), 0.25);
        assert_eq!(value("bottleneck"), Value::Text("wal_flush".into()));
        assert_eq!(value("machine.calibrated"), Value::Text("true".into()));
    }

    #[test]
    fn a_station_without_visits_is_idle_and_null_stays_null() {
        assert_eq!(value("utilization(row_locks)"), Value::Number(0.0));
        assert_eq!(value("utilization(network)"), Value::Null);
        let mut f = sample::forecast();
        f.latency_ms = None;
        assert_eq!(Metric::resolve("p95_ms", &f).unwrap().value(&f), Value::Null);
    }

    #[test]
    fn unknown_metrics_suggest_the_nearest() {
        let f = sample::forecast();
        let nearest = |name| Metric::resolve(name, &f).unwrap_err().nearest;
        assert_eq!(nearest("p95ms").as_deref(), Some("p95_ms"));
        assert_eq!(nearest("utilisation(server_cpu)").as_deref(), Some("utilization(server_cpu)"));
        assert_eq!(nearest("utilization(server_gpu)").as_deref(), Some("utilization(server_cpu)"));
        assert_eq!(nearest("transfr.p99_ms").as_deref(), Some("transfer.p99_ms"));
        for section in ["stations", "bounds", "transfer", "transfer.name", ""] {
            assert!(Metric::resolve(section, &f).is_err(), "{section}");
        }
    }

    #[test]
    fn latency_range_mirrors_that_of_tps() {
        // 16 clients and no think time: latency is 16000 / tps; at 960 TPS 16.67 ms, at 820 19.51 ms.
        let f = sample::forecast();
        let (low, high) = Metric::resolve("latency_ms", &f).unwrap().range(&f).unwrap();
        assert!((low - 16.667).abs() < 0.01 && (high - 19.512).abs() < 0.01, "{low} {high}");
        assert_eq!(Metric::resolve("tps", &f).unwrap().range(&f), Some((820.0, 960.0)));
        assert_eq!(Metric::resolve("bounds.max_tps", &f).unwrap().range(&f), None);
    }
}
