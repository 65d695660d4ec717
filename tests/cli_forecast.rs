//! `predict forecast` from outside, on the workloads of this repository.

use serde_json::Value;

const WORKLOAD: &str = "workloads/tpcb-like/workload.yaml";
const MACHINE: &str = "workloads/machines/one-cpu.yaml";

fn predict(args: &[&str]) -> assert_cmd::Command {
    let mut command = assert_cmd::Command::cargo_bin("predict").expect("the binary is built with the tests");
    command.current_dir(env!("CARGO_MANIFEST_DIR")).env_remove("PREDICT_MACHINE").args(args);
    command
}

fn stdout_of(args: &[&str]) -> String {
    let output = predict(args).assert().code(0).get_output().clone();
    String::from_utf8(output.stdout).expect("output is text")
}

fn json_of(args: &[&str]) -> Value {
    serde_json::from_str(&stdout_of(args)).expect("JSON")
}

#[test]
fn text_begins_with_the_answer_and_ends_as_pgbench_does() {
    let out = stdout_of(&["forecast", "--workload", WORKLOAD, "--machine", MACHINE]);
    let head: Vec<&str> = out.lines().take(8).collect();
    for word in ["throughput", "latency", "bottleneck"] {
        assert!(head.iter().any(|l| l.trim_start().starts_with(word)), "{word} in the first lines of\n{out}");
    }
    assert!(out.lines().all(|l| l.chars().count() <= 80 && !l.contains('\u{1b}')), "{out}");
    let json = json_of(&["forecast", "--workload", WORKLOAD, "--machine", MACHINE, "--format", "json"]);
    let number = |v: &Value| v.as_f64().expect("a number");
    let tail = format!(
        "latency average = {:.3} ms\ntps = {:.6} (without initial connection time)\n",
        number(&json["latency_ms"]["mean"]),
        number(&json["tps"]["mean"])
    );
    assert!(out.ends_with(&tail), "{tail} at the end of\n{out}");
}

#[test]
fn json_has_every_field_of_the_format() {
    let json = json_of(&["forecast", "--workload", WORKLOAD, "--format", "json"]);
    for path in [
        "/schema_version",
        "/workload",
        "/clients",
        "/model_version",
        "/inputs/schema",
        "/inputs/workload",
        "/inputs/machine",
        "/inputs/set",
        "/machine/name",
        "/machine/calibrated",
        "/tps/mean",
        "/tps/low",
        "/tps/high",
        "/tps/confidence",
        "/latency_ms/mean",
        "/latency_ms/p50",
        "/latency_ms/p95",
        "/latency_ms/p99",
        "/transactions/0/name",
        "/transactions/0/tps",
        "/transactions/0/latency_ms/p99",
        "/transactions/0/aborts_per_s",
        "/stations/0/name",
        "/stations/0/demand_ms",
        "/stations/0/residence_ms",
        "/stations/0/queue_length",
        "/stations/0/share_of_latency",
        "/bottleneck/station",
        "/bottleneck/why",
        "/bottleneck/tps_if_relieved",
        "/bounds/max_tps",
        "/bounds/saturation_clients",
        "/per_transaction/wal_bytes",
        "/per_transaction/pages_hit",
        "/per_transaction/pages_read",
        "/per_transaction/round_trips",
    ] {
        assert!(json.pointer(path).is_some_and(|v| !v.is_null()), "{path} in {json:#}");
    }
    let machine = json["warnings"].as_array().expect("a list").iter().any(|w| w["code"] == "reference_machine");
    assert!(machine, "without a machine file the output says so");
    let (low, mean, high) = (&json["tps"]["low"], &json["tps"]["mean"], &json["tps"]["high"]);
    assert!(low.as_f64() < mean.as_f64() && mean.as_f64() < high.as_f64());
}

#[test]
fn closed_load_obeys_littles_law() {
    for clients in [1.0, 4.0, 64.0] {
        let c = format!("{clients}");
        let json = json_of(&["forecast", "--workload", WORKLOAD, "--machine", MACHINE, "-c", &c, "--format", "json"]);
        let (tps, ms) = (json["tps"]["mean"].as_f64().expect("tps"), json["latency_ms"]["mean"].as_f64().expect("ms"));
        assert!((tps * ms / 1e3 / clients - 1.0).abs() < 1e-3, "{clients}: {tps} TPS, {ms} ms");
    }
}

