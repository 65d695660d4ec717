//! A pgbench script.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use predict::yaml::Document;

/// The simple protocol, which replaces variables inside quotes, and the one that pipelines need.
static BASES: LazyLock<[Document; 2]> = LazyLock::new(|| {
    ["simple", "prepared"].map(|protocol| {
        let text = format!("transactions: [{{script: s.sql}}]\nclients: 4\nprotocol: {protocol}\n");
        Document::parse("w.yaml", &text).expect("the base is YAML")
    })
});

fuzz_target!(|text: &str| {
    for base in BASES.iter() {
        let mut document = base.clone();
        document.attach("s.sql", text);
        match predict::workload::from_document(&document) {
            Ok(workload) => {
                for step in &workload.transactions[0].steps {
                    assert!(step.repeat >= 0.0 && step.repeat <= 1.0 + 1e-9, "{}", step.repeat);
                }
            }
            Err(e) => drop(predict::diagnostic::render_error(&e, false)),
        }
    }
});
