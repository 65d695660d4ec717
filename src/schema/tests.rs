//! Schemas as people and pg_dump write them.

use super::read;
use super::types::*;
use crate::diagnostic::WarningCode;

fn table<'a>(schema: &'a Schema, name: &str) -> &'a Table {
    let name = name.split_once('.').unwrap_or(("public", name));
    let name = TableName { schema: name.0.into(), name: name.1.into() };
    &schema.tables[schema.find_table(&name).unwrap_or_else(|| panic!("no table {name}"))]
}

/// The columns of a table with their types.
fn shown(schema: &Schema, name: &str) -> String {
    let columns = table(schema, name).columns.iter().map(|c| format!("{} {}", c.name, c.ty.written()));
    columns.collect::<Vec<_>>().join(", ")
}

fn clean(text: &str) -> Schema {
    let schema = read("schema.sql", text);
    assert!(schema.warnings.is_empty(), "{:#?}", schema.warnings);
    schema
}

fn warned(text: &str) -> (Schema, Vec<String>) {
    let schema = read("schema.sql", text);
    let shown = |w: &crate::diagnostic::Warning| {
        format!("{}: {}", w.position.as_ref().map(ToString::to_string).unwrap_or_default(), w.message)
    };
    let warnings = schema.warnings.iter().map(shown).collect();
    (schema, warnings)
}

const ORDERS: &str = "
    CREATE TABLE customers (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        email text NOT NULL UNIQUE,
        country char(2) DEFAULT 'DE'
    );
    create table orders (
        id bigserial primary key,
        customer_id bigint not null references customers on delete cascade,
        status varchar(20) not null default 'open' check (status in ('open', 'paid')),
        total numeric(12,2),
        created_at timestamptz not null default now()
    );
    CREATE TABLE order_items (
        order_id bigint REFERENCES orders (id) ON DELETE CASCADE ON UPDATE SET NULL,
        line int,
        PRIMARY KEY (order_id, line) WITH (fillfactor = 80)
    ) WITH (fillfactor = 90);
    CREATE INDEX ON orders (customer_id, created_at DESC) INCLUDE (total);
    CREATE INDEX orders_open ON orders USING btree (created_at) WHERE status = 'open';
    CREATE UNIQUE INDEX ON customers (lower(email) text_pattern_ops);
";

#[test]
fn an_order_system() {
    let schema = clean(ORDERS);
    let customers = table(&schema, "customers");
    assert!(customers.column("id").is_some_and(|c| c.not_null && c.default.is_some()));
    assert_eq!(customers.column("country").map(|c| c.ty.written()).as_deref(), Some("character(2)"));
    let names: Vec<_> = customers.indexes.iter().map(|i| i.name.as_str()).collect();
    assert_eq!(names, ["customers_pkey", "customers_email_key", "customers_lower_idx"]);
    assert_eq!(customers.indexes[2].keys[0].opclass.as_deref(), Some("text_pattern_ops"));
    let orders = table(&schema, "orders");
    assert_eq!(orders.column("id").map(|c| (c.ty.name.as_str(), c.not_null)), Some(("bigint", true)));
    assert_eq!(orders.indexes[1].name, "orders_customer_id_created_at_total_idx");
    assert!(orders.indexes[1].keys[1].descending && orders.indexes[1].include == ["total"]);
    assert!(orders.indexes[2].predicate.is_some());
    let key = &orders.foreign_keys[0];
    assert_eq!(schema.tables[key.references].name.name, "customers");
    assert_eq!((key.referenced_columns[0].as_str(), key.on_delete), ("id", ReferentialAction::Cascade));
    assert_eq!(orders.checks.len(), 1);
    let items = table(&schema, "order_items");
    assert_eq!((items.fillfactor, items.indexes[0].fillfactor), (0.9, Some(0.8)));
    assert!(items.columns.iter().all(|c| c.not_null));
    assert_eq!(items.foreign_keys[0].on_update, ReferentialAction::Set);
}

#[test]
fn broken_statements_do_not_sink_the_rest() {
    let text = "CREATE TABLE a (x int);\nCREATE TABLE b (x int,, y int);\nCREATE TABLE c (x text DEFAULT 'oops);\n\
                CREATE TABLE d (y text DEFAULT 'fine');\nCREATE TABLE e (z int);\nALTER TABLE nowhere ADD COLUMN q int;\n\
                CREATE INDEX ON e (z;\nCREATE INDEX ON e (z);\nCREATE TABLE f (x int) /* open";
    let (schema, warnings) = warned(text);
    let names: Vec<_> = schema.tables.iter().map(|t| t.name.name.as_str()).collect();
    assert_eq!(names, ["a", "b", "c", "d", "e", "f"]);
    assert_eq!(shown(&schema, "b"), "x integer, y integer");
    assert_eq!(shown(&schema, "c"), "x text");
    assert_eq!(table(&schema, "e").indexes.len(), 1);
    let lines: Vec<_> = warnings.iter().map(|w| w.split(':').nth(1).unwrap_or_default()).collect();
    assert_eq!(lines, ["2", "3", "3", "6", "7", "9"], "{warnings:#?}");
    assert!(warnings[0].contains("a column or constraint is missing before this"), "{warnings:#?}");
    assert!(warnings[1].contains("parenthesis is never closed"), "{warnings:#?}");
    assert!(warnings[2].contains("cannot read `DEFAULT 'oops);"), "{warnings:#?}");
}

