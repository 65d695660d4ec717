//! Every command in README.md is run, in a copy of the repository's files.
//!
//! Blocks marked `sh` or `console` are read. A line that begins with `predict` or `cargo run ... --`
//! (after an optional `$ `) is run against the built binary and must succeed; in a `console` block, lines
//! without `$ ` are output, which must then appear in the same order, `...` standing for anything.
//! A block marked `sh,exit=1` expects that exit code; one marked `sh,server` finds a scratch PostgreSQL by libpq's
//! environment variables, where PostgreSQL is installed. Other commands (`cargo test`, `cargo install`,
//! `git`, an editor) are not run.

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use predict::live::{Cluster, ClusterOptions};

/// One command of the README with what the README says about it.
#[derive(Debug, Default)]
struct Step {
    line: usize,
    command: String,
    shown: Vec<String>,
    exit: i32,
    server: bool,
}

/// Reads the commands of a Markdown text.
fn steps(markdown: &str) -> Vec<Step> {
    let mut out: Vec<Step> = Vec::new();
    let mut block: Option<(bool, i32, bool)> = None;
    let mut continues = false;
    for (number, line) in markdown.lines().enumerate() {
        if let Some(info) = line.trim_start().strip_prefix("```") {
            let mut words = info.trim().split(',');
            let language = words.next().unwrap_or_default();
            let server = words.clone().any(|w| w == "server");
            let exit = words.find_map(|w| w.strip_prefix("exit=")).map_or(0, |n| n.parse().expect("exit=NUMBER"));
            block = match (block, language) {
                (None, "sh" | "bash") => Some((false, exit, server)),
                (None, "console") => Some((true, exit, server)),
                _ => None,
            };
            continues = false;
            continue;
        }
        let Some((console, exit, server)) = block else { continue };
        let prompt = line.strip_prefix("$ ");
        if continues {
            let last = out.last_mut().expect("a continued line has a first one");
            last.command += line.trim_end_matches('\\');
        } else if console && prompt.is_none() {
            // Output before any command belongs to nothing.
            out.last_mut().into_iter().for_each(|s| s.shown.push(line.to_owned()));
            continue;
        } else {
            let command = prompt.unwrap_or(line).trim_end_matches('\\').to_owned();
            out.push(Step { line: number + 1, command, shown: Vec::new(), exit, server });
        }
        continues = line.ends_with('\\');
    }
    out
}

/// The command with the built binary in place of `predict` and of `cargo run`; `None` when it runs
/// something else.
fn runnable(command: &str) -> Option<String> {
    let command = command.trim();
    let binary = env!("CARGO_BIN_EXE_predict");
    let ours = |c: &str| c == "predict" || c.starts_with("predict ");
    if ours(command) {
        return Some(format!("{binary}{}", &command["predict".len()..]));
    }
    // `PREDICT_MACHINE=m.yaml predict ...`, and commands joined by a pipe or `&&`.
    let first = command.split_whitespace().find(|w| !w.contains('='))?;
    if first == "predict" {
        return Some(command.replacen("predict", binary, 1));
    }
    let (cargo, rest) = command.split_once(" -- ")?;
    (cargo.starts_with("cargo run") && !cargo.contains("--example")).then(|| format!("{binary} {rest}"))
}

/// Copies what the README's commands may read: everything tracked-looking except build output.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("the repository").flatten() {
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        match entry.file_name().to_str() {
            Some("target" | ".git") => {}
            _ if source.is_dir() => copy(&source, &target),
            _ => drop(fs::copy(&source, &target).expect("a copy")),
        }
    }
}

/// Whether `shown` matches `actual`, `...` standing for any number of lines or any text of a line.
fn matches(shown: &[String], actual: &str) -> bool {
    let mut lines = actual.lines();
    let mut skipping = false;
    shown.iter().map(|l| l.trim_end()).filter(|l| !l.is_empty()).all(|want| {
        if want == "..." {
            skipping = true;
            return true;
        }
        let fits = |line: &str| match want.split_once("...") {
            Some((start, end)) => line.starts_with(start) && line.trim_end().ends_with(end),
            None => line.trim_end() == want,
        };
        let found =
            if skipping { lines.any(fits) } else { lines.by_ref().find(|l| !l.trim().is_empty()).is_some_and(fits) };
        skipping = false;
        found
    })
}

