//! `plan:` and `cpu:` of a statement from outside: used, said, and refused at their place.

use std::fs;
use std::path::Path;

use serde_json::Value;

const SCHEMA: &str = "CREATE TABLE par (id int PRIMARY KEY, v int, t text);
CREATE TABLE kids (id serial PRIMARY KEY, p int REFERENCES par, n int);
CREATE INDEX ON kids (p);
";

/// Writes a workload of one statement, with more keys of it, and a plan.
fn folder(sql: &str, keys: &str, plan: Option<&str>) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a scratch folder");
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("a scratch file");
    write("schema.sql", SCHEMA);
    write(
        "workload.yaml",
        &format!(
            "version: 1\nschema: schema.sql\ntables:\n  par: {{rows: 200k}}\n  kids: {{rows: 400k}}\nclients: 4\n\
             transactions:\n  - name: t\n    statements:\n      - sql: {sql}\n{keys}"
        ),
    );
    if let Some(plan) = plan {
        let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/plans").join(plan);
        write("plan.json", &fs::read_to_string(fixture).expect("a fixture"));
    }
    folder
}

fn run(command: &str, folder: &tempfile::TempDir, code: i32) -> (String, String) {
    let mut predict = assert_cmd::Command::cargo_bin("predict").expect("the binary is built with the tests");
    predict.env_remove("PREDICT_MACHINE").args([command, "--workload"]).arg(folder.path().join("workload.yaml"));
    let output = predict.args(["--format", "json"]).assert().code(code).get_output().clone();
    (String::from_utf8_lossy(&output.stdout).into_owned(), String::from_utf8_lossy(&output.stderr).into_owned())
}

fn json(command: &str, folder: &tempfile::TempDir) -> Value {
    serde_json::from_str(&run(command, folder, 0).0).expect("JSON")
}

const JOIN: &str = "SELECT p.t, k.n FROM par p JOIN kids k ON k.p = p.id WHERE p.id BETWEEN 10 AND 20";
const WITH_PLAN: &str = "        plan: plan.json\n";

#[test]
fn a_plan_is_used_and_said() {
    let given = folder(JOIN, WITH_PLAN, Some("join-aligned.txt"));
    let explained = json("explain", &given);
    let statement = &explained["transactions"][0]["statements"][0];
    assert_eq!((statement["pages"].as_f64(), statement["rows_out"].as_f64()), (Some(59.0), Some(22.0)));
    assert_eq!(statement["given"][0], "plan");
    assert_eq!(statement["relations"][1]["index"], "kids_p_idx");
    for command in ["explain", "forecast"] {
        let text = run(command, &given, 0).0;
        assert!(text.contains("the given `plan`") && text.contains("substituted"), "{command}: {text}");
    }
    let own = json("explain", &folder(JOIN, "", None));
    assert!(own["transactions"][0]["statements"][0].get("given").is_none());
}

#[test]
fn cpu_is_the_price() {
    let given = folder(JOIN, "        cpu: 5ms\n", None);
    let explained = json("explain", &given);
    assert_eq!(explained["transactions"][0]["statements"][0]["cpu_us"], 5000.0);
    // The time is that of the machine at hand, whatever its speed; but for what switching between clients adds.
    for speed in ["1", "0.5"] {
        let mut predict = assert_cmd::Command::cargo_bin("predict").expect("the binary is built with the tests");
        predict.env_remove("PREDICT_MACHINE").args(["forecast", "--format", "json", "--workload"]);
        predict.arg(given.path().join("workload.yaml")).arg("--set").arg(format!("machine.cpu.speed={speed}"));
        let forecast: Value = serde_json::from_slice(&predict.assert().code(0).get_output().stdout).expect("JSON");
        let station = forecast["stations"].as_array().expect("a list").iter().find(|s| s["name"] == "server_cpu");
        let demand = station.expect("a station")["demand_ms"].as_f64().expect("a number");
        assert!((demand / 5.0 - 1.0).abs() < 0.01, "{speed}: {demand}");
    }
    assert!(run("forecast", &given, 0).0.contains("measured `cpu`"));
}

#[test]
fn what_cannot_be_followed_is_said() {
    let parallel = folder("SELECT v, count(*) FROM par GROUP BY v", WITH_PLAN, Some("parallel-jit.txt"));
    for command in ["explain", "forecast"] {
        let text = run(command, &parallel, 0).0;
        for part in ["2 parallel workers", "JIT", "36.276 ms"] {
            assert!(text.contains(part), "{command}: {part} in {text}");
        }
    }
    let update = folder("UPDATE par SET v = v + 1 WHERE id = 7", WITH_PLAN, Some("update-trigger.txt"));
    assert!(run("forecast", &update, 0).0.contains("mytrg"));
}

/// A plan, or a price, stands in for what cannot be read.
#[test]
fn what_stands_in_for_a_statement() {
    let unread = "FROBNICATE par";
    run("forecast", &folder(unread, "", None), 2);
    let forecast = run("forecast", &folder(unread, WITH_PLAN, Some("join-aligned.txt")), 0).0;
    assert!(forecast.contains("cannot be read"), "{forecast}");
    run("forecast", &folder(unread, "        cpu: 1ms\n", None), 0);
}

#[test]
fn a_broken_plan_is_refused_at_its_line() {
    let broken = folder(JOIN, WITH_PLAN, Some("join-aligned.txt"));
    let file = broken.path().join("plan.json");
    let text = fs::read_to_string(&file).expect("the plan").replacen("\"Plan Rows\": 22", "\"Plan Rows\" 22", 1);
    let line = text.lines().position(|l| l.contains("\"Plan Rows\" 22")).expect("the change") + 1;
    fs::write(&file, text).expect("a scratch file");
    let said = run("forecast", &broken, 2).1;
    assert!(said.contains(&format!("plan.json:{line}:")) && said.contains("not JSON"), "{said}");
    let missing = folder(JOIN, WITH_PLAN, None);
    assert!(run("forecast", &missing, 2).1.contains("workload.yaml:11:15"));
}
