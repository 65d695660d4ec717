//! What `workloads/` holds is read without an error or a warning, and its parts agree with each other.

use std::fs;
use std::path::{Path, PathBuf};

use predict::workload::{StepKind, Workload};
use predict::yaml::Document;

fn workloads() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("workloads")
}

/// All folders with a workload file.
fn folders() -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(workloads())
        .unwrap()
        .map(|e| e.unwrap().path())
        .filter(|p| p.join("workload.yaml").is_file())
        .collect();
    found.sort();
    assert!(found.len() >= 6, "{found:?}");
    found
}

fn read(folder: &Path) -> Workload {
    let document = Document::read(&folder.join("workload.yaml")).unwrap_or_else(|e| panic!("{e:?}"));
    predict::workload::from_document(&document).unwrap_or_else(|e| panic!("{e:?}"))
}

/// One statement, all white space and the last semicolon taken out.
fn normalized(sql: &str) -> String {
    sql.split_whitespace().collect::<String>().trim_end_matches(';').to_owned()
}

#[test]
fn every_workload_is_read_without_a_warning() {
    for folder in folders() {
        let workload = read(&folder);
        assert!(workload.warnings.is_empty(), "{}: {:?}", folder.display(), workload.warnings);
        assert!(folder.join("schema.sql").is_file());
    }
}

#[test]
fn every_machine_is_read_without_a_warning() {
    for entry in fs::read_dir(workloads().join("machines")).unwrap() {
        let path = entry.unwrap().path();
        let document = Document::read(&path).unwrap();
        let machine = predict::machine::from_document(&document).unwrap_or_else(|e| panic!("{e:?}"));
        assert!(machine.warnings.is_empty(), "{}: {:?}", path.display(), machine.warnings);
    }
}

#[test]
fn statements_are_those_of_the_scripts_that_were_measured() {
    let mut compared = 0;
    // What has no recorded measurement is run by `predict validate`, which writes the scripts from the workload itself.
    for folder in folders().into_iter().filter(|f| f.join("measured.csv").is_file()) {
        let workload = read(&folder);
        for transaction in &workload.transactions {
            let own = folder.join(format!("{}.sql", transaction.name));
            let script = if own.is_file() { own } else { folder.join("script.sql") };
            let script = fs::read_to_string(&script).unwrap();
            let expected: Vec<String> = script
                .lines()
                .filter(|l| !l.starts_with('\\') && !l.starts_with("--") && !l.trim().is_empty())
                .map(|l| normalized(l.trim_end_matches(" \\aset")))
                .filter(|s| !["BEGIN", "END", "COMMIT"].contains(&s.as_str()))
                .collect();
            let written: Vec<String> = transaction
                .steps
                .iter()
                .filter_map(|s| match &s.kind {
                    StepKind::Statement(s) => Some(normalized(&s.written)),
                    _ => None,
                })
                .collect();
            assert_eq!(written, expected, "{} in {}", transaction.name, folder.display());
            compared += written.len();
        }
    }
    assert!(compared > 20, "{compared}");
}