fn server() -> Option<Cluster> {
    support::server(&ClusterOptions::default())
}

#[test]
fn every_command_of_the_readme_works() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let Ok(readme) = fs::read_to_string(root.join("README.md")) else { panic!("there is no README.md") };
    let dir = tempfile::tempdir().expect("a temporary folder");
    copy(&root, dir.path());
    let mut failures = Vec::new();
    let mut ran = 0;
    let steps = steps(&readme);
    let cluster = if steps.iter().any(|s| s.server) { server() } else { None };
    for step in steps {
        let Some(command) = runnable(&step.command) else { continue };
        let mut shell = match (&cluster, step.server) {
            (_, false) => Command::new("sh"),
            (Some(cluster), true) => cluster.client("sh"),
            (None, true) => continue,
        };
        ran += 1;
        let output = shell
            .args(["-c", &command])
            .current_dir(dir.path())
            .env_remove("PREDICT_MACHINE")
            .output()
            .expect("a shell");
        let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        if output.status.code() != Some(step.exit) || !matches(&step.shown, &stdout) {
            failures.push(format!(
                "README.md:{}: `{}` ended with {} (expected {}), and printed\n{stdout}{stderr}",
                step.line, step.command, output.status, step.exit
            ));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(ran > 0, "README.md shows no command at all");
}

#[test]
fn blocks_continuations_and_output_are_told_apart() {
    let text = "```sh\npredict a \\\n  --b\n```\ntext\n```console\n$ predict c\nout\n...\n$ cargo test\n```\n\
                ```yaml\npredict: no\n```\n```sh,exit=1\nPREDICT_MACHINE=m predict d\n```\n";
    let steps = steps(text);
    let commands: Vec<&str> = steps.iter().map(|s| s.command.as_str()).collect();
    assert_eq!(commands, ["predict a   --b", "predict c", "cargo test", "PREDICT_MACHINE=m predict d"]);
    assert_eq!((steps[1].shown.join("|"), steps[1].line, steps[3].exit), ("out|...".to_owned(), 7, 1));
    assert!(runnable("cargo test").is_none() && runnable("predictable").is_none());
    assert!(runnable("cargo run --release -- forecast").is_some_and(|c| c.ends_with("predict forecast")));
    assert!(runnable("X=1 predict d").is_some_and(|c| c.starts_with("X=1 /")));
}

#[test]
fn shown_output_is_compared() {
    let shown = |lines: &[&str]| lines.iter().map(|l| (*l).to_owned()).collect::<Vec<_>>();
    assert!(matches(&shown(&["a", "...", "tps = ... (x)"]), "a\nb\n\ntps = 12 (x)\n"));
    assert!(!matches(&shown(&["a", "c"]), "a\nb\nc\n"));
    assert!(!matches(&shown(&["a", "...", "d"]), "a\nb\nc\n"));
}

#[test]
fn the_shell_examples_work() {
    let run = |script: &str, args: &[&str]| {
        Command::new("bash")
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .env("PREDICT", env!("CARGO_BIN_EXE_predict"))
            .arg(script)
            .args(args)
            .output()
            .expect("bash runs")
    };
    let (workload, machine) = ("workloads/orders/workload.yaml", "workloads/machines/one-cpu.yaml");
    let what_if = run("examples/what-if.sh", &[workload]);
    let table = String::from_utf8_lossy(&what_if.stdout).into_owned();
    assert!(what_if.status.success(), "{}", String::from_utf8_lossy(&what_if.stderr));
    assert_eq!(table.lines().filter(|l| !l.starts_with('#')).count(), 1 + 12 + 1 + 4, "{table}");

    let dir = tempfile::tempdir().expect("a temporary folder");
    let baseline = dir.path().join("baseline.json");
    let forecast = Command::new(env!("CARGO_BIN_EXE_predict"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["forecast", "--workload", workload, "--machine", machine, "--format", "json", "-o"])
        .arg(&baseline)
        .status()
        .expect("it runs");
    assert!(forecast.success());
    let check = run("examples/ci-check.sh", &[workload, machine, &baseline.to_string_lossy()]);
    let verdict = String::from_utf8_lossy(&check.stdout).into_owned();
    assert_eq!(check.status.code(), Some(0), "{verdict}{}", String::from_utf8_lossy(&check.stderr));
    assert!(verdict.contains("passed: 3 rules checked"), "{verdict}");
}
