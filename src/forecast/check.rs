//! Provides the verdict on a forecast: rules judged, and the comparison with a baseline.

use serde::Serialize;
use serde_json::Value as Json;

use crate::diagnostic::WarningCode;
use crate::forecast::metric::Value;
use crate::forecast::rule::{Level, Limit, Op, Rule, Test};
use crate::forecast::{Forecast, ForecastWarning};

/// Relative differences below this are the last bits of a JSON number.
pub const NOISE: f64 = 1e-9;

/// How one rule, or the whole check, came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It holds.
    Passed,
    /// It does not.
    Breached,
    /// It holds for the forecast itself but not in all of its interval.
    Inconclusive,
    /// It needs a baseline and there is no comparable one.
    NoBaseline,
}

/// A check, judged; this is the JSON form.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Check {
    /// All rules together.
    pub verdict: Verdict,
    /// Each rule, in the order given.
    pub rules: Vec<Outcome>,
    /// What `--strict` takes for a failure: input that was not read or is not modelled.
    pub strict_failures: Vec<ForecastWarning>,
    /// Why there is no comparable baseline; null when there is, or none was asked for.
    pub no_baseline_because: Option<String>,
    /// DDL that came since the baseline and touches tables of the workload.
    pub schema_changes: Vec<SchemaChange>,
    /// What was judged.
    pub forecast: Forecast,
    /// What it was compared with.
    pub baseline: Option<Forecast>,
}

/// One rule, judged.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Outcome {
    /// As written.
    pub rule: String,
    /// The metric.
    pub metric: String,
    /// `error` or `warn`.
    pub level: &'static str,
    /// How it came out.
    pub verdict: Verdict,
    /// The metric's value; null when it is not finite.
    pub value: Json,
    /// Lower end of its interval; null for metrics without one.
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
    /// The limit, in the metric's unit; a share for a regression.
    pub limit: Json,
    /// The metric's value in the baseline; null without one.
    pub baseline: Json,
    /// Relative change since the baseline: 0.05 is 5 % more.
    pub change: Option<f64>,
    /// Whether more of the metric is better; null when neither is.
    pub more_is_better: Option<bool>,
    /// The station that limited the baseline, when it is another one than now.
    pub bottleneck_before: Option<String>,
    /// `file:line:column` of the rule.
    pub location: Option<String>,
}

/// DDL that came since the baseline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SchemaChange {
    /// What it is: "new index `orders_status` on `orders`".
    pub message: String,
    /// `file:line:column`.
    pub location: Option<String>,
}

/// What a forecast is compared with.
#[derive(Debug, Clone, PartialEq)]
pub enum Baseline {
    /// Nothing; none was asked for.
    None,
    /// Asked for, but there is no comparable one, and why.
    Missing(String),
    /// A comparable forecast.
    Found(Box<Forecast>),
}

/// Judges all rules and adds them up.
#[must_use]
pub fn judge(forecast: Forecast, rules: &[Rule], baseline: Baseline, strict: bool) -> Check {
    let (base, no_baseline_because) = match baseline {
        Baseline::None => (None, None),
        Baseline::Missing(why) => (None, Some(why)),
        Baseline::Found(f) => (Some(*f), None),
    };
    let outcomes: Vec<Outcome> = rules.iter().map(|r| outcome(r, &forecast, base.as_ref())).collect();
    let strict_failures: Vec<ForecastWarning> =
        if strict { forecast.warnings.iter().filter(|w| fails_strict(&w.code)).cloned().collect() } else { Vec::new() };
    let has = |v: Verdict| outcomes.iter().any(|o| o.level == "error" && o.verdict == v);
    let verdict = if has(Verdict::Breached) || !strict_failures.is_empty() {
        Verdict::Breached
    } else if has(Verdict::NoBaseline) || no_baseline_because.is_some() {
        Verdict::NoBaseline
    } else if strict && has(Verdict::Inconclusive) {
        Verdict::Inconclusive
    } else {
        Verdict::Passed
    };
    Check {
        verdict,
        rules: outcomes,
        strict_failures,
        no_baseline_because,
        schema_changes: Vec::new(),
        forecast,
        baseline: base,
    }
}

