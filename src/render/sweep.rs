//! Sweeps: one row per scenario as CSV, text or Markdown; a list of forecasts as JSON; goals.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::forecast::Forecast;
use crate::forecast::sweep::Goal;
use crate::render::number::short;
use crate::render::paint::{Paint, wrap};
use crate::render::{RenderError, WIDTH, advice, csv, curve, json, table};

/// What is kept of a scenario, already in its final form.
#[derive(Debug, Clone, PartialEq)]
pub enum Row {
    /// Cells of a table, of text or of CSV.
    Cells(Vec<String>),
    /// A JSON object, indented to stand in a list.
    Json(String),
}

/// Formats of a sweep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A table for people.
    Text,
    /// A list of forecasts, each with its `set`.
    Json,
    /// One row per scenario.
    Csv,
    /// A Markdown table.
    Markdown,
}

#[derive(Serialize)]
struct Scenario<'a> {
    set: BTreeMap<&'a str, &'a str>,
    #[serde(flatten)]
    forecast: &'a Forecast,
}

impl Format {
    /// What this format keeps of one scenario.
    ///
    /// # Errors
    /// The serializer's.
    pub fn row(self, set: &[(String, String)], forecast: &Forecast) -> Result<Row, RenderError> {
        let values = set.iter().map(|(_, v)| v.clone());
        Ok(match self {
            Self::Csv => Row::Cells(values.chain(csv::cells(forecast)).collect()),
            Self::Text | Self::Markdown => Row::Cells(values.chain(curve::cells(forecast)).collect()),
            Self::Json => {
                let set = set.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
                let text = serde_json::to_string_pretty(&Scenario { set, forecast })?;
                Row::Json(text.replace('\n', "\n  "))
            }
        })
    }

    /// All rows together.
    ///
    /// # Errors
    /// The CSV writer's.
    pub fn table(self, keys: &[String], rows: &[Row]) -> Result<String, RenderError> {
        let cells = || rows.iter().filter_map(|r| if let Row::Cells(c) = r { Some(c) } else { None });
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        Ok(match self {
            Self::Csv => {
                let header = keys.iter().copied().chain(csv::COLUMNS).collect();
                csv::write(std::iter::once(header).chain(cells().map(|r| r.iter().map(String::as_str).collect())))?
            }
            Self::Json => {
                let all = rows.iter().filter_map(|r| if let Row::Json(j) = r { Some(j.as_str()) } else { None });
                format!("[\n  {}\n]\n", all.collect::<Vec<_>>().join(",\n  "))
            }
            Self::Text | Self::Markdown => {
                // A dotted path is too wide for a column; its last name tells people enough.
                let short_key = |k: &str| k.rsplit('.').next().unwrap_or(k).to_owned();
                let mut header: Vec<String> =
                    keys.iter().map(|k| if self == Self::Text { short_key(k) } else { (*k).to_owned() }).collect();
                header.extend(curve::HEADER[1..].iter().map(|h| (*h).to_owned()));
                let header: Vec<&str> = header.iter().map(String::as_str).collect();
                let rows: Vec<Vec<String>> = cells().cloned().collect();
                match self {
                    Self::Text => table::plain(&header, &rows, 0),
                    _ => table::markdown(&header, &rows, 0),
                }
            }
        })
    }
}

#[derive(Serialize)]
struct GoalJson<'a> {
    goal: &'a str,
    key: &'a str,
    reached: bool,
    value: Option<&'a str>,
    nearest_value: Option<&'a str>,
    why: Option<String>,
    forecast: &'a Forecast,
}

/// Why no value reaches a goal.
fn why_not(key: &str, value: &str, forecast: &Forecast) -> String {
    let b = &forecast.bottleneck;
    format!(
        "the nearest is {} TPS at {key}={value}, where {} ({}) is the bottleneck: {}",
        short(forecast.tps.mean),
        advice::in_words(&b.station),
        b.station,
        b.why
    )
}

/// The answer to `--until`, as JSON.
///
/// # Errors
/// The serializer's.
pub fn goal_json(goal: &str, key: &str, found: &Goal) -> Result<String, RenderError> {
    json::pretty(&match found {
        Goal::Reached { value, forecast } => {
            GoalJson { goal, key, reached: true, value: Some(value), nearest_value: None, why: None, forecast }
        }
        Goal::Missed { value, forecast } => GoalJson {
            goal,
            key,
            reached: false,
            value: None,
            nearest_value: Some(value),
            why: Some(why_not(key, value, forecast)),
            forecast,
        },
    })
}

/// The answer to `--until`, as text.
#[must_use]
pub fn goal_text(goal: &str, key: &str, found: &Goal, paint: Paint) -> String {
    match found {
        Goal::Reached { value, forecast } => {
            let answer = paint.bold(&format!("{key}={value}"));
            let rows = [curve::cells(forecast)];
            format!("{answer} is the first value with {goal}\n\n{}", table::plain(&curve::HEADER[1..], &rows, 0))
        }
        Goal::Missed { value, forecast } => {
            let head = paint.bad(&format!("no value of {key} reaches {goal}"));
            format!("{head}\n{}", wrap("  ", &why_not(key, value, forecast), WIDTH))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forecast::sample;

    fn two(format: Format) -> String {
        let keys = ["workload.clients".to_owned(), "machine.cpu.cores".to_owned()];
        let rows: Vec<Row> = ["1", "4"]
            .iter()
            .map(|c| {
                let set = [(keys[0].clone(), (*c).to_owned()), (keys[1].clone(), "2".to_owned())];
                format.row(&set, &sample::forecast()).unwrap()
            })
            .collect();
        format.table(&keys, &rows).unwrap()
    }

    #[test]
    fn csv_has_the_swept_keys_first() {
        let out = two(Format::Csv);
        let mut lines = out.lines();
        let header = "workload.clients,machine.cpu.cores,tps,tps_low,tps_high,latency_mean_ms,p95_ms,p99_ms,\
                      bottleneck,bottleneck_utilization";
        assert_eq!(lines.next(), Some(header));
        assert_eq!(lines.next(), Some("1,2,897.012345,820,960,17.837,31,44,wal_flush,0.98"));
        assert_eq!(out.lines().count(), 3);
    }

    #[test]
    fn json_is_a_list_of_forecasts_with_their_set() {
        let json: serde_json::Value = serde_json::from_str(&two(Format::Json)).unwrap();
        assert_eq!(json[1]["set"]["workload.clients"], "4");
        assert_eq!(json[1]["tps"]["mean"], 897.012_345);
        let back: Forecast = serde_json::from_value(json[0].clone()).unwrap();
        assert_eq!(back, sample::forecast());
        assert_eq!(Format::Json.table(&[], &[]).unwrap(), "[\n  \n]\n");
    }

    #[test]
    fn text_fits() {
        let out = two(Format::Text);
        assert!(out.lines().all(|l| l.chars().count() <= WIDTH), "{out}");
        assert!(out.lines().next().unwrap().trim_start().starts_with("clients"), "{out}");
    }
}