#[test]
fn a_list_of_clients_is_a_curve() {
    let args = ["forecast", "--workload", WORKLOAD, "--machine", MACHINE, "-c", "1,4,16,64"];
    let json = json_of(&[&args[..], &["--format", "json"]].concat());
    let clients: Vec<u64> = json.as_array().expect("a list").iter().filter_map(|f| f["clients"].as_u64()).collect();
    assert_eq!(clients, [1, 4, 16, 64]);
    let single = json_of(&["forecast", "--workload", WORKLOAD, "--machine", MACHINE, "-c", "16", "--format", "json"]);
    assert_eq!(json[2]["tps"], single["tps"], "a point of the curve is the forecast of that point");
    assert_eq!(json[2]["stations"], single["stations"]);
    let text = stdout_of(&args);
    assert!(text.contains("TPS by clients") && text.matches('*').count() >= 4, "{text}");
    assert_eq!(stdout_of(&[&args[..], &["--format", "csv"]].concat()).lines().count(), 5);
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    for format in ["text", "json", "csv", "markdown", "html", "svg"] {
        let args = ["forecast", "--workload", WORKLOAD, "-c", "1..64x2", "--format", format];
        assert_eq!(stdout_of(&args), stdout_of(&args), "{format}");
    }
}

#[test]
fn set_and_the_machine_of_the_environment() {
    let args = ["forecast", "--workload", WORKLOAD, "--format", "json"];
    let with_env = predict(&args).env("PREDICT_MACHINE", MACHINE).assert().code(0).get_output().stdout.clone();
    let with_env: Value = serde_json::from_slice(&with_env).expect("JSON");
    let with_option = json_of(&[&args[..], &["--machine", MACHINE]].concat());
    assert_eq!(with_env, with_option);
    assert_ne!(with_env["machine"], json_of(&args)["machine"]);
    // No flush, no wait for one: more TPS, and the station is gone or idle.
    let off =
        json_of(&[&args[..], &["--machine", MACHINE, "--set", "machine.postgresql.synchronous_commit=off"]].concat());
    assert!(off["tps"]["mean"].as_f64() > with_option["tps"]["mean"].as_f64());
    assert_eq!(off["inputs"]["set"]["machine.postgresql.synchronous_commit"], "off");
    let clients = json_of(&[&args[..], &["--set", "workload.clients=3"]].concat());
    assert_eq!(clients["clients"], 3);
}

#[test]
fn open_load_and_overload() {
    let args = ["forecast", "--workload", WORKLOAD, "--machine", MACHINE, "--format", "json", "--set"];
    let light = json_of(&[&args[..], &["workload.rate=50/s"]].concat());
    assert_eq!((light["clients"].clone(), light["rate"].as_f64()), (Value::Null, Some(50.0)));
    assert!((light["tps"]["mean"].as_f64().expect("tps") - 50.0).abs() < 1e-6);
    let heavy = json_of(&[&args[..], &["workload.rate=5M/s"]].concat());
    assert!(heavy["latency_ms"].is_null(), "{heavy:#}");
    assert!(heavy["warnings"].as_array().expect("a list").iter().any(|w| w["code"] == "overload"));
    let text = stdout_of(&["forecast", "--workload", WORKLOAD, "--machine", MACHINE, "--set", "workload.rate=5M/s"]);
    assert!(text.contains("without limit") && text.contains("tps = "), "{text}");
}

#[test]
fn colour_only_when_asked_for_and_quiet() {
    let args = ["forecast", "--workload", WORKLOAD];
    assert!(stdout_of(&[&args[..], &["--color", "always"]].concat()).contains('\u{1b}'));
    assert!(!stdout_of(&[&args[..], &["--color", "never"]].concat()).contains('\u{1b}'));
    let quiet = predict(&[&args[..], &["--quiet", "--format", "csv"]].concat()).assert().code(0).get_output().clone();
    assert!(quiet.stderr.is_empty());
    let loud = predict(&[&args[..], &["--format", "csv"]].concat()).assert().code(0).get_output().clone();
    assert!(String::from_utf8_lossy(&loud.stderr).contains("reference_machine"));
    assert!(!stdout_of(&[&args[..], &["--quiet"]].concat()).contains("Warnings"));
}
