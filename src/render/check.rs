//! Verdicts of a check as text, JSON and Markdown.

use serde::Serialize;
use serde_json::Value as Json;

use crate::forecast::check::{Check, NOISE, Outcome, Verdict};
use crate::render::number::{change, short};
use crate::render::paint::{Paint, wrap};
use crate::render::{RenderError, WIDTH, json, markdown, table};

/// What the whole check says, in one line.
#[must_use]
pub fn headline(check: &Check) -> String {
    let breached = |level| check.rules.iter().filter(|o| o.verdict == Verdict::Breached && o.level == level).count();
    let total = check.rules.len();
    let rules = |n: usize| if n == 1 { "1 rule".to_owned() } else { format!("{n} rules") };
    match check.verdict {
        Verdict::Passed if breached("warn") > 0 => {
            format!("passed: {} checked, {} breached at level warn", rules(total), breached("warn"))
        }
        Verdict::Passed => format!("passed: {} checked", rules(total)),
        Verdict::Breached if breached("error") == 0 => "breached: --strict does not accept the warnings".into(),
        Verdict::Breached => format!("breached: {} of {}", breached("error"), rules(total)),
        Verdict::NoBaseline => {
            let why = check.no_baseline_because.as_ref().map(|w| format!(": {w}")).unwrap_or_default();
            format!("no comparable baseline{why}")
        }
        Verdict::Inconclusive => "inconclusive: a limit lies inside the forecast's interval".into(),
    }
}

/// One rule's result, in words: "tps is 897 (820 to 960)".
#[must_use]
pub fn describe(o: &Outcome) -> String {
    let interval = match (o.low, o.high) {
        (Some(low), Some(high)) => format!(" ({} to {})", short(low), short(high)),
        _ => String::new(),
    };
    let value = match &o.value {
        Json::Number(n) => short(n.as_f64().unwrap_or(f64::NAN)),
        Json::String(s) => s.clone(),
        _ => return format!("{} has no finite value", o.metric),
    };
    let before = match (&o.baseline, o.change) {
        (Json::Number(_), Some(c)) if c.abs() < NOISE => ", as in the baseline".to_owned(),
        (Json::Number(b), _) => {
            let (b, v) = (b.as_f64().unwrap_or(f64::NAN), o.value.as_f64().unwrap_or(f64::NAN));
            let word = match o.more_is_better {
                Some(better) if (v > b) == better => "improved",
                Some(_) => "regressed",
                None => "changed",
            };
            format!(", {word} from {} ({})", short(b), change(b, v))
        }
        (Json::String(b), _) if *b != value => format!(", it was {b}"),
        _ => String::new(),
    };
    let moved = o.bottleneck_before.as_ref().map(|b| format!("; {b} was the bottleneck before")).unwrap_or_default();
    format!("{} is {value}{interval}{before}{moved}", o.metric)
}

/// The word for a verdict of one rule.
#[must_use]
pub const fn word(o: &Outcome) -> &'static str {
    match o.verdict {
        Verdict::Passed => "pass",
        Verdict::Breached if matches!(o.level.as_bytes(), b"warn") => "WARN",
        Verdict::Breached => "FAIL",
        Verdict::Inconclusive => "pass?",
        Verdict::NoBaseline => "none",
    }
}

/// Text for people.
#[must_use]
pub fn text(check: &Check, paint: Paint, quiet: bool) -> String {
    let head = headline(check);
    let colour = if check.verdict == Verdict::Passed { Paint::good } else { Paint::bad };
    let mut out = format!("{}: {}\n\n", check.forecast.workload, colour(paint, &head));
    for o in &check.rules {
        out += &wrap(&format!("  {:<5}  ", word(o)), &format!("{}: {}", o.rule, describe(o)), WIDTH);
    }
    for w in &check.strict_failures {
        out += &wrap("  FAIL   ", &w.to_string(), WIDTH);
    }
    if !check.schema_changes.is_empty() {
        out += &format!("\n{}\n", paint.bold("What changed in the schema"));
        for c in &check.schema_changes {
            let place = c.location.as_ref().map(|l| format!("{l}: ")).unwrap_or_default();
            out += &wrap("  - ", &format!("{place}{}", c.message), WIDTH);
        }
    }
    if !quiet {
        let rest: Vec<_> =
            check.forecast.warnings.iter().filter(|w| !check.strict_failures.contains(w)).cloned().collect();
        out += &super::text::warnings(&rest, paint);
    }
    out
}

