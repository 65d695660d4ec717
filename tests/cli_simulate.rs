//! `predict simulate` from outside.

use assert_cmd::Command;
use serde_json::Value;

fn simulate(arguments: &[&str]) -> Vec<u8> {
    let mut all = vec!["simulate", "--workload", "workloads/tpcb-like/workload.yaml", "--transactions", "2000"];
    all.extend(arguments);
    let run = Command::cargo_bin("predict").unwrap().args(all).assert().success();
    run.get_output().stdout.clone()
}

fn json(arguments: &[&str]) -> Value {
    let mut all = arguments.to_vec();
    all.extend(["--format", "json"]);
    serde_json::from_slice(&simulate(&all)).unwrap()
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_other_ones() {
    let seed = |s: &str| simulate(&["-c", "8", "--seed", s, "--format", "json"]);
    assert_eq!(seed("1"), seed("1"));
    assert_ne!(seed("1"), seed("2"));
}

#[test]
fn it_answers_as_a_forecast_does_with_a_simulation_beside() {
    let f = json(&["-c", "8"]);
    let number = |pointer: &str| f.pointer(pointer).and_then(Value::as_f64).unwrap();
    assert_eq!(number("/simulation/transactions"), 2000.0);
    assert_eq!(number("/simulation/seed"), 1.0);
    assert!(number("/simulation/events") > 20_000.0 && number("/simulation/warmup_s") > 0.0);
    assert!(number("/tps/low") < number("/tps/mean") && number("/tps/mean") < number("/tps/high"));
    // Little's law over all stations.
    let stations = f["stations"].as_array().unwrap();
    let inside: f64 = stations.iter().map(|s| s["queue_length"].as_f64().unwrap()).sum();
    assert!((inside - 8.0).abs() < 0.05, "{inside}");
    let lists = json(&["-c", "1,4"]);
    assert_eq!(lists.as_array().map(Vec::len), Some(2));
}

#[test]
fn text_says_how_it_was_simulated_and_ends_in_pgbench_lines() {
    let text = String::from_utf8(simulate(&["-c", "8"])).unwrap();
    assert!(text.starts_with("Simulated\n  2000 transactions in "), "{text}");
    assert!(text.trim_end().ends_with("(without initial connection time)"), "{text}");
    assert!(text.lines().all(|l| l.chars().count() <= 80), "{text}");
}

#[test]
fn aborts_and_retries_are_simulated_not_warned_about() {
    let set = "workload.transactions.0.isolation=repeatable read";
    let f = json(&["-c", "16", "--set", set, "--set", "workload.transactions.0.on_conflict=retry"]);
    let aborts = f.pointer("/transactions/0/aborts_per_s").and_then(Value::as_f64).unwrap();
    assert!(aborts > 0.0);
    assert!(!f["warnings"].to_string().contains("aborts under"), "{}", f["warnings"]);
}

#[test]
fn bad_options_are_usage_errors() {
    for bad in [["--precision", "0"], ["--precision", "200%"], ["--transactions", "5"], ["--seed", "x"]] {
        let all = ["simulate", "--workload", "workloads/tpcb-like/workload.yaml"].iter().chain(&bad);
        let run = Command::cargo_bin("predict").unwrap().args(all).assert().code(2);
        assert!(run.get_output().stdout.is_empty());
    }
}
