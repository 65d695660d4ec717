//! Statements as text, from schema and workload to footprints.

use crate::access::{self, AccessPath, Footprint};
use crate::diagnostic::{InputError, WarningCode};
use crate::machine::{self, Settings};
use crate::schema;
use crate::workload;
use crate::yaml::Document;

const SCHEMA: &str = "CREATE TABLE parents (id integer PRIMARY KEY, name text);
CREATE TABLE items (id integer PRIMARY KEY, parent integer REFERENCES parents, state text NOT NULL, note text);
CREATE INDEX items_state ON items (parent) WHERE state = 'open';
CREATE TABLE events (at date NOT NULL, kind integer, body text) PARTITION BY RANGE (at);
CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2025-02-01');
CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM ('2025-02-01') TO ('2025-03-01');
CREATE TABLE unknown_size (id integer);";

const TABLES: &str = "version: 1
schema: s.sql
tables:
  parents: {rows: 1000}
  items: {rows: 100k, columns: {state: {distinct: 2, most_common: {open: 0.01, done: 0.99}}, parent: {distinct: 1000}}}
  events: {rows: 10k}
clients: 1
";

/// PostgreSQL 15's defaults.
pub fn settings() -> Settings {
    let mut settings = machine::reference().settings;
    settings.version = 15;
    settings
}

fn explain(transaction: &str) -> Result<Footprint, InputError> {
    let text = format!("{TABLES}transactions:\n  - name: t\n{transaction}\n");
    let document = Document::parse("w.yaml", &text)?;
    let workload = workload::from_document(&document)?;
    let schema = schema::read("s.sql", SCHEMA);
    assert!(schema.warnings.is_empty(), "{:?}", schema.warnings);
    let found = access::footprints(&schema, &workload, &machine::reference())?;
    Ok(found.into_iter().flatten().flatten().last().unwrap())
}

fn statement(sql: &str) -> Result<Footprint, InputError> {
    explain(&format!("    variables: {{id: {{random: [1, 1000]}}}}\n    statements:\n      - sql: {sql}"))
}

#[test]
fn names_that_are_wrong_have_a_place_and_a_neighbour() {
    let error = statement("SELECT note FROM itmes WHERE id = :id").unwrap_err();
    assert_eq!(error.message, "unknown table `itmes`");
    assert_eq!(error.nearest.as_deref(), Some("items"));
    let at = error.position.unwrap();
    assert_eq!((at.line, at.column), (12, 31));
    let error = statement("SELECT nota FROM items WHERE id = :id").unwrap_err();
    assert_eq!((error.message.as_str(), error.nearest.as_deref()), ("unknown column `nota`", Some("note")));
    let error = statement("UPDATE items SET stat = 'x' WHERE id = :id").unwrap_err();
    assert_eq!(error.nearest.as_deref(), Some("state"));
    let error = statement("INSERT INTO items (id, parnt) VALUES (:id, 1)").unwrap_err();
    assert_eq!(error.nearest.as_deref(), Some("parent"));
    let error = statement("SELECT x.id FROM items i WHERE id = :id").unwrap_err();
    assert_eq!(error.message, "unknown table or alias `x`");
}

#[test]
fn a_table_needs_rows_and_a_statement_needs_sense() {
    let error = statement("SELECT id FROM unknown_size WHERE id = :id").unwrap_err();
    assert_eq!(error.message, "table `unknown_size` has no row count");
    assert_eq!(error.position.unwrap().line, 12);
    let error = statement("SELEKT id FROM items WHERE id = :id").unwrap_err();
    assert!(error.message.starts_with("cannot read the statement"), "{}", error.message);
}

#[test]
fn what_was_assumed_is_said() {
    let warned = |f: &Footprint| f.warnings.iter().any(|w| w.code == WarningCode::AssumedStatistics);
    assert!(warned(&statement("SELECT id FROM items WHERE note = 'x' AND id < :id").unwrap()));
    assert!(!warned(&statement("SELECT id FROM items WHERE id = :id").unwrap()));
}

#[test]
fn a_partial_index_serves_a_constant_and_not_a_parameter() {
    let constant = statement("SELECT note FROM items WHERE state = 'open' AND parent = :id").unwrap();
    assert_eq!(constant.relations[0].index.as_deref(), Some("items_state"));
    let parameter = explain(
        "    variables: {s: {one_of: {open: 0.5, done: 0.5}}, id: {random: [1, 1000]}}\n    statements:\n      - sql: SELECT note FROM items WHERE state = :s AND parent = :id",
    )
    .unwrap();
    assert_eq!(parameter.relations[0].path, AccessPath::SeqScan);
}

