//! Queueing networks with known answers, solved by `predict solve`, quantity by quantity.
//!
//! The cases and their conventions are in `fixtures/queueing.yaml`. Each is checked against the
//! digits of its source (`expected`) and against an independent computation (`oracle`), within the
//! tolerances given there.

use std::io::Write;

use predict::queueing::open;
use predict::queueing::single::{self, Kind, Rates, Station};
use serde_json::{Value, json};

/// Runs `predict solve` on a network; JSON is YAML.
fn solve(network: &Value) -> Result<Value, String> {
    let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
    write!(file, "{network}").expect("the file can be written");
    let output = assert_cmd::Command::cargo_bin("predict")
        .expect("the binary is built with the tests")
        .args(["solve", "--format", "json"])
        .arg(file.path())
        .output()
        .expect("it runs");
    let text =
        String::from_utf8_lossy(if output.status.success() { &output.stdout } else { &output.stderr }).into_owned();
    if output.status.success() { Ok(serde_json::from_str(&text).expect("JSON")) } else { Err(text) }
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or(f64::NAN)
}

/// A single station's parameters as a network.
fn single_station(case: &Value) -> Value {
    let input = &case["input"];
    let servers = input.get("servers").cloned().unwrap_or(json!(1));
    let mut station = json!({"name": "s", "kind": "queue", "servers": servers});
    match input.get("service_mean") {
        Some(mean) => {
            let m = number(mean);
            station["demands"] = json!({"c": m});
            station["scv"] = json!(number(&input["service_second_moment"]) / (m * m) - 1.0);
            station["discipline"] = json!("fcfs");
        }
        None => station["demands"] = json!({"c": 1.0 / number(&input["service_rate"])}),
    }
    if let Some(capacity) = input.get("capacity") {
        station["capacity"] = capacity.clone();
    }
    json!({"classes": [{"name": "c", "arrival_rate": input["arrival_rate"]}], "stations": [station]})
}

fn network(case: &Value) -> Value {
    let input = &case["input"];
    let Some(stations) = input["stations"].as_array() else { return single_station(case) };
    let mut stations = stations.clone();
    if let Some(discipline) = case.get("discipline") {
        for station in stations.iter_mut().filter(|s| s["kind"] == "queue") {
            station["discipline"] = discipline.clone();
        }
    }
    // Bounds come with every solution; for other cases the method is left to the command.
    let named = |m: &&str| matches!(*m, "exact" | "bard-schweitzer" | "linearizer");
    let method = case["method"].as_str().filter(named).unwrap_or("auto");
    let mut out = json!({"version": 1, "classes": input["classes"], "stations": stations, "method": method});
    if let Some(aggregate) = input.get("aggregate") {
        out["aggregate"] = aggregate.clone();
    }
    out
}

/// Visits of a class at a station, as the network file has them.
fn visits(case: &Value, class: &Value, station: usize) -> f64 {
    let station = &case["input"]["stations"][station];
    let name = class.as_str().unwrap_or_default();
    station.get("visits").map_or(1.0, |v| v.get(name).map_or(0.0, number))
}

/// The stations of a case with one class, for what the command does not print.
fn stations(case: &Value) -> Vec<Station> {
    let mut out = vec![Station::delay(number(&case["input"]["classes"][0]["think_time"]))];
    let name = case["input"]["classes"][0]["name"].as_str().unwrap_or_default();
    for station in case["input"]["stations"].as_array().into_iter().flatten() {
        let demand = match station.get("demands") {
            Some(d) => number(&d[name]),
            None => number(&station["visits"][name]) * number(&station["service_times"][name]),
        };
        let kind = match station["kind"].as_str() {
            Some("delay") => Kind::Delay,
            _ => Kind::Queue(Rates::Servers(station.get("servers").map_or(1.0, number))),
        };
        out.push(Station { demand, kind });
    }
    out
}

/// G(N), as the product of 1 / X(n); for two classes, along a path through the populations.
fn normalization_constant(case: &Value) -> f64 {
    let classes = case["input"]["classes"].as_array().map_or(0, Vec::len);
    let mut network = network(case);
    let mut g = 1.0;
    for r in (0..classes).rev() {
        while network["classes"][r]["population"].as_u64().unwrap_or(0) > 0 {
            let solution = solve(&network).expect("solvable");
            g /= number(&solution["classes"][r]["throughput"]);
            let n = network["classes"][r]["population"].as_u64().unwrap_or(0);
            network["classes"][r]["population"] = json!(n - 1);
        }
    }
    g
}

