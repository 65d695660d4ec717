//! A workload file, as far as it needs no other file.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use predict::access::Statements;
use predict::schema::Schema;
use predict::yaml::Document;

static SCHEMA: LazyLock<Schema> =
    LazyLock::new(|| predict::schema::read("orders.sql", include_str!("../../tests/fixtures/orders.sql")));

fuzz_target!(|text: &str| {
    // Files that a text would name are none of the reader's own.
    if text.contains("script") || text.contains("plan") {
        return;
    }
    let read = || {
        let document = Document::parse("w.yaml", text)?;
        let workload = predict::workload::from_document(&document)?;
        predict::workload::check_against(&workload, &SCHEMA)?;
        Statements::parse(&SCHEMA, &workload).map(drop)
    };
    if let Err(e) = read() {
        drop(predict::diagnostic::render_error(&e, false));
    }
});