#[test]
fn locks_and_wal_of_a_reference() {
    let f = statement("INSERT INTO items (id, parent, state) VALUES (:id + 1000000, :id, 'open')").unwrap();
    assert_eq!(f.locks.len(), 1);
    assert_eq!(f.locks[0].mode.as_str(), "key share");
    // heap 31 + (24 + 4 + 4 + 5), two entries of 64, a lock record of 54, and splits.
    let records = 31.0 + 37.0 + 128.0 + 54.0;
    assert!(f.wal_bytes.get() >= records && f.wal_bytes.get() < records + 60.0, "{:?}", f.wal_bytes);
    assert_eq!(f.index_entries, 2.0);
    let locked = statement("SELECT * FROM items WHERE id = :id FOR UPDATE").unwrap();
    assert_eq!((locked.wal_bytes.get(), locked.writes), (54.0, true));
    // All variable values exist, so all rows drawn do.
    assert!((locked.locks[0].popularity.classes.iter().map(|c| c.probability).sum::<f64>() - 1.0).abs() < 1e-9);
}

#[test]
fn partitions_are_pruned() {
    let one = statement("SELECT count(*) FROM events WHERE at = '2025-01-15'").unwrap();
    let tables: Vec<&str> = one.relations.iter().map(|r| r.table.name.as_str()).collect();
    assert_eq!(tables, ["events_1"]);
    let both = statement("SELECT count(*) FROM events WHERE kind = :id").unwrap();
    assert_eq!(both.relations.len(), 2);
}

#[test]
fn reading_once_serves_many_machines() {
    let text = format!(
        "{TABLES}transactions:\n  - name: t\n    statements:\n      - sql: SELECT id FROM items WHERE id = 7\n"
    );
    let workload = workload::from_document(&Document::parse("w.yaml", &text).unwrap()).unwrap();
    let schema = schema::read("s.sql", SCHEMA);
    let statements = access::Statements::parse(&schema, &workload).unwrap();
    let mut machine = machine::reference();
    let first = statements.footprints(&machine);
    machine.cpu.cores *= 2.0;
    assert!(std::sync::Arc::ptr_eq(&first, &statements.footprints(&machine)));
    machine.settings.disabled_plans =
        vec!["enable_indexscan".into(), "enable_indexonlyscan".into(), "enable_bitmapscan".into()];
    assert_eq!(statements.footprints(&machine)[0][0].as_ref().unwrap().relations[0].path, AccessPath::SeqScan);
}

/// Reference values: what PostgreSQL 15 reported of such statements (EXPLAIN ANALYZE, pg_walinspect).
#[test]
fn a_row_is_changed_and_a_parent_locked_once() {
    // A hundred items of a parent match, but it is one row.
    let update =
        statement("UPDATE parents p SET name = 'x' FROM items i WHERE i.parent = p.id AND p.id = :id").unwrap();
    assert!((update.rows_written - 1.0).abs() < 0.01, "{}", update.rows_written);
    // Seven rows of one parent leave one lock record, seven of different ones seven.
    let one = "INSERT INTO items (id, parent, state) SELECT g, :id::integer, 'done' FROM generate_series(1, 7) g";
    let many = "INSERT INTO items (id, parent, state) SELECT g, g, 'done' FROM generate_series(1, 7) g";
    for (sql, expected) in [(one, 1.0), (many, 7.0)] {
        let locked: f64 = statement(sql).unwrap().locks.iter().map(|l| l.rows).sum();
        assert!((locked - expected).abs() < 1e-9, "{sql}: {locked}");
    }
}

/// Reference values: as above.
#[test]
fn left_joins_are_planned_as_what_they_are() {
    let rows = |sql: &str| {
        let found = statement(sql).unwrap();
        let scans: f64 = found.relations.iter().map(|r| r.rows).sum();
        (found.rows_out.round(), scans.round())
    };
    // Every parent has items. The key is not in the join's own condition, so all rows are joined, then dropped.
    let unmatched = "SELECT p.id FROM parents p LEFT JOIN items i ON i.parent = p.id WHERE i.id IS NULL";
    assert_eq!(rows(unmatched), (0.0, 101_000.0));
    // A condition that no null passes makes a plain join: a hundredth of the items is open.
    let strict = "SELECT p.id FROM parents p LEFT JOIN items i ON i.parent = p.id WHERE i.state = 'open'";
    assert_eq!(rows(strict), (1000.0, 2000.0));
}
