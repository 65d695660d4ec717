//! Fits of the Universal Scalability Law with known answers, from `fixtures/usl.yaml`, through the
//! library; and `predict usl` from outside.

use predict::fit::usl::Usl;
use predict::fit::usl_fit::{self, Bound, Form, UslFit};
use serde_json::{Value, json};

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or(f64::NAN)
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().into_iter().flatten().map(number).collect()
}

fn points(case: &Value) -> Vec<(f64, f64)> {
    numbers(&case["data"]["n"]).into_iter().zip(numbers(&case["data"]["x"])).collect()
}

fn fit(case: &Value) -> UslFit {
    let form = match (case["fit"]["form"].as_str(), case["fit"]["parameters"].as_u64()) {
        (Some("quadratic_legacy"), _) => Form::Quadratic,
        (_, Some(2)) => Form::TwoParameters,
        _ => Form::ThreeParameters,
    };
    usl_fit::fit(&points(case), form, case["fit"]["constraint"] == "none").expect("it fits")
}

/// Pairs [[argument, value], ...] for the arguments of `like`.
fn pairs(like: &Value, f: impl Fn(f64) -> f64) -> Value {
    json!(like.as_array().into_iter().flatten().map(|p| json!([p[0], f(number(&p[0]))])).collect::<Vec<_>>())
}

fn quantity(usl: &Usl, fit: Option<&UslFit>, name: &str, like: &Value) -> Value {
    let errors = |values: [Option<f64>; 3]| json!({"sigma": values[0], "kappa": values[1], "lambda": values[2]});
    match name {
        "sigma" => json!(usl.sigma),
        "kappa" => json!(usl.kappa),
        "lambda" => json!(usl.lambda),
        "n_peak" => json!(usl.peak()),
        "n_peak_floor" => json!(usl.peak().map(f64::floor)),
        "x_peak" => json!(usl.peak().map(|n| usl.throughput(n))),
        "x_limit" => json!(usl.limit()),
        "n_optimal" => json!(usl.optimum()),
        "x_at" => pairs(like, |n| usl.throughput(n)),
        "n_at_response" => pairs(like, |r| usl.clients_at_response(r).unwrap_or(f64::NAN)),
        "x_at_response" => pairs(like, |r| usl.throughput_at_response(r).unwrap_or(f64::NAN)),
        "n_at_throughput" => json!(
            like.as_array()
                .into_iter()
                .flatten()
                .map(|row| {
                    let (rising, falling) = usl.clients_at_throughput(number(&row[0])).expect("reachable");
                    json!([row[0], rising, falling])
                })
                .collect::<Vec<_>>()
        ),
        "rss" => json!(fit.map(|f| f.rss)),
        "r_squared" => json!(fit.map(|f| f.r_squared)),
        "residual_std_error" => json!(fit.map(|f| f.residual_std_error)),
        "degrees_of_freedom" => json!(fit.map(|f| f.degrees_of_freedom)),
        "std_error" => fit.map_or(Value::Null, |f| errors(f.std_error)),
        "confidence_95" => fit.map_or(
            Value::Null,
            |f| json!({"sigma": f.intervals[0], "kappa": f.intervals[1], "lambda": f.intervals[2]}),
        ),
        _ => Value::Null,
    }
}

fn compare(what: &str, got: &Value, want: &Value, relative: f64, absolute: f64, wrong: &mut Vec<String>) {
    match want {
        Value::Array(items) => {
            for (i, item) in items.iter().enumerate() {
                compare(&format!("{what}[{i}]"), &got[i], item, relative, absolute, wrong);
            }
        }
        Value::Object(entries) => {
            for (key, item) in entries {
                compare(&format!("{what}.{key}"), &got[key], item, relative, absolute, wrong);
            }
        }
        _ => {
            let (g, w) = (number(got), number(want));
            let allowed = absolute + relative * w.abs();
            if g.is_nan() || (g - w).abs() > allowed {
                wrong.push(format!("{what}: got {g}, want {w} within {allowed:.1e}"));
            }
        }
    }
}

