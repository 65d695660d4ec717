//! `predict sweep` from outside.

const ARGS: [&str; 5] =
    ["sweep", "--workload", "workloads/tpcb-like/workload.yaml", "--machine", "workloads/machines/one-cpu.yaml"];

fn run(args: &[&str]) -> (i32, String, String) {
    let output = assert_cmd::Command::cargo_bin("predict")
        .expect("the binary is built with the tests")
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(ARGS)
        .args(args)
        .output()
        .expect("it runs");
    let text = |b: Vec<u8>| String::from_utf8_lossy(&b).into_owned();
    (output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr))
}

fn ok(args: &[&str]) -> String {
    let (code, stdout, stderr) = run(args);
    assert_eq!(code, 0, "{stderr}");
    stdout
}

const GRID: [&str; 4] = ["--set", "workload.clients=1,2,4..64x2", "--set", "machine.cpu.cores=1,2"];

#[test]
fn csv_has_one_row_per_scenario_in_order() {
    let out = ok(&[&GRID[..], &["--format", "csv"]].concat());
    let mut lines = out.lines();
    assert_eq!(
        lines.next(),
        Some(
            "workload.clients,machine.cpu.cores,tps,tps_low,tps_high,latency_mean_ms,p95_ms,p99_ms,bottleneck,\
             bottleneck_utilization"
        )
    );
    let keys: Vec<String> = lines.map(|l| l.split(',').take(2).collect::<Vec<_>>().join(",")).collect();
    let want: Vec<String> =
        [1, 2, 4, 8, 16, 32, 64].iter().flat_map(|c| [format!("{c},1"), format!("{c},2")]).collect();
    assert_eq!(keys, want);
}

#[test]
fn json_is_a_list_of_forecasts_each_with_its_set() {
    let json: serde_json::Value =
        serde_json::from_str(&ok(&[&GRID[..], &["--format", "json"]].concat())).expect("JSON");
    let list = json.as_array().expect("a list");
    assert_eq!(list.len(), 14);
    assert_eq!(list[3]["set"], serde_json::json!({"workload.clients": "2", "machine.cpu.cores": "2"}));
    assert_eq!(list[3]["clients"], 2);
    assert!(list.iter().all(|f| f["tps"]["mean"].as_f64().is_some_and(|x| x > 0.0)));
}

#[test]
fn threads_do_not_change_a_byte() {
    for format in ["csv", "json", "text", "markdown"] {
        let with = |jobs| ok(&[&GRID[..], &["--format", format, "-j", jobs]].concat());
        assert_eq!(with("1"), with("2"), "{format}");
    }
}

#[test]
fn a_sweep_agrees_with_single_forecasts() {
    let json: serde_json::Value =
        serde_json::from_str(&ok(&["-c", "1,16", "--set", "machine.storage.fsync=1ms", "--format", "json"]))
            .expect("JSON");
    let single = assert_cmd::Command::cargo_bin("predict")
        .expect("the binary is built with the tests")
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["forecast"])
        .args(&ARGS[1..])
        .args(["-c", "16", "--set", "machine.storage.fsync=1ms", "--format", "json"])
        .output()
        .expect("it runs");
    let single: serde_json::Value = serde_json::from_slice(&single.stdout).expect("JSON");
    for field in ["tps", "latency_ms", "stations", "bottleneck", "bounds"] {
        assert_eq!(json[1][field], single[field], "{field}");
    }
}

#[test]
fn a_goal_that_is_reached_and_one_that_is_not() {
    let goal =
        |goal: &str, format: &str| run(&["--set", "workload.clients=1..64x2", "--until", goal, "--format", format]);
    let (code, out, _) = goal("tps >= 1", "text");
    assert!(code == 0 && out.contains("workload.clients=1"), "{out}");
    let (code, out, _) = goal("tps >= 1e9", "text");
    assert!(code == 1 && out.contains("no value of workload.clients reaches") && out.contains("bottleneck"), "{out}");
    let (code, out, _) = goal("tps >= 1e9", "json");
    let json: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!((code, json["reached"].as_bool(), json["value"].is_null()), (1, Some(false), true));
    let (code, out, err) = goal("tsp >= 1", "text");
    assert!(code == 2 && out.is_empty() && err.contains("--until:1:1") && err.contains("tps"), "{err}");
    let (code, _, err) = run(&[&GRID[..], &["--until", "tps >= 1"]].concat());
    assert!(code == 2 && err.contains("one swept key"), "{err}");
}

#[test]
fn a_bad_value_in_the_grid_is_an_error_and_prints_nothing() {
    for set in
        ["workload.clients=4,0", "machine.cpu.cores=1,many", "workload.clents=1,2", "machine.storage.fsync=1ms,1mb"]
    {
        let (code, out, err) = run(&["--set", set]);
        assert!(code == 2 && out.is_empty() && !err.is_empty(), "{set}: {out}{err}");
    }
}