/// The probability of a state with so many customers at each station, one class.
fn state_probability(case: &Value, state: &[Value]) -> f64 {
    let stations = stations(case);
    let population = state.iter().filter_map(Value::as_u64).sum();
    let curve = single::Solver::default().curve(&stations, population).expect("solvable");
    let g: f64 = (1..=population).map(|n| 1.0 / curve.throughput(n as f64)).product();
    let mut p = 1.0 / g;
    for (station, count) in stations[1..].iter().zip(state) {
        for j in 1..=count.as_u64().unwrap_or(0) {
            let speed = match &station.kind {
                Kind::Queue(Rates::Servers(m)) => (j as f64).min(*m),
                _ => j as f64,
            };
            p *= station.demand / speed;
        }
    }
    p
}

/// The value of a quantity in a solution, shaped like the case's own.
fn quantity(case: &Value, solution: &Value, name: &str, like: &Value) -> Value {
    let stations = solution["stations"].as_array().cloned().unwrap_or_default();
    let classes = solution["classes"].as_array().cloned().unwrap_or_default();
    let by_class = |f: &dyn Fn(&Value) -> f64| json!(classes.iter().map(f).collect::<Vec<_>>());
    let by_both = |f: &dyn Fn(&Value, usize, &Value) -> f64| {
        let row = |r: usize, class: &Value| {
            json!(stations.iter().enumerate().map(|(k, s)| f(&s["classes"][r], k, &class["name"])).collect::<Vec<_>>())
        };
        json!(classes.iter().enumerate().map(|(r, c)| row(r, c)).collect::<Vec<_>>())
    };
    let input = &case["input"];
    let (rate, servers) = (number(&input["arrival_rate"]), input.get("servers").map_or(1.0, number));
    let bound = |kind: &str, what: &str, side: usize| solution["bounds"][0][kind][what][side].clone();
    let one = &classes[0];
    let station = &stations[0];
    let accepted = number(&one["throughput"]);
    let service = input.get("service_mean").map_or_else(|| 1.0 / number(&input["service_rate"]), number);
    match name {
        "system_throughput" => by_class(&|c| number(&c["throughput"])),
        "system_response_time" => by_class(&|c| number(&c["response_time"])),
        "residence_time" => by_both(&|c, _, _| number(&c["residence_time"])),
        "response_time" => by_both(&|c, k, class| number(&c["residence_time"]) / visits(case, class, k)),
        "station_throughput" => by_both(&|c, _, _| number(&c["throughput"])),
        "queue_length" => by_both(&|c, _, _| number(&c["queue_length"])),
        "utilization" if like.is_array() => by_both(&|c, _, _| number(&c["utilization"])),
        "utilization" => station["utilization"].clone(),
        "total_queue_length" => json!(stations.iter().map(|s| number(&s["queue_length"])).collect::<Vec<_>>()),
        "mean_in_network" => json!(stations.iter().map(|s| number(&s["queue_length"])).sum::<f64>()),
        "mean_in_system" => station["queue_length"].clone(),
        "mean_in_queue" => json!(number(&station["queue_length"]) - accepted * service),
        "mean_response" => one["response_time"].clone(),
        "mean_wait" => json!(number(&one["response_time"]) - service),
        "p_wait" => station["wait_probability"].clone(),
        "p_block" => station["blocking_probability"].clone(),
        "throughput" => one["throughput"].clone(),
        "p_empty" => match input.get("capacity").and_then(Value::as_u64) {
            Some(capacity) => json!(open::lossy(servers as u64, capacity, rate, service).empty),
            None => json!(1.0 - number(&station["utilization"])),
        },
        "p_wait_le_threshold" => {
            json!(open::wait_within(servers as u64, rate, service, number(&input["wait_threshold"])))
        }
        "fes_throughput" => solution["flow_equivalent"].clone(),
        "exact_throughput" => one["throughput"].clone(),
        "exact_response_time" => one["response_time"].clone(),
        "aba_throughput_lower" => bound("asymptotic", "throughput", 0),
        "aba_throughput_upper" => bound("asymptotic", "throughput", 1),
        "aba_response_lower" => bound("asymptotic", "response_time", 0),
        "aba_response_upper" => bound("asymptotic", "response_time", 1),
        "bjb_throughput_lower" => bound("balanced", "throughput", 0),
        "bjb_throughput_upper" => bound("balanced", "throughput", 1),
        "bjb_response_lower" => bound("balanced", "response_time", 0),
        "bjb_response_upper" => bound("balanced", "response_time", 1),
        "normalization_constant" => json!(normalization_constant(case)),
        "state_probabilities" => json!(
            like.as_array()
                .into_iter()
                .flatten()
                .map(|pair| json!([pair[0], state_probability(case, pair[0].as_array().map_or(&[], Vec::as_slice))]))
                .collect::<Vec<_>>()
        ),
        _ => Value::Null,
    }
}