#[test]
fn every_case_with_a_known_answer() {
    let file: Value = serde_yaml::from_str(include_str!("fixtures/usl.yaml")).expect("the fixture is YAML");
    let cases = file["cases"].as_array().expect("a list of cases");
    assert_eq!(cases.len(), 16);
    let mut failed = Vec::new();
    for case in cases {
        let id = case["id"].as_str().unwrap_or_default();
        let mut wrong = Vec::new();
        let fitted = (case["kind"] == "usl_fit").then(|| fit(case));
        let usl = fitted.as_ref().map_or_else(
            || {
                let c = &case["coefficients"];
                Usl { sigma: number(&c["sigma"]), kappa: number(&c["kappa"]), lambda: number(&c["lambda"]) }
            },
            |f| f.usl,
        );
        for (set, tolerances) in [("expected", "tolerance"), ("oracle", "oracle_tolerance")] {
            for (name, want) in case[set].as_object().into_iter().flatten() {
                let by = case.get("tolerance_by").filter(|_| set == "expected").and_then(|t| t.get(name));
                let tolerance = by.unwrap_or(&case[tolerances]);
                let part = |key: &str| tolerance.get(key).map_or(0.0, number);
                match name.as_str() {
                    "unreachable" => {
                        for x in numbers(want) {
                            if usl.clients_at_throughput(x).is_some() {
                                wrong.push(format!("{x} is never reached"));
                            }
                        }
                    }
                    "at_bound" => {
                        let names: Vec<&str> = fitted
                            .iter()
                            .flat_map(|f| &f.at_bound)
                            .map(|b| if *b == Bound::Sigma { "sigma" } else { "kappa" })
                            .collect();
                        if json!(names) != *want {
                            wrong.push(format!("at bound: {names:?}, want {want}"));
                        }
                    }
                    _ => {
                        // Statistics are listed with six digits or so; the coefficients with ten.
                        let listed = ["std_error", "confidence_95", "r_squared", "rss", "residual_std_error"];
                        let rel = if listed.contains(&name.as_str()) { part("rel").max(1e-5) } else { part("rel") };
                        let got = quantity(&usl, fitted.as_ref(), name, want);
                        compare(&format!("{set}.{name}"), &got, want, rel, part("abs"), &mut wrong);
                    }
                }
            }
        }
        println!("{id} ... {}", if wrong.is_empty() { "ok" } else { "FAILED" });
        failed.extend(wrong.into_iter().map(|w| format!("{id}: {w}")));
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

fn predict(args: &[&str], data: &str) -> (i32, String, String) {
    let output = assert_cmd::Command::cargo_bin("predict")
        .expect("the binary is built with the tests")
        .arg("usl")
        .arg("-")
        .args(args)
        .write_stdin(data)
        .output()
        .expect("it runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
}

const RAYTRACER: &str = "run,clients,tps\na,1,20\nb,4,78\nc,8,130\nd,12,170\ne,16,190\nf,20,200\ng,24,210\n\
h,28,230\ni,32,260\nj,48,280\nk,64,310\n";

#[test]
fn the_command_answers_in_every_format() {
    let (code, out, err) = predict(&["--format", "json"], RAYTRACER);
    assert_eq!((code, err.as_str()), (0, ""));
    let report: Value = serde_json::from_str(&out).expect("JSON");
    // The vignette of R's usl package: sigma 0.057771, kappa 0.
    assert!((number(&report["sigma"]) - 0.057771).abs() < 1e-6, "{out}");
    assert_eq!(report["at_bound"], json!(["kappa"]));
    assert!(report["peak_clients"].is_null() && report["intervals"]["kappa"].is_null());
    let (code, out, _) = predict(&["--at", "96,128"], RAYTRACER);
    assert_eq!(code, 0);
    assert!(out.contains("no peak") && out.contains("96.0 clients: 323 tps"), "{out}");
    assert!(out.lines().all(|l| l.chars().count() <= 80), "{out}");
    let (code, out, _) = predict(&["--format", "svg"], RAYTRACER);
    assert!(code == 0 && out.starts_with("<svg") && out.matches("<circle").count() == 11, "{out}");
}

#[test]
fn data_that_cannot_be_fitted_is_answered_clearly() {
    for (data, words) in [
        ("", "no column `clients`"),
        ("clients,tsp\n1,2\n", "no column `tps`"),
        ("clients,tps\n1,10\n2,20\n3,30\n3,31\n", "3 distinct points"),
        ("clients,tps\n1,10\n2,20\n4,x\n", "tps is `x`"),
        ("clients,tps\n1,10\n2,20\n4,-30\n8,50\n", "point 3: tps is -30"),
        ("clients,tps\n1,10\n2,nan\n", "tps is `nan`"),
    ] {
        let (code, out, err) = predict(&[], data);
        assert_eq!((code, out.as_str()), (2, ""), "{data}");
        assert!(err.contains(words), "{data}: {err}");
    }
    let (code, _, err) = predict(&["--form", "two-parameter"], "clients,tps\n2,10\n3,14\n4,17\n8,20\n");
    assert!(code == 2 && err.contains("first point has 2 clients"), "{err}");
    // Nothing but noise: an answer with a warning, never a wild number.
    let (code, out, _) = predict(&["--format", "json"], "clients,tps\n1,50\n2,10\n4,60\n8,5\n16,55\n");
    let report: Value = serde_json::from_str(&out).expect("JSON");
    assert!(code == 0 && report["warnings"].to_string().contains("poor"), "{out}");
}