#[test]
fn alterations_are_applied() {
    let schema = clean(
        "CREATE TABLE t (a int, b text, c int CONSTRAINT positive CHECK (c > 0), d int);
         CREATE INDEX t_b ON t (b); CREATE UNIQUE INDEX t_a ON t (a);
         ALTER TABLE t ADD CONSTRAINT t_pk PRIMARY KEY USING INDEX t_a;
         ALTER TABLE t ADD COLUMN e bigint NOT NULL DEFAULT 5, ALTER b SET DATA TYPE varchar(10), DROP COLUMN d,
             DROP CONSTRAINT positive, SET (fillfactor = 50), ALTER COLUMN c SET NOT NULL, OWNER TO me;
         ALTER TABLE t RENAME COLUMN b TO name; ALTER TABLE t RENAME TO things; ALTER INDEX t_b RENAME TO things_name;
         ALTER INDEX things_name SET (fillfactor = 70);
         CREATE TABLE gone (x int REFERENCES things); CREATE TABLE kept (x int REFERENCES things (a));
         DROP TABLE gone; DROP TABLE IF EXISTS never;
         CREATE TABLE u (LIKE things INCLUDING ALL, extra int); ALTER TABLE u SET UNLOGGED;
         SET search_path TO app, public; CREATE TABLE v (x int); CREATE INDEX ON v (x);
         GRANT SELECT ON v TO PUBLIC; COMMENT ON TABLE v IS 'x'; SELECT pg_catalog.set_config('search_path', '', false);",
    );
    let things = table(&schema, "things");
    let columns: Vec<_> = things.columns.iter().map(|c| (c.name.as_str(), c.ty.written())).collect();
    let expected = [("a", "integer"), ("name", "character varying(10)"), ("c", "integer"), ("e", "bigint")];
    assert_eq!(columns, expected.map(|(n, t)| (n, t.to_owned())));
    assert!(things.checks.is_empty() && things.column("c").is_some_and(|c| c.not_null));
    assert_eq!(things.fillfactor, 0.5);
    assert!(things.index("t_pk").is_some_and(|i| i.primary));
    let index = things.index("things_name").expect("the renamed index");
    assert_eq!((index.keys[0].column(), index.fillfactor), (Some("name"), Some(0.7)));
    let kept = table(&schema, "kept");
    assert_eq!(schema.tables[kept.foreign_keys[0].references].name.name, "things");
    let u = table(&schema, "u");
    assert_eq!((u.columns.len(), u.indexes.len(), u.unlogged), (5, 2, true));
    assert_eq!(table(&schema, "app.v").indexes[0].name, "v_x_idx");
    assert!(schema.find(&crate::sql::tree::QualifiedName { schema: None, name: "v".into() }).is_none());
    assert_eq!(schema.harmless, 3);
}

#[test]
fn partitions_get_what_their_parents_have() {
    let schema = clean(
        "CREATE TABLE m (id bigint NOT NULL, at timestamptz NOT NULL, v int, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
         CREATE TABLE m1 PARTITION OF m FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
         CREATE TABLE m2 PARTITION OF m FOR VALUES FROM ('2026-02-01') TO (MAXVALUE) PARTITION BY LIST (v);
         CREATE TABLE m2a PARTITION OF m2 FOR VALUES IN (1, NULL); CREATE TABLE m2b PARTITION OF m2 DEFAULT;
         CREATE TABLE later (id bigint NOT NULL, at timestamptz NOT NULL, v int);
         CREATE INDEX own ON later (v);
         CREATE INDEX ON m (v);
         ALTER TABLE m ATTACH PARTITION later FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
         ALTER TABLE m ADD COLUMN w text DEFAULT 'x';
         CREATE TABLE o (id int PRIMARY KEY); ALTER TABLE m ADD FOREIGN KEY (v) REFERENCES o;
         CREATE TABLE h (k int) PARTITION BY HASH (k); CREATE TABLE h0 PARTITION OF h FOR VALUES WITH (MODULUS 2, REMAINDER 0);",
    );
    for name in ["m1", "m2a", "m2b", "later"] {
        let part = table(&schema, name);
        assert_eq!(part.columns.len(), 4, "{name}");
        assert_eq!(part.indexes.len(), 2, "{name}: {:?}", part.indexes.iter().map(|i| &i.name).collect::<Vec<_>>());
        assert!(part.primary_key().is_some(), "{name}");
        assert_eq!(part.foreign_keys.len(), 1, "{name}");
    }
    assert!(table(&schema, "later").index("own").is_some());
    let root = schema.find_table(&TableName { schema: "public".into(), name: "m".into() }).expect("m");
    assert_eq!(schema.children(root).count(), 3);
    assert!(
        matches!(&table(&schema, "m2").partition_of, Some((p, PartitionBound::Range { to, .. })) if *p == root && to == &[None])
    );
    assert!(matches!(&table(&schema, "m2a").partition_of, Some((_, PartitionBound::List(v))) if v.len() == 2));
    assert!(matches!(&table(&schema, "h0").partition_of, Some((_, PartitionBound::Hash { modulus: 2, remainder: 0 }))));
}