fn fails_strict(code: &str) -> bool {
    WarningCode::ALL.iter().any(|c| c.as_str() == code && c.fails_strict())
}

fn outcome(rule: &Rule, now: &Forecast, base: Option<&Forecast>) -> Outcome {
    let value = rule.metric.value(now);
    let range = rule.metric.range(now);
    let before = base.map(|b| rule.metric.value(b));
    let change = match (&value, &before) {
        (Value::Number(v), Some(Value::Number(b))) if *b != 0.0 => Some(v / b - 1.0),
        _ => None,
    };
    let moved = base.filter(|b| b.bottleneck.station != now.bottleneck.station);
    let verdict = match &rule.test {
        Test::Compare(op, limit) => match (&value, limit) {
            (Value::Number(v), Limit::Number(limit)) => match range {
                _ if !op.holds(*v, *limit) => Verdict::Breached,
                Some((lo, hi)) if !op.holds(lo, *limit) || !op.holds(hi, *limit) => Verdict::Inconclusive,
                _ => Verdict::Passed,
            },
            (Value::Text(v), Limit::Text(limit)) if (v == limit) == (*op == Op::Eq) => Verdict::Passed,
            _ => Verdict::Breached,
        },
        Test::Regression(limit) => {
            let range = range.filter(|_| moved.is_some());
            regression(*limit, &value, range, before.as_ref(), rule.metric.more_is_better() == Some(true))
        }
    };
    Outcome {
        rule: rule.written.clone(),
        metric: rule.metric.written.clone(),
        level: if rule.level == Level::Error { "error" } else { "warn" },
        verdict,
        value: json(Some(&value)),
        low: range.map(|r| r.0),
        high: range.map(|r| r.1),
        limit: match &rule.test {
            Test::Compare(_, Limit::Number(x)) | Test::Regression(x) => Json::from(*x),
            Test::Compare(_, Limit::Text(t)) => Json::from(t.as_str()),
        },
        baseline: json(before.as_ref()),
        change,
        more_is_better: rule.metric.more_is_better(),
        bottleneck_before: moved.map(|b| b.bottleneck.station.clone()),
        location: rule.position.as_ref().map(ToString::to_string),
    }
}

/// Judges "at most `limit` worse than the baseline".
///
/// Both forecasts come from one model and one machine, so what the model gets wrong it gets wrong on
/// both sides alike, and their ratio is judged as it stands. That reasoning fails when another
/// station limits than before: then the caller gives the interval of the new forecast, which must
/// pass, too, or the result is inconclusive.
fn regression(
    limit: f64,
    value: &Value,
    range: Option<(f64, f64)>,
    before: Option<&Value>,
    more_is_better: bool,
) -> Verdict {
    let (v, b) = match (value, before) {
        (_, None) => return Verdict::NoBaseline,
        (Value::Number(v), Some(Value::Number(b))) => (*v, *b),
        // Latency that was infinite and is not any more.
        (Value::Number(_), Some(_)) => return Verdict::Passed,
        _ => return Verdict::Breached,
    };
    let loss = |x: f64| match (more_is_better, b == 0.0) {
        (_, true) if x == 0.0 => 0.0,
        (true, true) => f64::NEG_INFINITY,
        (false, true) => f64::INFINITY,
        (true, false) => 1.0 - x / b,
        (false, false) => x / b - 1.0,
    };
    let worst = range.map_or(v, |(lo, hi)| if more_is_better { lo } else { hi });
    match (loss(v), loss(worst)) {
        (l, _) if l > limit + NOISE => Verdict::Breached,
        (_, l) if l > limit + NOISE => Verdict::Inconclusive,
        _ => Verdict::Passed,
    }
}

