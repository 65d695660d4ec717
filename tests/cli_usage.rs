//! The command line from outside: help, usage errors, exit codes, where results go.

use std::process::Command;

fn predict() -> assert_cmd::Command {
    let mut command = assert_cmd::Command::cargo_bin("predict").expect("the binary is built with the tests");
    command.env_remove("PREDICT_MACHINE");
    command
}

fn stdout_of(args: &[&str]) -> String {
    let output = predict().args(args).assert().code(0).get_output().clone();
    assert!(output.stderr.is_empty(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("output is text")
}

#[test]
fn help_goes_to_stdout_and_names_every_command() {
    let help = stdout_of(&["--help"]);
    for command in ["forecast", "sweep", "check", "explain", "solve", "usl", "simulate", "schema", "completions", "man"]
    {
        assert!(help.contains(&format!("\n  {command}")), "{command} in:\n{help}");
        let own = stdout_of(&[command, "--help"]);
        assert!(own.contains("Usage: predict"), "{own}");
        assert_eq!(stdout_of(&[command, "-h"]).lines().next(), own.lines().next(), "-h stays help");
    }
    assert!(help.contains("Exit codes"), "{help}");
    assert!(stdout_of(&["--version"]).starts_with("predict 0."));
}

#[test]
fn usage_errors_are_2_with_nothing_on_stdout() {
    let cases: &[&[&str]] = &[
        &[],
        &["no-such-command"],
        &["forecast"],
        &["forecast", "--workload"],
        &["forecast", "--workload", "w.yaml", "--no-such-option"],
        &["forecast", "--workload", "w.yaml", "--format", "xml"],
        &["forecast", "--workload", "w.yaml", "-c", "0"],
        &["forecast", "--workload", "w.yaml", "-c", "1,,2"],
        &["forecast", "--workload", "w.yaml", "-c", "many"],
        &["forecast", "--workload", "w.yaml", "--set", "machine.cpu.cores"],
        &["forecast", "--workload", "w.yaml", "--set", "machin.cpu.cores=8"],
        &["sweep", "--workload", "w.yaml"],
        &["sweep", "--workload", "w.yaml", "--set", "workload.clients=9..1"],
        &["sweep", "--workload", "w.yaml", "-c", "1,2", "-j", "0"],
        &["check", "--workload", "w.yaml", "--max-regression", "5%", "--assert", "tps > 1"],
        &["check", "--workload", "w.yaml", "--baseline", "a.json", "--base", "HEAD"],
        &["man", "no-such-command"],
        &["schema", "no-such-file"],
    ];
    for args in cases {
        let output = predict().args(*args).assert().code(2).get_output().clone();
        assert!(output.stdout.is_empty(), "{args:?}: {}", String::from_utf8_lossy(&output.stdout));
        assert!(!output.stderr.is_empty(), "{args:?} says why");
    }
}

#[test]
fn a_slip_in_set_is_shown_with_its_place_and_the_nearest_name() {
    let output = predict()
        .args(["forecast", "--workload", "w.yaml", "--set", "machin.cpu.cores=8"])
        .assert()
        .code(2)
        .get_output()
        .clone();
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    for part in ["--set:1:1", "expected", "machine"] {
        assert!(message.contains(part), "{part} in:\n{message}");
    }
}

#[test]
fn json_schemas_name_the_keys_of_the_formats() {
    let all: serde_json::Value = serde_json::from_str(&stdout_of(&["schema"])).expect("JSON");
    let keys = |file: &str| -> Vec<String> {
        all[file]["properties"].as_object().expect("an object of properties").keys().cloned().collect()
    };
    for key in ["version", "name", "schema", "tables", "transactions", "clients", "rate", "think_time", "observed"] {
        assert!(keys("workload").iter().any(|k| k == key), "{key}");
    }
    for key in ["cpu", "memory", "storage", "network", "client", "postgresql", "standby", "coefficients"] {
        assert!(keys("machine").iter().any(|k| k == key), "{key}");
    }
    assert_eq!(keys("rules"), ["rules", "version"]);
    let one: serde_json::Value = serde_json::from_str(&stdout_of(&["schema", "workload"])).expect("JSON");
    assert_eq!(one, all["workload"]);
}

#[test]
fn completions_and_man_pages() {
    for shell in ["bash", "zsh", "fish"] {
        assert!(stdout_of(&["completions", shell]).contains("forecast"), "{shell}");
    }
    assert!(stdout_of(&["man"]).contains("predict\\-forecast(1)"));
    assert!(stdout_of(&["man", "check"]).contains("\\-\\-max\\-regression"));
}

#[test]
fn a_file_is_written_whole_or_not_at_all() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path().join("schema.json");
    predict().arg("schema").arg("-o").arg(&path).assert().code(0).stdout("");
    assert_eq!(std::fs::read_to_string(&path).expect("the file is there"), stdout_of(&["schema"]));
    let output = predict().arg("schema").arg("-o").arg(dir.path().join("no/such/folder")).assert().code(2);
    assert!(String::from_utf8_lossy(&output.get_output().stderr).contains("no/such/folder"));
    predict().arg("schema").arg("-o").arg(dir.path()).assert().code(2);
    assert_eq!(std::fs::read_dir(dir.path()).expect("the folder is there").count(), 1, "nothing is left aside");
}

#[test]
fn a_bad_output_path_fails_before_the_work() {
    // The workload does not exist either; what is reported is the path that could not be written.
    let output = predict().args(["forecast", "--workload", "no.yaml", "-o", "/no/such/folder/x"]).assert().code(2);
    assert!(String::from_utf8_lossy(&output.get_output().stderr).contains("/no/such/folder/x"));
}

#[test]
fn a_closed_pipe_is_success() {
    for args in [&["schema"][..], &["man"], &["completions", "bash"], &["--help"]] {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let output = Command::new(env!("CARGO_BIN_EXE_predict")).args(args).stdout(writer).output().expect("it runs");
        assert_eq!(output.status.code(), Some(0), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        assert!(output.stderr.is_empty(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
}
