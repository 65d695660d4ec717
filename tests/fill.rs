//! Tables filled from a workload's statistics have those statistics, and all constraints of their schema hold.
#![cfg(feature = "live")]

mod support;

use std::path::Path;

use predict::live::conninfo::Typed;
use predict::live::fill::{ddl, fill};
use predict::live::{Cluster, ClusterOptions, Conninfo};
use predict::workload::{self, Workload};
use predict::yaml::Document;

/// A server for loading.
fn server() -> Option<Cluster> {
    support::server(&ClusterOptions::default().setting("fsync", "off").setting("autovacuum", "off"))
}

/// Loads and fills; returns the notes.
fn load(cluster: &Cluster, database: &str, ddl_text: &str, workload: &Workload) -> Vec<String> {
    cluster.create_database(database).unwrap();
    let schema = predict::schema::read("schema.sql", ddl_text);
    let host = cluster.socket().to_string_lossy().into_owned();
    let typed = Typed { host: Some(&host), user: Some("postgres"), ..Typed::default() };
    let conninfo = Conninfo::resolve(&typed).unwrap().with_database(database);
    let mut client = conninfo.connect().unwrap();
    let mut notes = ddl::load(&mut client, "schema.sql", ddl_text, &|| false).unwrap_or_else(|e| panic!("{e}"));
    client.batch_execute("DISCARD ALL").unwrap();
    let filled =
        fill(&mut client, &schema, workload, &|| false, &mut |_| {}).unwrap_or_else(|e| panic!("{database}: {e}"));
    notes.extend(filled.notes);
    notes
}

fn workload_of(yaml: &str) -> Workload {
    let text = format!(
        "version: 1\nschema: s.sql\n{yaml}\ntransactions: [{{name: t, statements: [{{sql: SELECT 1}}]}}]\nclients: 1\n"
    );
    workload::from_document(&Document::parse("w.yaml", &text).unwrap()).unwrap_or_else(|e| panic!("{e}"))
}

/// What the catalog has of keys, indexes and checks.
const CATALOG: [&str; 2] = [
    "SELECT conname, contype, convalidated, pg_get_constraintdef(oid) FROM pg_constraint WHERE contype <> 't' ORDER BY 1, 4",
    "SELECT indexrelid::regclass::text, indisvalid, indisunique FROM pg_index JOIN pg_class c ON c.oid = indrelid \
     WHERE indrelid >= 16384 AND c.relkind <> 't' ORDER BY 1",
];

/// Fills and checks that everything that the schema declares is there afterwards, and every row asked for.
fn complete(cluster: &Cluster, name: &str, ddl_text: &str, workload: &Workload) -> Vec<String> {
    let plain = format!("plain_{name}");
    cluster.create_database(&plain).unwrap();
    cluster.sql(&plain, ddl_text).unwrap();
    let notes = load(cluster, name, ddl_text, workload);
    for what in CATALOG {
        assert_eq!(cluster.sql(name, what).unwrap(), cluster.sql(&plain, what).unwrap(), "{name}");
    }
    for (table, stats) in &workload.tables {
        let count = cluster.sql(name, &format!("SELECT count(*) FROM {table}")).unwrap();
        assert_eq!(count.trim().parse::<f64>().unwrap(), stats.rows, "{name}.{table}: {notes:?}");
    }
    notes
}

/// Schemas with composite, partial and self-referring keys, partitions, enums, arrays and generated columns.
/// `FILL_CASE=all` fills every one of the agreement's.
#[test]
fn schemas_are_filled_and_keep_their_constraints() {
    let Some(cluster) = server() else { return };
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/explain_agreement");
    let only = std::env::var("FILL_CASE").unwrap_or_else(|_| "campus,crm,forms".into());
    for half in ["cases", "unseen"] {
        for case in std::fs::read_dir(root.join(half)).unwrap().map(|e| e.unwrap().path()) {
            let name = case.file_name().unwrap().to_string_lossy().into_owned();
            if only != "all" && !only.split(',').any(|o| o == name) {
                continue;
            }
            let workload = workload::from_document(&Document::read(&case.join("workload.yaml")).unwrap()).unwrap();
            let ddl_text = std::fs::read_to_string(case.join("schema.sql")).unwrap();
            let start = std::time::Instant::now();
            let notes = complete(&cluster, &name, &ddl_text, &workload);
            println!("{name}: {:?} {notes:?}", start.elapsed());
            assert!(notes.is_empty(), "{name}: {notes:?}");
        }
    }
}

