//! What is read of a schema, as its author wrote it and as pg_dump writes it, compared with the catalog of the
//! server that it was loaded into: every fact of every table.

#[path = "../support/mod.rs"]
mod support;

mod catalog;
mod facts;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use predict::diagnostic::{Warning, WarningCode};
use predict::live::{Cluster, ClusterOptions};
use predict::schema::{Schema, read};

fn server() -> Option<Cluster> {
    support::server(&ClusterOptions::default().setting("fsync", "off"))
}

/// Rows with `|` between columns.
fn query(server: &Cluster, database: &str, sql: &str) -> String {
    server.sql(database, sql).unwrap_or_else(|e| panic!("{database}: {e}"))
}

fn dump(server: &Cluster, database: &str, options: &[&str]) -> String {
    let output = server
        .client(server.binaries().psql.with_file_name("pg_dump"))
        .args(["--schema-only", database])
        .args(options)
        .output()
        .expect("pg_dump");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// Schemas of the kinds that people have, and those that hold every form once.
fn corpus() -> Vec<PathBuf> {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let mut files: Vec<_> = std::fs::read_dir(tests.join("dumps"))
        .expect("tests/dumps")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|e| e == "sql"))
        .collect();
    files.extend(["forms", "orders", "queue"].map(|name| tests.join("fixtures").join(name).with_extension("sql")));
    files.sort();
    files
}

fn same(what: &str, read: &BTreeSet<String>, catalog: &str, found: &mut Vec<String>) -> usize {
    let catalog: BTreeSet<String> = catalog.lines().map(str::to_owned).collect();
    let only_read: Vec<_> = read.difference(&catalog).collect();
    let only_catalog: Vec<_> = catalog.difference(read).collect();
    if !only_read.is_empty() || !only_catalog.is_empty() {
        found.push(format!("{what}\nread: {only_read:#?}\ncatalog: {only_catalog:#?}"));
    }
    catalog.len()
}

/// What the catalog says, in one answer.
fn catalog_of(server: &Cluster, database: &str) -> Vec<String> {
    const BETWEEN: &str = "-- next --";
    let queries = [
        catalog::columns(),
        catalog::tables(),
        catalog::foreign_keys(),
        catalog::sequences(),
        catalog::enums_and_views(),
        catalog::indexes(),
    ];
    let answer = query(server, database, &queries.join(&format!("; SELECT '{BETWEEN}';")));
    let parts: Vec<_> = answer.split(&format!("{BETWEEN}\n")).map(str::to_owned).collect();
    assert_eq!(parts.len(), queries.len(), "{database}");
    parts
}

/// Compares all facts; gives their number.
fn compare(label: &str, dumped: bool, schema: &Schema, catalog: &[String], found: &mut Vec<String>) -> usize {
    let unreadable: Vec<&Warning> = schema.warnings.iter().filter(|w| w.code != WarningCode::NotModelled).collect();
    if !unreadable.is_empty() {
        found.push(format!("{label}: {unreadable:#?}"));
    }
    let facts = [
        ("columns", facts::columns(schema)),
        ("tables", facts::tables(schema)),
        ("foreign keys", facts::foreign_keys(schema)),
        ("sequences", facts::sequences(schema)),
        ("enums and views", facts::enums_and_views(schema)),
    ];
    let mut count = 0;
    for ((what, read), catalog) in facts.into_iter().zip(catalog) {
        count += same(&format!("{what} of {label}"), &read, catalog, found);
    }
    let (mut indexes, mut catalog) = (facts::indexes(schema), catalog[5].clone());
    // An author may write the default operator class and collation, which a dump leaves out.
    if !dumped {
        indexes = indexes.iter().map(|line| facts::without_opclasses(line)).collect();
        catalog = catalog.lines().map(facts::without_opclasses).collect::<Vec<_>>().join("\n");
    }
    count + same(&format!("indexes of {label}"), &indexes, &catalog, found)
}

#[test]
fn facts_read_agree_with_the_catalog() {
    let Some(server) = server() else { return };
    let (mut found, mut count, mut dumps) = (Vec::new(), 0, 0);
    for path in corpus() {
        let name = path.file_stem().and_then(|s| s.to_str()).expect("a name");
        let source = std::fs::read_to_string(&path).expect("a schema");
        server.create_database(name).expect("a database");
        server.sql_file(name, &path).unwrap_or_else(|e| panic!("{name}: {e}"));
        // The dump, and the schema as its author wrote it, say the same.
        let dump = dump(&server, name, &[]);
        let catalog = catalog_of(&server, name);
        for (dumped, text) in [(true, dump.as_str()), (false, &source)] {
            let label = format!("{name}, {}", if dumped { "dump" } else { "source" });
            count += compare(&label, dumped, &read(&format!("{name}.sql"), text), &catalog, &mut found);
        }
        dumps += 1;
    }
    assert!(found.is_empty(), "{}", found.join("\n\n"));
    assert!(dumps >= 30 && count > 4000, "{count} lines of {dumps} schemas were compared");
}

#[test]
fn every_word_may_be_a_name() {
    let Some(server) = server() else { return };
    server.create_database("words").expect("a database");
    // All words that the server takes as the name of a column, as such, in an index, and as names of tables.
    let words = "SELECT word FROM pg_get_keywords() WHERE catcode IN ('U', 'C')";
    let script = format!(
        "SELECT format('CREATE TABLE %I (%I integer PRIMARY KEY, b text)', word, word) FROM ({words}) AS w \\gexec
         SELECT format('CREATE TABLE all_words (%s)', string_agg(quote_ident(word) || ' integer', ', ')) FROM ({words}) AS w \\gexec
         SELECT format('CREATE INDEX %I ON all_words (%I, lower(%I::text)) WHERE %I > 0', 'i_' || word, word, word, word) FROM ({words}) AS w \\gexec
         SELECT format('CREATE VIEW %I AS SELECT a.%I FROM all_words a', 'v_' || word, word) FROM ({words}) AS w \\gexec
         SELECT format('CREATE TYPE %I AS ENUM (''x'')', 't ' || word) FROM ({words}) AS w \\gexec"
    );
    let file = server.scratch().join("words.sql");
    std::fs::write(&file, script).expect("a script");
    server.sql_file("words", &file).unwrap_or_else(|e| panic!("{e}"));
    let dump = dump(&server, "words", &[]);
    let mut found = Vec::new();
    compare("words", true, &read("words.sql", &dump), &catalog_of(&server, "words"), &mut found);
    assert!(found.is_empty(), "{}", found.join("\n\n"));
}

#[test]
fn pgbench_reads_whole() {
    let Some(server) = server() else { return };
    for (database, options) in [("plain", &["-i"][..]), ("keys", &["-i", "--foreign-keys", "--partitions=4"])] {
        server.create_database(database).expect("a database");
        let mut command = server.client(&server.binaries().pgbench);
        command.args(["-q", "-s", "1"]).args(options).arg(database);
        assert!(command.output().is_ok_and(|o| o.status.success()), "pgbench {options:?}");
        // With all that pg_dump can add, and with the drops that come first.
        for options in [&[][..], &["--clean", "--if-exists", "--create"], &["--clean"], &["--no-owner", "--inserts"]] {
            let schema = read("pgbench.sql", &dump(&server, database, options));
            assert!(schema.warnings.is_empty(), "{options:?}: {:#?}", schema.warnings);
            let mut found = Vec::new();
            compare(database, true, &schema, &catalog_of(&server, database), &mut found);
            assert!(found.is_empty(), "{}", found.join("\n\n"));
        }
    }
}
