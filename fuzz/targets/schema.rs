//! DDL: whatever the text, a schema comes out, and what refers to a table refers to one that is there.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let schema = predict::schema::read("schema.sql", text);
    for table in &schema.tables {
        assert!(table.foreign_keys.iter().all(|k| k.references < schema.tables.len()));
        assert!(table.inherits.iter().all(|p| *p < schema.tables.len()));
        assert!(schema.find_table(&table.name).is_some());
    }
    let lines = u32::try_from(text.split('\n').count()).unwrap_or(u32::MAX);
    for position in schema.warnings.iter().filter_map(|w| w.position.as_ref()) {
        assert!((1..=lines).contains(&position.line) && position.column >= 1, "{position}");
    }
    // A draft is made from any schema.
    drop(predict::workload::starter::Starter::new(&schema, "x", "schema.sql").text());
});
