//! What is read from pg_dump's output, compared with the catalog of the server that it came from.

use std::collections::BTreeSet;

use predict::live::{Cluster, ClusterOptions, LiveError};
use predict::schema::{Schema, Table, read};

/// A server, or `None` where PostgreSQL is not installed; in CI that is a failure, not an excuse.
fn server() -> Option<Cluster> {
    match Cluster::start(&ClusterOptions::default()) {
        Ok(cluster) => Some(cluster),
        Err(LiveError::NoBinary { program }) if std::env::var_os("CI").is_none() => {
            eprintln!("*** did not run: there is no {program} here ***");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

/// Rows with `|` between columns.
fn query(server: &Cluster, database: &str, sql: &str) -> String {
    server.sql(database, sql).unwrap_or_else(|e| panic!("{e}"))
}

fn dump(server: &Cluster, database: &str) -> String {
    let output = server
        .client(server.binaries().psql.with_file_name("pg_dump"))
        .args(["--schema-only", database])
        .output()
        .expect("pg_dump");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// Schemas of the kinds that people have; the first holds every form that a dump can show.
const SCHEMAS: &[(&str, &str)] = &[
    ("forms", include_str!("fixtures/forms.sql")),
    ("orders", include_str!("fixtures/orders.sql")),
    ("queue", include_str!("fixtures/queue.sql")),
];

const COLUMNS: &str = "
    SELECT n.nspname || '.' || c.relname, a.attname,
           format_type(CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE a.atttypid END,
                       CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END),
           a.attnotnull OR t.typnotnull, a.attlen, a.attalign,
           (a.atthasdef OR a.attidentity <> '') AND a.attgenerated = '', a.attgenerated <> ''
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_type t ON t.oid = a.atttypid
    WHERE c.relkind IN ('r', 'p', 'm') AND a.attnum > 0 AND NOT a.attisdropped
      AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_toast'";

const TABLES: &str = "
    SELECT n.nspname || '.' || c.relname, c.relpersistence = 'u', c.relkind = 'm', c.relkind = 'p',
           coalesce((SELECT option_value::numeric / 100 FROM pg_options_to_table(c.reloptions)
                     WHERE option_name = 'fillfactor'), 1)::float8,
           coalesce((SELECT string_agg(pn.nspname || '.' || p.relname, ',' ORDER BY i.inhseqno) FROM pg_inherits i
                     JOIN pg_class p ON p.oid = i.inhparent JOIN pg_namespace pn ON pn.oid = p.relnamespace
                     WHERE i.inhrelid = c.oid), ''),
           (SELECT count(*) FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'c'),
           (SELECT count(*) FROM pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
      AND n.nspname !~ '^pg_toast'";

const INDEXES: &str = "
    SELECT n.nspname || '.' || c.relname, i.relname, am.amname, x.indisunique, x.indisprimary, x.indisexclusion,
           x.indnkeyatts, x.indnatts - x.indnkeyatts, x.indpred IS NOT NULL,
           coalesce((SELECT option_value::numeric / 100 FROM pg_options_to_table(i.reloptions)
                     WHERE option_name = 'fillfactor')::float8::text, ''),
           (SELECT string_agg(coalesce(a.attname, '<expression>')
                              || CASE WHEN pg_index_column_has_property(i.oid, k.n::int, 'desc') THEN ' desc' ELSE '' END,
                              ',' ORDER BY k.n)
            FROM unnest(x.indkey::int2[]) WITH ORDINALITY AS k (attnum, n)
            LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum AND k.attnum > 0)
    FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class c ON c.oid = x.indrelid
    JOIN pg_am am ON am.oid = i.relam JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_toast'";

const FOREIGN_KEYS: &str = "
    SELECT n.nspname || '.' || c.relname,
           (SELECT string_agg(a.attname, ',' ORDER BY u.n) FROM unnest(k.conkey) WITH ORDINALITY AS u (attnum, n)
            JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = u.attnum),
           fn.nspname || '.' || f.relname,
           (SELECT string_agg(a.attname, ',' ORDER BY u.n) FROM unnest(k.confkey) WITH ORDINALITY AS u (attnum, n)
            JOIN pg_attribute a ON a.attrelid = f.oid AND a.attnum = u.attnum),
           CASE WHEN k.confdeltype IN ('a', 'r') THEN 'Check' WHEN k.confdeltype = 'c' THEN 'Cascade' ELSE 'Set' END,
           CASE WHEN k.confupdtype IN ('a', 'r') THEN 'Check' WHEN k.confupdtype = 'c' THEN 'Cascade' ELSE 'Set' END
    FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_class f ON f.oid = k.confrelid JOIN pg_namespace fn ON fn.oid = f.relnamespace
    WHERE k.contype = 'f'";

fn full_name(table: &Table) -> String {
    format!("{}.{}", table.name.schema, table.name.name)
}

const fn flag(value: bool) -> &'static str {
    if value { "t" } else { "f" }
}

fn columns(schema: &Schema) -> BTreeSet<String> {
    let line = |table: &Table, column: &predict::schema::Column| {
        let align = match column.ty.align {
            1 => 'c',
            2 => 's',
            8 => 'd',
            _ => 'i',
        };
        let length = column.ty.fixed_bytes.map_or_else(|| "-1".into(), |b| b.to_string());
        format!(
            "{}|{}|{}|{}|{length}|{align}|{}|{}",
            full_name(table),
            column.name,
            column.ty.written(),
            flag(column.not_null),
            flag(column.default.is_some()),
            flag(column.generated.is_some())
        )
    };
    schema.tables.iter().flat_map(|t| t.columns.iter().map(move |c| line(t, c))).collect()
}

fn tables(schema: &Schema) -> BTreeSet<String> {
    let line = |table: &Table| {
        let parents = table.partition_of.iter().map(|p| p.0).chain(table.inherits.iter().copied());
        let parents: Vec<_> = parents.map(|p| full_name(&schema.tables[p])).collect();
        format!(
            "{}|{}|{}|{}|{}|{}|{}|{}",
            full_name(table),
            flag(table.unlogged),
            flag(table.materialized_view),
            flag(table.partition_by.is_some()),
            table.fillfactor,
            parents.join(","),
            table.checks.len(),
            table.triggers.len()
        )
    };
    schema.tables.iter().map(line).collect()
}

fn indexes(schema: &Schema) -> BTreeSet<String> {
    let line = |table: &Table, index: &predict::schema::Index| {
        let key = |k: &predict::schema::IndexKey| {
            format!("{}{}", k.column().unwrap_or("<expression>"), if k.descending { " desc" } else { "" })
        };
        let keys: Vec<_> = index.keys.iter().map(key).chain(index.include.iter().cloned()).collect();
        format!(
            "{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}",
            full_name(table),
            index.name,
            index.method,
            flag(index.unique),
            flag(index.primary),
            flag(index.exclusion),
            index.keys.len(),
            index.include.len(),
            flag(index.predicate.is_some()),
            index.fillfactor.map_or_else(String::new, |f| f.to_string()),
            keys.join(",")
        )
    };
    schema.tables.iter().flat_map(|t| t.indexes.iter().map(move |i| line(t, i))).collect()
}

fn foreign_keys(schema: &Schema) -> BTreeSet<String> {
    let line = |table: &Table, key: &predict::schema::ForeignKey| {
        format!(
            "{}|{}|{}|{}|{:?}|{:?}",
            full_name(table),
            key.columns.join(","),
            full_name(&schema.tables[key.references]),
            key.referenced_columns.join(","),
            key.on_delete,
            key.on_update
        )
    };
    schema.tables.iter().flat_map(|t| t.foreign_keys.iter().map(move |k| line(t, k))).collect()
}

#[track_caller]
fn same(what: &str, read: &BTreeSet<String>, catalog: &str) {
    let catalog: BTreeSet<String> = catalog.lines().map(str::to_owned).collect();
    let only_read: Vec<_> = read.difference(&catalog).collect();
    let only_catalog: Vec<_> = catalog.difference(read).collect();
    assert!(
        only_read.is_empty() && only_catalog.is_empty(),
        "{what}\nread: {only_read:#?}\ncatalog: {only_catalog:#?}"
    );
    assert!(!read.is_empty(), "{what}: nothing was compared");
}

#[test]
fn facts_read_agree_with_the_catalog() {
    let Some(server) = server() else { return };
    for (name, source) in SCHEMAS {
        server.create_database(name).expect("a database");
        query(&server, name, source);
        let dump = dump(&server, name);
        // The dump, and the schema as its author wrote it, say the same.
        for (kind, text) in [("dump", dump.as_str()), ("source", source)] {
            let schema = read(&format!("{name}.sql"), text);
            let unreadable =
                schema.warnings.iter().filter(|w| w.code == predict::diagnostic::WarningCode::UnreadableDdl);
            assert_eq!(unreadable.collect::<Vec<_>>(), Vec::<&predict::diagnostic::Warning>::new(), "{name} {kind}");
            let label = |what: &str| format!("{what} of {name}, {kind}");
            same(&label("columns"), &columns(&schema), &query(&server, name, COLUMNS));
            same(&label("tables"), &tables(&schema), &query(&server, name, TABLES));
            same(&label("indexes"), &indexes(&schema), &query(&server, name, INDEXES));
            let keys = query(&server, name, FOREIGN_KEYS);
            if !keys.is_empty() {
                same(&label("foreign keys"), &foreign_keys(&schema), &keys);
            }
        }
    }
}

#[test]
fn pgbench_reads_whole() {
    let Some(server) = server() else { return };
    for (database, options) in [("plain", &["-i"][..]), ("keys", &["-i", "--foreign-keys", "--partitions=4"])] {
        server.create_database(database).expect("a database");
        let mut command = server.client(&server.binaries().pgbench);
        command.args(["-q", "-s", "1"]).args(options).arg(database);
        assert!(command.output().is_ok_and(|o| o.status.success()), "pgbench {options:?}");
        let dump = dump(&server, database);
        let schema = read("pgbench.sql", &dump);
        assert!(schema.warnings.is_empty(), "{:#?}", schema.warnings);
        same("columns", &columns(&schema), &query(&server, database, COLUMNS));
        same("tables", &tables(&schema), &query(&server, database, TABLES));
        same("indexes", &indexes(&schema), &query(&server, database, INDEXES));
    }
}