fn json(value: Option<&Value>) -> Json {
    match value {
        Some(Value::Number(x)) => Json::from(*x),
        Some(Value::Text(t)) => Json::from(t.as_str()),
        Some(Value::Null) | None => Json::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::TextOrigin;
    use crate::forecast::sample;

    fn rule(text: &str, level: Level) -> Rule {
        Rule::parse(text, &TextOrigin::file("--assert"), level, &sample::forecast()).unwrap()
    }

    fn verdict(text: &str, strict: bool) -> Verdict {
        let mut f = sample::forecast();
        f.warnings.clear();
        judge(f, &[rule(text, Level::Error)], Baseline::None, strict).verdict
    }

    #[test]
    fn the_forecast_decides_and_strict_asks_the_whole_interval() {
        // 897 with an interval of 820 to 960.
        assert_eq!(verdict("tps >= 800", true), Verdict::Passed);
        assert_eq!(verdict("tps >= 850", false), Verdict::Passed);
        assert_eq!(verdict("tps >= 850", true), Verdict::Inconclusive);
        assert_eq!(verdict("tps >= 900", false), Verdict::Breached);
        assert_eq!(verdict("tps >= 900", true), Verdict::Breached);
        assert_eq!(verdict("bottleneck == 'wal_flush'", true), Verdict::Passed);
        assert_eq!(verdict("bottleneck != 'wal_flush'", true), Verdict::Breached);
        assert_eq!(verdict("utilization(wal_flush) < 90%", true), Verdict::Breached);
    }

    #[test]
    fn null_is_breached_and_warn_does_not_fail() {
        let mut f = sample::forecast();
        f.latency_ms = None;
        let check = |level| judge(f.clone(), &[rule("p95_ms < 1h", level)], Baseline::None, false);
        assert_eq!(check(Level::Error).verdict, Verdict::Breached);
        assert_eq!(check(Level::Warn).verdict, Verdict::Passed);
        assert_eq!(check(Level::Warn).rules[0].verdict, Verdict::Breached);
    }

    #[test]
    fn strict_fails_on_what_was_not_modelled() {
        let rules = [rule("tps >= 800", Level::Error)];
        assert_eq!(judge(sample::forecast(), &rules, Baseline::None, false).verdict, Verdict::Passed);
        let check = judge(sample::forecast(), &rules, Baseline::None, true);
        assert_eq!((check.verdict, check.strict_failures.len()), (Verdict::Breached, 1));
    }

    #[test]
    fn regressions_in_both_directions() {
        let compare = |metric: &str, now: f64, before: f64| {
            let (mut a, mut b) = (sample::forecast(), sample::forecast());
            (a.tps.mean, b.tps.mean) = (now, before);
            let (l, m) = (a.latency_ms.as_mut().unwrap(), b.latency_ms.as_mut().unwrap());
            (l.p95, m.p95) = (now, before);
            let rule = Rule::regression(metric, 0.05, Level::Error, None, &a).unwrap();
            judge(a, &[rule], Baseline::Found(Box::new(b)), false).rules[0].verdict
        };
        assert_eq!(compare("tps", 95.0, 100.0), Verdict::Passed);
        assert_eq!(compare("tps", 94.9, 100.0), Verdict::Breached);
        assert_eq!(compare("tps", 200.0, 100.0), Verdict::Passed);
        assert_eq!(compare("p95_ms", 105.0, 100.0), Verdict::Passed);
        assert_eq!(compare("p95_ms", 105.1, 100.0), Verdict::Breached);
        assert_eq!(compare("p95_ms", 50.0, 100.0), Verdict::Passed);
    }

    #[test]
    fn a_moved_bottleneck_makes_a_close_call_inconclusive() {
        let mut before = sample::forecast();
        before.bottleneck.station = "server_cpu".into();
        before.tps.mean = 900.0;
        let mut now = sample::forecast();
        now.warnings.clear();
        let rules = [Rule::regression("tps", 0.05, Level::Error, None, &now).unwrap()];
        let strict = |limit: Baseline, strict| judge(now.clone(), &rules, limit, strict).verdict;
        // 897 against 900 is fine, but 820, the lower end, would be 8.9 % less.
        assert_eq!(strict(Baseline::Found(Box::new(before.clone())), false), Verdict::Passed);
        assert_eq!(strict(Baseline::Found(Box::new(before.clone())), true), Verdict::Inconclusive);
        before.bottleneck.station = "wal_flush".into();
        assert_eq!(strict(Baseline::Found(Box::new(before)), true), Verdict::Passed);
        assert_eq!(strict(Baseline::Missing("no file".into()), true), Verdict::NoBaseline);
    }
}
