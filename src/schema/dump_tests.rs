//! Dumps as other versions of PostgreSQL than the installed one write them.

use super::read;
use super::types::*;

fn dump(text: &str) -> Schema {
    let schema = read("dump.sql", text);
    assert!(schema.warnings.is_empty(), "{:#?}", schema.warnings);
    schema
}

fn table<'a>(schema: &'a Schema, name: &str) -> &'a Table {
    schema.tables.iter().find(|t| t.name.name == name).unwrap_or_else(|| panic!("no table {name}"))
}

#[test]
fn version_18() {
    let schema = dump(include_str!("../../tests/fixtures/pg18.sql"));
    assert_eq!(schema.tables.len(), 4);
    let room = table(&schema, "room");
    let column = |name: &str| room.column(name).unwrap_or_else(|| panic!("no column {name}"));
    assert!(column("id").not_null && column("id").identity && column("note").not_null);
    let generated =
        ["vat", "gross", "gross_later"].map(|name| (column(name).generated.is_some(), column(name).computed));
    assert_eq!(generated, [(true, true), (true, false), (true, true)]);
    assert_eq!(column("note").storage, Some(Storage::External));
    assert_eq!(column("note").collation.as_deref(), Some("pg_c_utf8"));
    assert!(room.checks.is_empty(), "what is not enforced is not checked");
    let shown = |i: &Index| (i.method.clone(), i.unique, i.primary, i.exclusion, i.nulls_not_distinct, i.keys.len());
    assert_eq!(shown(&room.indexes[0]), ("gist".into(), true, true, true, false, 2));
    assert_eq!(shown(&room.indexes[1]), ("gist".into(), true, false, true, true, 2));
    let stay = table(&schema, "stay");
    assert_eq!(stay.foreign_keys.len(), 1, "what is not enforced is not checked");
    assert_eq!(stay.foreign_keys[0].columns, ["room", "during"]);
    assert_eq!(stay.foreign_keys[0].referenced_columns, ["id", "valid_at"]);
    let part = table(&schema, "log_2026");
    assert!(part.partition_of.is_some() && part.indexes.len() == 1);
    assert_eq!(schema.sequences.len(), 1);
    // A virtual column takes no room.
    assert_eq!(super::sizes::ColumnWidth::of(column("vat"), None, 0.0).null_fraction, 1.0);
}

#[test]
fn version_12() {
    let schema = dump(include_str!("../../tests/fixtures/pg12.sql"));
    let names: Vec<_> = schema.tables.iter().map(|t| t.name.name.as_str()).collect();
    assert_eq!(names, ["measurement", "measurement_2020", "keeper"]);
    let part = table(&schema, "measurement_2020");
    assert!(part.partition_of.is_some());
    assert_eq!(part.indexes.len(), 2, "{:?}", part.indexes);
    assert_eq!(part.triggers.len(), 1);
    let keeper = table(&schema, "keeper");
    assert!(keeper.primary_key().is_some() && keeper.column("id").is_some_and(|c| c.default.is_some()));
    assert_eq!(schema.sequences[0].owner, Some((2, "id".to_owned())));
    // The view that first stood in for itself is the later one.
    assert_eq!(schema.views.len(), 1);
    assert!(matches!(&schema.views[0].query.body, crate::sql::tree::Body::Select(s) if s.group_by.len() == 1));
}

#[test]
fn forms_of_versions_13_to_17() {
    let schema = dump(
        "\\restrict x
         SET default_table_access_method = heap; SET default_toast_compression = 'lz4'; SET transaction_timeout = 0;
         CREATE TABLE public.c13 (id integer NOT NULL, v text COMPRESSION lz4 DEFAULT 'x' COLLATE pg_catalog.\"C\" NOT NULL);
         ALTER TABLE ONLY public.c13 ALTER COLUMN v SET (n_distinct=-0.25);
         ALTER TABLE ONLY public.c13 ADD CONSTRAINT c13_v_key UNIQUE NULLS NOT DISTINCT (v) WITH (deduplicate_items=off);
         ALTER TABLE public.c13 ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (SEQUENCE NAME public.c13_id_seq LOGGED START WITH 1 CACHE 5);
         CREATE UNLOGGED SEQUENCE public.quick START WITH 1 INCREMENT BY 1 NO MINVALUE NO MAXVALUE CACHE 1;
         CREATE STATISTICS public.st (mcv) ON id, (lower(v)) FROM public.c13; ALTER STATISTICS public.st SET STATISTICS 0;
         CREATE PUBLICATION p FOR TABLES IN SCHEMA public WITH (publish = 'insert');
         CREATE SUBSCRIPTION s CONNECTION 'host=x' PUBLICATION p WITH (connect = false, slot_name = 's', streaming = parallel);
         ALTER SUBSCRIPTION s OWNER TO me; ALTER TABLE ONLY public.c13 REPLICA IDENTITY USING INDEX c13_v_key;
         CREATE COLLATION public.b (provider = builtin, locale = 'C.UTF-8'); CREATE ACCESS METHOD am TYPE TABLE HANDLER h;
         CREATE TYPE public.r AS RANGE (subtype = integer, multirange_type_name = public.rs); CREATE TABLE public.uses (a public.r, b public.rs);
         CREATE INDEX i ON public.c13 USING btree (v) NULLS NOT DISTINCT WITH (fillfactor='70') WHERE (id > 3);
         CREATE MATERIALIZED VIEW public.m AS SELECT c13.id FROM public.c13 WITH NO DATA; ALTER MATERIALIZED VIEW public.m OWNER TO me;
         ALTER TABLE ONLY public.m ALTER COLUMN id SET STATISTICS 5; REFRESH MATERIALIZED VIEW public.m;
         SECURITY LABEL FOR x ON TABLE public.c13 IS 'y'; GRANT MAINTAIN ON TABLE public.c13 TO me; GRANT SET ON PARAMETER work_mem TO me;",
    );
    let c13 = table(&schema, "c13");
    let v = c13.column("v").expect("a column");
    assert_eq!((v.collation.as_deref(), v.not_null, v.n_distinct), (Some("C"), true, Some(-0.25)));
    assert!(v.default.is_some());
    assert!(c13.indexes[0].nulls_not_distinct && c13.indexes[1].nulls_not_distinct);
    assert_eq!(c13.indexes[0].parameters.get("deduplicate_items").map(String::as_str), Some("off"));
    assert_eq!(c13.indexes[1].fillfactor, Some(0.7));
    assert_eq!(schema.sequences.iter().map(|s| (s.cache, s.unlogged)).collect::<Vec<_>>(), [(5, false), (1, true)]);
}