#[test]
fn every_type_has_values_and_those_of_a_key_differ() {
    let Some(cluster) = server() else { return };
    let types = [
        "boolean",
        "smallint",
        "integer",
        "bigint",
        "real",
        "double precision",
        "numeric",
        "numeric(6,2)",
        "money",
        "text",
        "varchar",
        "varchar(5)",
        "varchar(200)",
        "char",
        "char(3)",
        "\"char\"",
        "name",
        "bytea",
        "uuid",
        "date",
        "time",
        "timetz",
        "timestamp",
        "timestamp(3)",
        "timestamptz",
        "interval",
        "inet",
        "cidr",
        "macaddr",
        "macaddr8",
        "bit",
        "bit(8)",
        "varbit",
        "json",
        "jsonb",
        "xml",
        "pg_lsn",
        "oid",
        "tsvector",
        "tsquery",
        "point",
        "box",
        "circle",
        "line",
        "lseg",
        "path",
        "polygon",
        "int4range",
        "int8range",
        "numrange",
        "daterange",
        "tsrange",
        "tstzrange",
        "integer[]",
        "text[]",
        "uuid[]",
        "date[]",
        "timestamptz[]",
        "boolean[]",
        "numeric[]",
        "mood",
        "mood[]",
        "posint",
        "code",
    ];
    let columns: Vec<String> = types.iter().enumerate().map(|(n, t)| format!("c{n} {t} NOT NULL")).collect();
    let mut ddl_text = format!(
        "CREATE TYPE mood AS ENUM ('sad', 'so so', 'it''s fine');\nCREATE DOMAIN posint AS integer CHECK (VALUE > 0);\n\
         CREATE DOMAIN code AS text CHECK (VALUE ~ '^[0-9]');\n\
         CREATE TABLE everything (id bigserial PRIMARY KEY, {}, doubled bigint GENERATED ALWAYS AS (c3 * 2) STORED, \
         n integer GENERATED ALWAYS AS IDENTITY);\n",
        columns.join(", ")
    );
    let keys = [
        "smallint",
        "integer",
        "bigint",
        "numeric(8,2)",
        "text",
        "varchar(8)",
        "char(6)",
        "uuid",
        "date",
        "timestamptz",
        "inet",
        "bytea",
        "macaddr",
        "int4range",
    ];
    let mut tables = String::from("tables:\n  everything: {rows: 3000}\n");
    for (n, ty) in keys.iter().enumerate() {
        ddl_text += &format!("CREATE TABLE key{n} (k {ty} PRIMARY KEY);\n");
        tables += &format!("  key{n}: {{rows: 3000}}\n");
    }
    let workload = workload_of(&tables);
    let notes = complete(&cluster, "types", &ddl_text, &workload);
    assert!(notes.is_empty(), "{notes:?}");
    // Sequences stand behind what was loaded.
    let insert = "INSERT INTO everything SELECT (e).* FROM (SELECT e FROM everything e LIMIT 0) x; \
                  SELECT nextval('everything_id_seq'), nextval('everything_n_seq')";
    let next = cluster.sql("types", insert.split("; ").nth(1).unwrap()).unwrap();
    assert_eq!(next.trim(), "3001|3001");
}

