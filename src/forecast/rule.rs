//! Provides rules: `tps >= 800`, `p95_ms < 50ms`, `bottleneck == 'wal_flush'`, and regression limits.

use std::fmt;
use std::ops::Range;

use crate::diagnostic::{InputError, Position, TextOrigin};
use crate::forecast::Forecast;
use crate::forecast::metric::{Dimension, Metric, STATIONS, Value, unquote};
use crate::units::{Bytes, Rate, Seconds, spelling};

/// How much a breach matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// It fails the check.
    Error,
    /// It is reported only.
    Warn,
}

/// One rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// As written.
    pub written: String,
    /// What is looked at.
    pub metric: Metric,
    /// What must hold.
    pub test: Test,
    /// How much a breach matters.
    pub level: Level,
    /// Where it is written.
    pub position: Option<Position>,
}

/// What must hold.
#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    /// `metric op limit`.
    Compare(Op, Limit),
    /// At most this share worse than the baseline.
    Regression(f64),
}

/// A limit.
#[derive(Debug, Clone, PartialEq)]
pub enum Limit {
    /// In the metric's own unit.
    Number(f64),
    /// A name.
    Text(String),
}

/// Comparison operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// `>=`
    Ge,
    /// `<=`
    Le,
    /// `==`
    Eq,
    /// `!=`
    Ne,
    /// `>`
    Gt,
    /// `<`
    Lt,
}

/// Spellings, two characters before one so that `>=` is not read as `>`.
const OPS: &[(&str, Op)] =
    &[(">=", Op::Ge), ("<=", Op::Le), ("==", Op::Eq), ("!=", Op::Ne), (">", Op::Gt), ("<", Op::Lt)];

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(OPS.iter().find(|(_, op)| op == self).map_or("", |(text, _)| text))
    }
}

impl Op {
    /// Whether `value op limit` holds.
    #[must_use]
    pub fn holds(self, value: f64, limit: f64) -> bool {
        match self {
            Self::Ge => value >= limit,
            Self::Le => value <= limit,
            Self::Eq => value == limit,
            Self::Ne => value != limit,
            Self::Gt => value > limit,
            Self::Lt => value < limit,
        }
    }
}

impl Rule {
    /// Reads `metric op value`; `forecast` says which metrics there are.
    ///
    /// # Errors
    /// No operator, an unknown metric or station, a value that is not of the metric's kind.
    pub fn parse(text: &str, origin: &TextOrigin, level: Level, forecast: &Forecast) -> Result<Self, InputError> {
        let fail = |message: String, offset: usize| {
            let mut error = InputError::new(message).at(origin.locate(text, offset));
            error.source_text = (origin.path.is_none()).then(|| text.into());
            error
        };
        let Some((at, op)) = find_operator(text) else {
            return Err(fail(format!("rule `{text}` has no comparison"), text.len())
                .expected("`metric op value`, such as `tps >= 800`; op is one of >= <= > < == !="));
        };
        let metric = resolve(text[..at.start].trim(), forecast).map_err(|mut e| {
            let place = fail(String::new(), text.len() - text.trim_start().len());
            (e.position, e.source_text) = (place.position, place.source_text);
            e
        })?;
        let limit_text = text[at.end..].trim();
        let limit_at = text[at.end..].find(limit_text).map_or(at.end, |o| at.end + o);
        let limit = limit(limit_text, op, &metric, forecast).map_err(|mut e| {
            let place = fail(String::new(), limit_at);
            (e.position, e.source_text) = (place.position, place.source_text);
            e
        })?;
        let position = Some(origin.locate(text, 0));
        Ok(Self { written: text.trim().to_owned(), metric, test: Test::Compare(op, limit), level, position })
    }

    /// Whether it compares with a baseline.
    #[must_use]
    pub const fn is_regression(&self) -> bool {
        matches!(self.test, Test::Regression(_))
    }

    /// A limit on how much worse `metric` may be than in the baseline.
    ///
    /// # Errors
    /// An unknown metric, or one of which neither more nor less is worse.
    pub fn regression(
        metric: &str,
        share: f64,
        level: Level,
        position: Option<Position>,
        forecast: &Forecast,
    ) -> Result<Self, InputError> {
        let fail = |mut e: InputError| {
            e.position.clone_from(&position);
            e
        };
        let resolved = resolve(metric, forecast).map_err(fail)?;
        let is_text = matches!(resolved.value(forecast), Value::Text(_));
        if is_text || resolved.more_is_better().is_none() {
            let message = format!("`{metric}` has no better and worse, so it cannot regress");
            return Err(fail(InputError::new(message).expected("a metric such as `tps` or `p95_ms`")));
        }
        let written = format!("{metric} at most {}% worse", share * 100.0);
        Ok(Self { written, metric: resolved, test: Test::Regression(share), level, position })
    }
}

/// Reads a share: `5%` or `0.05`; a bare number above 1 is more likely a slip than a thousandfold.
#[must_use]
pub fn share(text: &str) -> Option<f64> {
    match text.trim().strip_suffix('%') {
        Some(percent) => spelling::count(percent).ok().map(|p| p / 100.0),
        None => spelling::count(text).ok().filter(|x| *x <= 1.0),
    }
}

fn resolve(name: &str, forecast: &Forecast) -> Result<Metric, InputError> {
    Metric::resolve(name, forecast).map_err(|e| {
        let mut error = InputError::new(e.to_string()).expected(
            "a path of the JSON form, or tps, latency_ms, p50_ms, p95_ms, p99_ms, bottleneck, \
             utilization(STATION), TRANSACTION.p99_ms",
        );
        error.nearest = e.nearest;
        error
    })
}

