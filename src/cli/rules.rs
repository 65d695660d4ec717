//! Reads the rules file of `predict check`.

use std::path::Path;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::diagnostic::InputError;
use crate::forecast::Forecast;
use crate::forecast::rule::{Level, Rule, share};
use crate::yaml::{Document, Located, Number, Text};

/// A file of rules for `predict check`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RulesFile {
    /// Version of the format: 1.
    version: Option<Located<Number>>,
    /// The rules.
    rules: Located<Vec<Located<RuleEntry>>>,
}

/// One rule: either `assert`, or `metric` with `max_regression`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RuleEntry {
    /// What must hold: `tps >= 800`.
    assert: Option<Located<Text>>,
    /// A metric to compare with the baseline.
    metric: Option<Located<Text>>,
    /// Most that the metric may be worse than in the baseline: `10%`.
    max_regression: Option<Located<Text>>,
    /// `error` (default) fails the check, `warn` only reports.
    level: Option<Located<Text>>,
}

/// The JSON Schema of a rules file.
#[must_use]
pub fn json_schema() -> serde_json::Value {
    schemars::schema_for!(RulesFile).to_value()
}

/// Reads a rules file.
///
/// # Errors
/// The file cannot be read, or its first mistake, with its place.
pub fn read(path: &Path, forecast: &Forecast) -> Result<Vec<Rule>, InputError> {
    parse(&Document::read(path)?, forecast)
}

fn parse(document: &Document, forecast: &Forecast) -> Result<Vec<Rule>, InputError> {
    let file: RulesFile = document.deserialize()?;
    document.check_version(file.version.as_ref(), 1)?;
    if file.rules.value.is_empty() {
        return Err(document.error_at(file.rules.node, "no rules").expected("at least one rule"));
    }
    file.rules.value.iter().map(|entry| rule(document, entry, forecast)).collect()
}

fn rule(document: &Document, entry: &Located<RuleEntry>, forecast: &Forecast) -> Result<Rule, InputError> {
    let level = match &entry.value.level {
        None => Level::Error,
        Some(level) => match level.value.0.as_str() {
            "error" => Level::Error,
            "warn" => Level::Warn,
            other => {
                return Err(document
                    .error_at(level.node, format!("unknown level `{other}`"))
                    .expected("`error` or `warn`")
                    .nearest_of(other, ["error", "warn"]));
            }
        },
    };
    match (&entry.value.assert, &entry.value.metric, &entry.value.max_regression) {
        (Some(text), None, None) => {
            Rule::parse(&text.value.0, &document.origin(text.node), level, forecast).map_err(|mut e| {
                e.source_text = Some(document.text().clone());
                e
            })
        }
        (None, Some(metric), Some(limit)) => {
            let Some(share) = share(&limit.value.0) else {
                return Err(document
                    .error_at(limit.node, format!("`{}` is not a share", limit.value.0))
                    .expected("`10%` or `0.1`"));
            };
            let position = Some(document.position(metric.node));
            Rule::regression(&metric.value.0, share, level, position, forecast).map_err(|mut e| {
                e.source_text = Some(document.text().clone());
                e
            })
        }
        _ => Err(document
            .error_at(entry.node, "a rule with neither one form nor the other")
            .expected("either `assert`, or `metric` with `max_regression`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forecast::sample;

    fn read_text(text: &str) -> Result<Vec<Rule>, InputError> {
        parse(&Document::parse("rules.yaml", text)?, &sample::forecast())
    }

    #[test]
    fn both_forms() {
        let text = "version: 1\nrules:\n  - {assert: 'tps >= 800', level: error}\n  - {metric: p95_ms, max_regression: 10%, level: warn}\n";
        let rules = read_text(text).unwrap();
        assert_eq!((rules.len(), rules[0].level, rules[1].level), (2, Level::Error, Level::Warn));
        assert!(!rules[0].is_regression() && rules[1].is_regression());
        assert_eq!(rules[1].position.as_ref().unwrap().line, 4);
    }

    #[test]
    fn mistakes_have_their_place() {
        let message = |rule: &str| {
            let e = read_text(&format!("version: 1\nrules:\n  - {rule}\n")).unwrap_err();
            format!("{} {e} ({})", e.position.clone().unwrap(), e.nearest.clone().unwrap_or_default())
        };
        assert_eq!(message("assert: tsp >= 800"), "rules.yaml:3:13 unknown metric `tsp` (tps)");
        assert_eq!(message("assert: tps >= much"), "rules.yaml:3:20 `much` is not a value of `tps` ()");
        assert_eq!(message("{metric: tps, max_regression: 10}"), "rules.yaml:3:35 `10` is not a share ()");
        assert_eq!(message("{metric: tsp, max_regression: 1%}"), "rules.yaml:3:14 unknown metric `tsp` (tps)");
        assert_eq!(message("{assert: tps > 1, level: eror}"), "rules.yaml:3:30 unknown level `eror` (error)");
        assert!(message("{asert: tps > 1}").contains("(assert)"));
        assert!(message("{metric: tps}").contains("neither"));
        assert!(read_text("version: 2\nrules: [{assert: tps > 1}]").unwrap_err().message.contains("not supported"));
        assert!(read_text("version: 1\nrules: []").unwrap_err().message.contains("no rules"));
    }
}