#[test]
fn types_views_triggers_and_functions() {
    let (schema, warnings) = warned(
        "CREATE TYPE status AS ENUM ('a', 'b'); ALTER TYPE status ADD VALUE 'c';
         CREATE DOMAIN email AS varchar(80) NOT NULL CHECK (VALUE LIKE '%@%');
         CREATE TYPE pair AS (a int, b text); CREATE TYPE span AS RANGE (subtype = float8);
         CREATE TABLE t (s status DEFAULT 'a', e email, p pair, r span, x text[], y mystery, z public.status[]);
         CREATE VIEW v (one, two) AS SELECT s, e FROM t WHERE s = 'a';
         CREATE MATERIALIZED VIEW mv AS SELECT s, count(*) AS n, max(e) FROM t GROUP BY s;
         CREATE UNIQUE INDEX ON mv (s);
         CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END; $$;
         CREATE TRIGGER tr BEFORE INSERT OR UPDATE OF s ON t FOR EACH ROW EXECUTE FUNCTION f();
         CREATE RULE r AS ON DELETE TO t DO INSTEAD NOTHING;
         CREATE SEQUENCE sq; DO $$ BEGIN END $$;",
    );
    assert_eq!(schema.enums[0].1, ["a", "b", "c"]);
    let t = table(&schema, "t");
    assert_eq!(t.column("s").map(|c| (c.ty.name.as_str(), c.ty.fixed_bytes)), Some(("status", Some(4))));
    assert_eq!(t.column("e").map(|c| (c.ty.written(), c.not_null)), Some(("character varying(80)".into(), true)));
    assert_eq!(t.column("p").map(|c| (c.ty.align, c.ty.fixed_bytes)), Some((8, None)));
    assert_eq!(t.column("r").map(|c| c.ty.align), Some(8));
    assert!(t.column("z").is_some_and(|c| c.ty.array && c.ty.fixed_bytes.is_none()));
    assert_eq!((schema.views.len(), schema.views[0].columns.len()), (1, 2));
    let mv = table(&schema, "mv");
    let columns: Vec<_> = mv.columns.iter().map(|c| (c.name.as_str(), c.ty.written())).collect();
    let expected = [("s", "status"), ("n", "bigint"), ("max", "text")];
    assert_eq!(columns, expected.map(|(n, t)| (n, t.to_owned())));
    assert!(mv.materialized_view && mv.indexes.len() == 1);
    assert_eq!(t.triggers[0].events, ["insert", "update"]);
    assert_eq!(schema.functions[0].body.as_deref(), Some(" BEGIN RETURN NEW; END; "));
    assert!(schema.warnings.iter().all(|w| w.code == WarningCode::NotModelled), "{warnings:#?}");
    assert_eq!(warnings.len(), 3, "{warnings:#?}");
}

#[test]
fn inheritance() {
    let schema = clean(
        "CREATE TABLE p (a int NOT NULL, b text, CHECK (a > 0)); CREATE TABLE c (c int, b text DEFAULT 'x') INHERITS (p);
         ALTER TABLE p ADD COLUMN d date; ALTER TABLE ONLY p ALTER a DROP NOT NULL;",
    );
    let c = table(&schema, "c");
    assert_eq!(c.columns.iter().map(|c| c.name.as_str()).collect::<Vec<_>>(), ["a", "b", "c", "d"]);
    assert!(c.columns[0].not_null && c.columns[1].default.is_some() && c.checks.len() == 1);
    assert_eq!(c.inherits, [0]);
}