/// The first operator outside quotes, with its bytes.
fn find_operator(text: &str) -> Option<(Range<usize>, Op)> {
    let mut quote = None;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(q), _) if q == c => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, _) => {
                if let Some((spelling, op)) = OPS.iter().find(|(s, _)| text[at..].starts_with(s)) {
                    return Some((at..at + spelling.len(), *op));
                }
            }
        }
    }
    None
}

fn limit(text: &str, op: Op, metric: &Metric, forecast: &Forecast) -> Result<Limit, InputError> {
    let name = &metric.written;
    if metric.is_station_name() || matches!(metric.value(forecast), Value::Text(_)) {
        let value = unquote(text);
        if !matches!(op, Op::Eq | Op::Ne) {
            return Err(
                InputError::new(format!("`{name}` is a name and cannot be compared by {op}")).expected("== or !=")
            );
        }
        if metric.is_station_name() && !STATIONS.contains(&value) {
            return Err(InputError::new(format!("unknown station `{value}`"))
                .expected(format!("one of {}", STATIONS.join(", ")))
                .nearest_of(value, STATIONS.iter().copied()));
        }
        return Ok(Limit::Text(value.to_owned()));
    }
    let (value, expected) = match metric.dimension() {
        Dimension::Milliseconds => (
            spelling::duration(text, Seconds::from_ms(1.0)).map(Seconds::ms),
            "a duration such as `50ms`; a bare number is in ms",
        ),
        Dimension::Bytes => {
            (spelling::size(text, Bytes(1.0)).map(Bytes::get), "a size such as `8kB`; a bare number is in bytes")
        }
        Dimension::Rate => (spelling::rate(text).map(Rate::get), "a rate such as `800` or `800/s`"),
        Dimension::Share => {
            let value = match text.strip_suffix('%') {
                Some(percent) => spelling::number(percent).map(|p| p / 100.0),
                None => spelling::number(text),
            };
            (value, "a share such as `0.8` or `80%`")
        }
        Dimension::Count => (spelling::number(text), "a number"),
    };
    value.map(Limit::Number).map_err(|e| {
        let mut error = InputError::new(format!("`{text}` is not a value of `{name}`")).expected(expected);
        error.nearest = e.nearest;
        error
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forecast::sample;

    fn parse(text: &str) -> Result<Rule, InputError> {
        Rule::parse(text, &TextOrigin::file("--assert"), Level::Error, &sample::forecast())
    }

    fn limit_of(text: &str) -> Limit {
        match parse(text).unwrap_or_else(|e| panic!("{text}: {e}")).test {
            Test::Compare(_, limit) => limit,
            Test::Regression(_) => panic!("{text}"),
        }
    }

    #[test]
    fn limits_in_units_of_the_metric() {
        assert_eq!(limit_of("tps >= 800"), Limit::Number(800.0));
        assert_eq!(limit_of("tps>=1.5k"), Limit::Number(1500.0));
        assert_eq!(limit_of("p95_ms < 50ms"), Limit::Number(50.0));
        assert_eq!(limit_of("p95_ms < 1.5s"), Limit::Number(1500.0));
        assert_eq!(limit_of("latency_ms <= 250us"), Limit::Number(0.25));
        assert_eq!(limit_of("utilization(server_cpu) <= 80%"), Limit::Number(0.8));
        assert_eq!(limit_of("per_transaction.wal_bytes <= 2kB"), Limit::Number(2048.0));
        assert_eq!(limit_of("bottleneck == 'wal_flush'"), Limit::Text("wal_flush".into()));
        assert_eq!(limit_of("bottleneck != row_locks"), Limit::Text("row_locks".into()));
    }

    #[test]
    fn mistakes_have_a_place_and_an_expectation() {
        let message = |text: &str| {
            let e = parse(text).unwrap_err();
            format!("{} {} ({})", e.position.clone().unwrap(), e, e.nearest.clone().unwrap_or_default())
        };
        assert_eq!(message("tsp >= 800"), "--assert:1:1 unknown metric `tsp` (tps)");
        assert_eq!(message("tps 800"), "--assert:1:8 rule `tps 800` has no comparison ()");
        assert_eq!(message("tps >= 800ms"), "--assert:1:8 `800ms` is not a value of `tps` ()");
        assert_eq!(message("tps >= "), "--assert:1:7 `` is not a value of `tps` ()");
        assert_eq!(message("p95_ms < 5 parsecs"), "--assert:1:10 `5 parsecs` is not a value of `p95_ms` ()");
        assert_eq!(message("bottleneck == 'wal_flsh'"), "--assert:1:15 unknown station `wal_flsh` (wal_flush)");
        assert!(message("bottleneck > 'wal_flush'").contains("cannot be compared by >"));
        assert!(message("tps >= nan").contains("not a value"));
    }

    #[test]
    fn shares() {
        assert_eq!(share("5%"), Some(0.05));
        assert_eq!(share("0.05"), Some(0.05));
        assert_eq!(share("5"), None);
        assert_eq!(share("-5%"), None);
        assert_eq!(share("5ms"), None);
    }

    #[test]
    fn only_what_has_a_direction_regresses() {
        let f = sample::forecast();
        let rule = |metric| Rule::regression(metric, 0.05, Level::Error, None, &f);
        assert!(rule("tps").is_ok() && rule("transfer.p99_ms").is_ok());
        assert!(rule("bottleneck").is_err() && rule("clients").is_err());
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_answered_with_a_place(text in "[a-z0-9_.()<>=!%'\"é \\[\\]-]{0,32}") {
            if let Err(e) = parse(&text) {
                assert!(e.position.is_some() && e.expected.is_some(), "{text:?}: {e:?}");
            }
        }
    }
}
