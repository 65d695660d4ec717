//! Provides the baseline of a check: a stored forecast, if it can be compared.

use std::path::Path;
use std::sync::Arc;

use serde_json::Value as Json;

use crate::diagnostic::{InputError, Position};
use crate::forecast::check::Baseline;
use crate::forecast::{Forecast, SCHEMA_VERSION};

/// Reads a stored forecast (or a list of them, of which the one with the same load is taken).
///
/// A file that does not exist, another version of the model or another machine means that there is
/// no comparable baseline; schema, statements, weights and load may differ, since they are what a
/// check is about.
///
/// # Errors
/// The file cannot be read or is not a forecast.
pub fn read(path: &Path, now: &Forecast) -> Result<Baseline, InputError> {
    let name = path.display().to_string();
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            return Ok(Baseline::Missing(format!("there is no file `{name}`")));
        }
        Err(e) => return Err(at(InputError::new(format!("failed to read the baseline: {e}")), &name, 1, 1)),
    };
    let json: Json = serde_json::from_str(&text).map_err(|e| {
        let error = InputError::new(format!("the baseline is not JSON: {e}"));
        at(error.expected("a forecast, as `predict forecast --format json` writes it"), &name, e.line(), e.column())
    })?;
    parse(json, now, &name)
}

fn parse(json: Json, now: &Forecast, name: &str) -> Result<Baseline, InputError> {
    let json = match json {
        Json::Array(all) => {
            let load = |f: &Json| f["clients"].as_u64() == now.clients && f["rate"].as_f64() == now.rate;
            match all.into_iter().find(load) {
                Some(one) => one,
                None => return Ok(Baseline::Missing(format!("`{name}` has no forecast of this load"))),
            }
        }
        one => one,
    };
    let not_a_forecast = |why: String| {
        let error = InputError::new(format!("the baseline is not a forecast: {why}"));
        at(error.expected("a forecast, as `predict forecast --format json` writes it"), name, 1, 1)
    };
    let Some(version) = json["schema_version"].as_u64() else {
        return Err(not_a_forecast("it has no `schema_version`".into()));
    };
    let model = json["model_version"].as_str().unwrap_or_default();
    if version != u64::from(SCHEMA_VERSION) || model != now.model_version {
        let why = format!("`{name}` was made by model {model}, this is model {}", now.model_version);
        return Ok(Baseline::Missing(why));
    }
    let before: Forecast = serde_json::from_value(json).map_err(|e| not_a_forecast(e.to_string()))?;
    Ok(match difference(&before, now) {
        Some(why) => Baseline::Missing(why),
        None => Baseline::Found(Box::new(before)),
    })
}

/// Why two forecasts cannot be compared, if they cannot.
#[must_use]
pub fn difference(before: &Forecast, now: &Forecast) -> Option<String> {
    if before.model_version != now.model_version {
        return Some(format!("it was made by model {}, this is model {}", before.model_version, now.model_version));
    }
    let machine = |f: &Forecast| (f.machine.clone(), f.inputs.machine.clone());
    if machine(before) != machine(now) {
        return Some(format!(
            "it is of machine `{}`, this is machine `{}`{}",
            before.machine.name,
            now.machine.name,
            if before.machine.name == now.machine.name { ", whose file differs" } else { "" }
        ));
    }
    let set = |f: &Forecast| -> Vec<(String, String)> {
        f.inputs.set.iter().filter(|(k, _)| k.starts_with("machine.")).map(|(k, v)| (k.clone(), v.clone())).collect()
    };
    (set(before) != set(now)).then(|| "other keys of the machine were set (`--set machine...`)".to_owned())
}

fn at(error: InputError, name: &str, line: usize, column: usize) -> InputError {
    let clamp = |n: usize| u32::try_from(n.max(1)).unwrap_or(u32::MAX);
    error.at(Position { file: Arc::from(name), line: clamp(line), column: clamp(column), path: None })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forecast::sample;

    fn of(change: impl Fn(&mut Forecast)) -> Baseline {
        let mut before = sample::forecast();
        change(&mut before);
        parse(serde_json::to_value(before).unwrap(), &sample::forecast(), "base.json").unwrap()
    }

    #[test]
    fn load_and_schema_may_differ_machine_and_model_may_not() {
        assert!(matches!(of(|_| ()), Baseline::Found(_)));
        assert!(matches!(of(|f| f.clients = Some(64)), Baseline::Found(_)));
        assert!(matches!(of(|f| f.inputs.schema = "sha256:other".into()), Baseline::Found(_)));
        assert!(matches!(of(|f| f.inputs.machine = "sha256:other".into()), Baseline::Missing(_)));
        assert!(matches!(of(|f| f.machine.calibrated = false), Baseline::Missing(_)));
        assert!(matches!(of(|f| f.model_version = "0.0.9".into()), Baseline::Missing(_)));
        let set = |f: &mut Forecast, key: &str| drop(f.inputs.set.insert(key.into(), "1".into()));
        assert!(matches!(of(|f| set(f, "machine.cpu.cores")), Baseline::Missing(_)));
        assert!(matches!(of(|f| set(f, "workload.clients")), Baseline::Found(_)));
    }

    #[test]
    fn a_curve_offers_the_forecast_of_the_same_load() {
        let with = |clients| {
            let mut f = sample::forecast();
            f.clients = Some(clients);
            serde_json::to_value(f).unwrap()
        };
        let found = parse(Json::Array(vec![with(4), with(16)]), &sample::forecast(), "b").unwrap();
        assert!(matches!(found, Baseline::Found(f) if f.clients == Some(16)));
        assert!(matches!(parse(Json::Array(vec![with(4)]), &sample::forecast(), "b"), Ok(Baseline::Missing(_))));
    }

    #[test]
    fn what_is_no_forecast_is_an_error_and_what_is_not_there_is_missing() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("b.json");
        assert!(matches!(read(&path, &sample::forecast()), Ok(Baseline::Missing(_))));
        for (text, place) in [("{\n  nonsense", "2:3"), ("[1", "1:2"), ("{}", "1:1"), ("null", "1:1")] {
            std::fs::write(&path, text).unwrap();
            let error = read(&path, &sample::forecast()).unwrap_err();
            assert!(error.position.clone().unwrap().to_string().ends_with(place), "{text}: {error:?}");
        }
    }
}