#[derive(Serialize)]
struct Rendered<'a> {
    #[serde(flatten)]
    outcome: &'a Outcome,
    message: String,
}

#[derive(Serialize)]
struct Whole<'a> {
    verdict: Verdict,
    message: String,
    rules: Vec<Rendered<'a>>,
    strict_failures: &'a [crate::forecast::ForecastWarning],
    schema_changes: &'a [crate::forecast::check::SchemaChange],
    forecast: &'a crate::forecast::Forecast,
    baseline: Option<&'a crate::forecast::Forecast>,
}

/// JSON: verdict, rules with their numbers, both forecasts.
///
/// # Errors
/// The serializer's.
pub fn to_json(check: &Check) -> Result<String, RenderError> {
    json::pretty(&Whole {
        verdict: check.verdict,
        message: headline(check),
        rules: check.rules.iter().map(|outcome| Rendered { outcome, message: describe(outcome) }).collect(),
        strict_failures: &check.strict_failures,
        schema_changes: &check.schema_changes,
        forecast: &check.forecast,
        baseline: check.baseline.as_ref(),
    })
}

/// Markdown, for a comment on a pull request.
#[must_use]
pub fn to_markdown(check: &Check) -> String {
    let mut out = format!("## predict check of {}: {}\n\n", check.forecast.workload, headline(check));
    let rows: Vec<Vec<String>> =
        check.rules.iter().map(|o| vec![word(o).to_owned(), format!("`{}`", o.rule), describe(o)]).collect();
    out += &table::markdown(&["", "rule", "result"], &rows, 3);
    if !check.schema_changes.is_empty() {
        out += "\n### What changed in the schema\n\n";
        for c in &check.schema_changes {
            let place = c.location.as_ref().map(|l| format!("`{l}`: ")).unwrap_or_default();
            out += &format!("- {place}{}\n", c.message);
        }
    }
    out + &markdown::warnings(&check.forecast.warnings)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::diagnostic::TextOrigin;
    use crate::forecast::check::{Baseline, SchemaChange, judge};
    use crate::forecast::rule::{Level, Rule};
    use crate::forecast::sample;

    /// One rule of each outcome.
    pub fn check() -> Check {
        let now = sample::forecast();
        let mut before = sample::forecast();
        before.tps.mean = 1000.0;
        let rule =
            |text: &str, level| Rule::parse(text, &TextOrigin::file("rules.yaml"), level, &sample::forecast()).unwrap();
        let rules = [
            rule("tps >= 800", Level::Error),
            rule("p95_ms <= 20ms", Level::Error),
            rule("utilization(server_cpu) <= 20%", Level::Warn),
            rule("bottleneck == 'wal_flush'", Level::Error),
            Rule::regression("tps", 0.05, Level::Error, None, &now).unwrap(),
        ];
        let mut check = judge(now, &rules, Baseline::Found(Box::new(before)), false);
        check.schema_changes.push(SchemaChange {
            message: "new index `a<b` on `accounts`".into(),
            location: Some("schema.sql:12:1".into()),
        });
        check
    }

    #[test]
    fn text_of_every_outcome() {
        let out = text(&check(), Paint::default(), true);
        insta::assert_snapshot!(out);
        assert!(out.lines().all(|l| l.chars().count() <= WIDTH));
    }

    #[test]
    fn json_has_verdict_and_numbers() {
        let json: Json = serde_json::from_str(&to_json(&check()).unwrap()).unwrap();
        assert_eq!(json["verdict"], "breached");
        assert_eq!(json["rules"][1]["verdict"], "breached");
        assert_eq!(json["rules"][1]["limit"], 20.0);
        assert_eq!(json["rules"][4]["baseline"], 1000.0);
        assert_eq!(json["forecast"]["workload"], "transfer");
    }
}