#[test]
fn statistics_are_those_declared() {
    let Some(cluster) = server() else { return };
    let ddl_text = "CREATE TABLE t (id bigint PRIMARY KEY, status text, kind text, grp integer, ordered integer, falling integer, \
                    half integer, opt integer, wide text, tags text[], born date, price numeric(8,2), bins integer);";
    let workload = workload_of(
        "tables:\n  t:\n    rows: 100k\n    columns:\n      \
         status: {distinct: 3, most_common: {open: 0.7, paid: 0.2, 'it''s': 0.1}}\n      \
         kind: {distinct: 1000, null_fraction: 0.1, most_common: {big: 0.3}}\n      \
         grp: {distinct: 500, min: 1000, max: 1499}\n      \
         ordered: {distinct: 2000, correlation: 1}\n      \
         falling: {distinct: 2000, correlation: -1}\n      \
         half: {distinct: 1000, correlation: 0.5}\n      \
         opt: {null_fraction: 0.25}\n      \
         wide: {avg_bytes: 300, distinct: -1}\n      \
         tags: {elements: {distinct: 50, avg_count: 3, most_common: {sale: 0.2}}}\n      \
         born: {distinct: 1000, min: '1990-01-01', max: '1999-12-31'}\n      \
         bins: {distinct: 50000, histogram: [0, 10, 1000, 100000]}",
    );
    assert_eq!(complete(&cluster, "stats", ddl_text, &workload), Vec::<String>::new());
    let number = |sql: &str| cluster.sql("stats", sql).unwrap().trim().parse::<f64>().unwrap();
    let near = |sql: &str, expected: f64, tolerance: f64| {
        let found = number(sql);
        assert!((found - expected).abs() <= tolerance, "{sql}: {found}, not {expected}");
    };
    near("SELECT avg((status = 'open')::int) FROM t", 0.7, 0.01);
    near("SELECT avg((status = 'it''s')::int) FROM t", 0.1, 0.01);
    near("SELECT count(DISTINCT status) FROM t", 3.0, 0.0);
    near("SELECT avg((kind IS NULL)::int) FROM t", 0.1, 0.01);
    near("SELECT count(*) FILTER (WHERE kind = 'big') / 100000.0 FROM t", 0.3, 0.01);
    near("SELECT count(DISTINCT kind) FROM t", 1000.0, 30.0);
    near("SELECT count(DISTINCT grp) FROM t", 500.0, 0.0);
    near("SELECT min(grp) FROM t", 1000.0, 0.0);
    near("SELECT max(grp) FROM t", 1499.0, 0.0);
    near("SELECT avg((opt IS NULL)::int) FROM t", 0.25, 0.01);
    near("SELECT count(DISTINCT wide) FROM t", 100_000.0, 0.0);
    near("SELECT avg_width FROM pg_stats WHERE attname = 'wide'", 300.0, 3.0);
    near("SELECT avg(cardinality(tags)) FROM t", 3.0, 0.1);
    near("SELECT avg(('sale' = ANY (tags))::int) FROM t", 0.2, 0.01);
    near("SELECT max(born) - date '1999-12-31' FROM t", 0.0, 0.0);
    near("SELECT min(born) - date '1990-01-01' FROM t", 0.0, 0.0);
    near("SELECT avg((bins < 10)::int) FROM t", 1.0 / 3.0, 0.01);
    near("SELECT avg((bins < 1000)::int) FROM t", 2.0 / 3.0, 0.01);
    for (column, expected) in [("id", 1.0), ("ordered", 1.0), ("falling", -1.0), ("half", 0.5), ("grp", 0.0)] {
        near(&format!("SELECT correlation FROM pg_stats WHERE attname = '{column}'"), expected, 0.05);
    }
}