#[test]
fn foreign_keys_find_tables_that_come_later() {
    let (schema, warnings) = warned(
        "CREATE TABLE a (x int PRIMARY KEY, y int REFERENCES b (id)); CREATE TABLE b (id int PRIMARY KEY);
         ALTER TABLE a ADD FOREIGN KEY (x) REFERENCES nothing (id);
         ALTER TABLE a ADD CONSTRAINT fk FOREIGN KEY (z) REFERENCES b (id);",
    );
    assert_eq!(table(&schema, "a").foreign_keys.len(), 1);
    assert_eq!(warnings.len(), 2, "{warnings:#?}");
    assert!(warnings[0].contains("no table `nothing`") && warnings[1].contains("no column `z`"), "{warnings:#?}");
}

#[test]
fn one_odd_clause_costs_no_more_than_itself() {
    let (schema, warnings) = warned(
        "CREATE UNLOGGED TABLE s.a (id bigint @@ GARBAGE NOT NULL, b text DEFAULT 'x' SOMETHING ELSE, c numeric(5,2) NOT NULL,
             PRIMARY KEY (id), CONSTRAINT odd CHECK (b >>> ), UNIQUE (c)) WITH (fillfactor = 70) NONSENSE HERE;
         CREATE TABLE p (k int, v text) PARTITION BY RANGE (k);
         CREATE TABLE p1 PARTITION OF p (v WITH OPTIONS NOT NULL, CHECK (k ! ) ) FOR VALUES FROM (1) TO (2) ODDITY x;
         CREATE TABLE child (c date, d ?) INHERITS (p1x, s.a) WITH (fillfactor = 500);
         ALTER TABLE s.a ADD COLUMN d int, ADD COLUMN e text BROKEN, FROBNICATE, ALTER c DROP NOT NULL;
         ALTER TABLE s.a FROBNICATE;
         CREATE MATERIALIZED VIEW mv (x, y) AS SELECT @ FROM;
         CREATE TABLE no_semicolon (a int)
CREATE TABLE after_it (b int);
CREATE TABLE exclude (exclude int, during tsrange, EXCLUDE USING gist (exclude gist_int4_ops WITH =, during WITH OPERATOR(pg_catalog.&&)) WHERE (exclude > 0) DEFERRABLE);",
    );
    assert_eq!(shown(&schema, "s.a"), "id bigint, b text, c numeric(5,2), d integer, e text");
    let a = table(&schema, "s.a");
    assert_eq!((a.unlogged, a.fillfactor, a.indexes.len(), a.checks.len()), (true, 0.7, 2, 0), "{warnings:#?}");
    assert!(a.column("id").is_some_and(|c| c.not_null) && a.column("c").is_some_and(|c| !c.not_null));
    assert!(a.column("b").is_some_and(|c| c.default.is_some()));
    assert_eq!(shown(&schema, "child"), "id bigint, b text, c date, d integer, e text");
    assert_eq!(shown(&schema, "mv"), "x text, y text");
    let p1 = table(&schema, "p1");
    assert!(p1.column("v").is_some_and(|c| c.not_null));
    assert!(
        matches!(&p1.partition_of, Some((_, PartitionBound::Range { from, .. })) if from.len() == 1),
        "{warnings:#?}"
    );
    assert_eq!(shown(&schema, "no_semicolon"), "a integer");
    assert_eq!(shown(&schema, "after_it"), "b integer");
    assert!(table(&schema, "mv").materialized_view);
    let excluded = &table(&schema, "exclude").indexes[0];
    assert_eq!(excluded.keys[0].opclass.as_deref(), Some("gist_int4_ops"));
    assert_eq!((excluded.keys.len(), excluded.exclusion, excluded.predicate.is_some()), (2, true, true));
    assert!(
        warnings.iter().all(|w| w.contains("cannot read") || w.contains("not known") || w.contains("no table")),
        "{warnings:#?}"
    );
}

#[test]
fn scripts_as_people_write_them() {
    let (schema, warnings) = warned(
        "\u{feff}-- CREATE TABLE in_a_comment (x int);\n\\set x 1\n\\ir other.sql\nBEGIN;\r\n\
         create table if not exists /* (a int); */ Shop.\"Order Lines\" ( -- the lines; of orders\n\
           id bigserial /* ; */ primary key, \"Qty)\" int default 1, note text default 'it''s; (fine', -- last\n\
           json jsonb default E'{\\\"a\\\": 1}' );\n\
         CREATE TABLE IF NOT EXISTS shop.\"Order Lines\" (other int);\n\
         INSERT INTO x VALUES ('; CREATE TABLE no (x int)');\nSELECT id, 1 AS n INTO TEMP made FROM shop.\"Order Lines\";\n\
         COMMIT;",
    );
    assert_eq!(shown(&schema, "shop.Order Lines"), "id bigint, Qty) integer, note text, json jsonb");
    assert_eq!(shown(&schema, "made"), "id bigint, n integer");
    assert_eq!(warnings.len(), 1, "{warnings:#?}");
    assert!(warnings[0].starts_with("schema.sql:3:1: file other.sql is not read"), "{warnings:#?}");
}