/// Compares two values of the same shape; null in `want` is anything.
fn compare(what: &str, got: &Value, want: &Value, relative: f64, absolute: f64, wrong: &mut Vec<String>) {
    match want {
        Value::Null => {}
        Value::Array(items) => {
            for (i, item) in items.iter().enumerate() {
                compare(&format!("{what}[{i}]"), &got[i], item, relative, absolute, wrong);
            }
        }
        _ => {
            let (g, w) = (number(got), number(want));
            // Oracles have 12 significant digits: half a unit of the last one is not an error.
            let rounding = if what.starts_with("oracle") && w != 0.0 {
                0.5 * 10f64.powi(w.abs().log10().floor() as i32 - 11)
            } else {
                0.0
            };
            let allowed = absolute + relative * w.abs() + rounding + 1e-15 * w.abs();
            if g.is_nan() || (g - w).abs() > allowed {
                wrong.push(format!("{what}: got {g}, want {w} within {allowed:.1e}"));
            }
        }
    }
}

fn check(case: &Value, solution: &Value, set: &str, tolerances: &str, wrong: &mut Vec<String>) {
    for (name, want) in case[set].as_object().into_iter().flatten() {
        let tolerance = case.get("tolerance_by").filter(|_| set == "expected").and_then(|t| t.get(name));
        let tolerance = tolerance.unwrap_or(&case[tolerances]);
        let part = |key: &str| tolerance.get(key).map_or(0.0, number);
        if name == "exact_throughput_in" {
            let x = number(&solution["classes"][0]["throughput"]);
            for interval in want.as_array().into_iter().flatten() {
                let (low, high) = (number(&interval[0]), number(&interval[1]));
                if x < low - part("abs") || x > high + part("abs") {
                    wrong.push(format!("throughput {x} outside of {interval}"));
                }
            }
            continue;
        }
        let got = quantity(case, solution, name, want);
        compare(&format!("{set}.{name}"), &got, want, part("rel"), part("abs"), wrong);
    }
}

/// An open load that a station cannot serve must be refused by name.
fn check_refused(case: &Value, wrong: &mut Vec<String>) {
    let network = if case["input"]["model"] == "network" { network(case) } else { single_station(case) };
    match solve(&network) {
        Ok(_) => wrong.push("solved, though unstable".to_owned()),
        Err(text) => {
            let station = case["expected"].get("station").and_then(Value::as_str).unwrap_or("s");
            if !text.contains(&format!("station {station} is unstable")) {
                wrong.push(format!("the error does not name station {station}: {text}"));
            }
        }
    }
}

#[test]
fn every_case_with_a_known_answer() {
    let text = include_str!("fixtures/queueing.yaml");
    let file: Value = serde_yaml::from_str(text).expect("the fixture is YAML");
    let cases = file["cases"].as_array().expect("a list of cases");
    assert_eq!(cases.len(), 81);
    let mut failed = Vec::new();
    for case in cases {
        let id = case["id"].as_str().unwrap_or_default();
        let mut wrong = Vec::new();
        if case["kind"] == "error" {
            check_refused(case, &mut wrong);
        } else {
            match solve(&network(case)) {
                Err(e) => wrong.push(e),
                Ok(solution) => {
                    check(case, &solution, "expected", "tolerance", &mut wrong);
                    check(case, &solution, "oracle", "oracle_tolerance", &mut wrong);
                }
            }
        }
        println!("{id} ... {}", if wrong.is_empty() { "ok" } else { "FAILED" });
        failed.extend(wrong.into_iter().map(|w| format!("{id}: {w}")));
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}