/// Rows of one tenant refer to rows of the same tenant, by two foreign keys that share its column.
#[test]
fn foreign_keys_share_a_tenant() {
    let Some(cluster) = server() else { return };
    let ddl_text = "\
CREATE TABLE tenants (id integer PRIMARY KEY);
CREATE TABLE users (tenant integer REFERENCES tenants, id integer, boss integer, PRIMARY KEY (tenant, id));
CREATE TABLE projects (tenant integer REFERENCES tenants, id integer, PRIMARY KEY (tenant, id));
CREATE TABLE tasks (tenant integer NOT NULL, id integer, owner integer NOT NULL, project integer NOT NULL,
  PRIMARY KEY (tenant, id), FOREIGN KEY (tenant, owner) REFERENCES users, FOREIGN KEY (tenant, project) REFERENCES projects);
CREATE TABLE notes (tenant integer NOT NULL, task integer NOT NULL, line integer, FOREIGN KEY (tenant, task) REFERENCES tasks,
  PRIMARY KEY (tenant, task, line));
CREATE TABLE folders (id integer PRIMARY KEY, parent integer REFERENCES folders, name text UNIQUE);";
    let workload = workload_of(
        "tables:\n  tenants: {rows: 30}\n  users: {rows: 1000}\n  projects: {rows: 210}\n  tasks: {rows: 20k}\n  \
         notes: {rows: 50k}\n  folders: {rows: 500, columns: {parent: {null_fraction: 0.1}}}",
    );
    let notes = complete(&cluster, "tenants", ddl_text, &workload);
    assert!(notes.is_empty(), "{notes:?}");
    let number = |sql: &str| cluster.sql("tenants", sql).unwrap().trim().parse::<f64>().unwrap();
    assert_eq!(number("SELECT count(DISTINCT tenant) FROM tasks"), 30.0);
    assert!(number("SELECT count(DISTINCT (tenant, owner)) FROM tasks") > 990.0);
    assert!(number("SELECT count(DISTINCT (tenant, project)) FROM tasks") > 205.0);
    // Owner and project of a task have nothing to do with each other.
    assert!(number("SELECT count(DISTINCT (tenant, owner, project)) FROM tasks") > 3000.0);
}

#[test]
fn partitions_get_their_rows() {
    let Some(cluster) = server() else { return };
    let ddl_text = "\
CREATE TABLE m (at timestamptz NOT NULL, v integer) PARTITION BY RANGE (at);
CREATE TABLE m1 PARTITION OF m FOR VALUES FROM ('2025-01-01') TO ('2025-02-01');
CREATE TABLE m2 PARTITION OF m FOR VALUES FROM ('2025-02-01') TO ('2025-03-01');
CREATE INDEX ON m (at);
CREATE TABLE l (id bigint, region text, PRIMARY KEY (region, id)) PARTITION BY LIST (region);
CREATE TABLE l1 PARTITION OF l FOR VALUES IN ('eu', 'us');
CREATE TABLE l2 PARTITION OF l FOR VALUES IN ('asia');
CREATE TABLE h (id bigint PRIMARY KEY, at date) PARTITION BY HASH (id);
CREATE TABLE h0 PARTITION OF h FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE h1 PARTITION OF h FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE n (id bigint) PARTITION BY RANGE (id);
CREATE TABLE n1 PARTITION OF n FOR VALUES FROM (0) TO (1000);
CREATE TABLE n2 PARTITION OF n FOR VALUES FROM (1000) TO (3000);";
    let workload = workload_of("tables:\n  m: {rows: 10k}\n  l: {rows: 10k}\n  h: {rows: 10k}\n  n: {rows: 2000}");
    assert_eq!(complete(&cluster, "parts", ddl_text, &workload), Vec::<String>::new());
    for (table, least) in
        [("m1", 4000), ("m2", 4000), ("l1", 4000), ("l2", 4000), ("h0", 4000), ("h1", 4000), ("n1", 500)]
    {
        let rows: i64 = cluster.sql("parts", &format!("SELECT count(*) FROM {table}")).unwrap().trim().parse().unwrap();
        assert!(rows >= least, "{table}: {rows}");
    }
}

/// What cannot be as declared is told, or refused in the server's words.
#[test]
fn what_cannot_be_is_told() {
    let Some(cluster) = server() else { return };
    let ddl_text =
        "CREATE TABLE a (id integer PRIMARY KEY, odd text CHECK (odd LIKE '%!'), other integer REFERENCES b (id));";
    let ddl_text = format!(
        "CREATE TABLE b (id integer PRIMARY KEY);\n{ddl_text}\nALTER TABLE a OWNER TO nobody_here;\n\\restrict x\n"
    );
    let notes = load(&cluster, "told", &ddl_text, &workload_of("tables:\n  a: {rows: 10}"));
    let has = |text: &str| assert!(notes.iter().any(|n| n.contains(text)), "{text}: {notes:?}");
    has("schema.sql:3:1: role \"nobody_here\" does not exist");
    has("b stays empty");
    has("a.other is NULL in every row: its foreign key refers to a table without rows");
    has("constraint a_odd_check of \"public\".\"a\" does not hold for the rows made up, only for new ones");
}
