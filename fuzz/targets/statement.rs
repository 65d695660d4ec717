//! A statement of a workload, from its text to what it touches on a fixed schema.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use predict::access::Statements;
use predict::machine::Machine;
use predict::schema::Schema;
use predict::yaml::Document;

static SCHEMA: LazyLock<Schema> =
    LazyLock::new(|| predict::schema::read("orders.sql", include_str!("../../tests/fixtures/orders.sql")));
static MACHINE: LazyLock<Machine> = LazyLock::new(predict::machine::reference);
static BASE: LazyLock<Document> = LazyLock::new(|| {
    let tables = "tables: {customers: {rows: 100k}, products: {rows: 10k}, orders: {rows: 1M}, order_items: {rows: 3M}, \
                  revenue: {rows: 100}}\nclients: 4\n";
    Document::parse("w.yaml", tables).expect("the base is YAML")
});

fuzz_target!(|text: &str| {
    let _ = predict::sql::parse_expr(text);
    if let Err(e) = predict::sql::parse_statement_noted(text) {
        assert!(e.span.start <= e.span.end && e.span.end <= text.len());
    }
    let transaction = serde_json::json!([{
        "name": "t",
        "variables": {"a": {"random": [1, 1000]}, "b": {"value": "x"}},
        "statements": [{"sql": text}],
    }]);
    let mut document = BASE.clone();
    if document.set("transactions", &transaction.to_string()).is_err() {
        return;
    }
    let Ok(workload) = predict::workload::from_document(&document) else { return };
    let Ok(statements) = Statements::parse(&SCHEMA, &workload) else { return };
    for footprint in statements.footprints(&MACHINE).iter().flatten().flatten() {
        let numbers = [footprint.pages.get(), footprint.rows_out, footprint.rows_written, footprint.wal_bytes.get()];
        assert!(numbers.iter().all(|x| x.is_finite() && *x >= -1e-6), "{numbers:?}");
    }
});
