//! A pgbench script.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use predict::yaml::Document;

static BASE: LazyLock<Document> = LazyLock::new(|| {
    Document::parse("w.yaml", "transactions: [{script: s.sql}]\nclients: 4\n").expect("the base is YAML")
});

fuzz_target!(|text: &str| {
    let mut document = BASE.clone();
    document.attach("s.sql", text);
    match predict::workload::from_document(&document) {
        Ok(workload) => {
            for step in &workload.transactions[0].steps {
                assert!(step.repeat >= 0.0 && step.repeat <= 1.0 + 1e-9, "{}", step.repeat);
            }
        }
        Err(e) => drop(predict::diagnostic::render_error(&e, false)),
    }
});
