-- Names that need quotes, in every place where a name can stand.
CREATE SCHEMA "My Schema";
CREATE SCHEMA "sel.ect";
CREATE TYPE "My Schema"."Mood of Day" AS ENUM ('"', '''', '\', 'a,b', '(', ';');
CREATE DOMAIN "My Schema"."D o m" AS text;
CREATE TABLE "My Schema"."Order" (
    "Id" integer PRIMARY KEY, "select" text, "a""b" integer, "semi;colon" date, "Ünïcødé" "My Schema"."D o m",
    "--comment" integer DEFAULT 1, "$dollar$" "My Schema"."Mood of Day", "tab	le" integer, " lead" integer, "dot.ted" numeric(4,2),
    "CONSTRAINT" integer, "primary" integer, "check" boolean, "like" text, "exclude" integer, "foreign" integer,
    CONSTRAINT "chk ""x""" CHECK ("a""b" > 0)
);
CREATE TABLE "sel.ect"."from.where" ("Order" integer REFERENCES "My Schema"."Order" ("Id"), "x/y" text, UNIQUE ("x/y", "Order"));
CREATE TABLE "CamelCase" ("camelCase" serial, "UPPER" bigint GENERATED ALWAYS AS IDENTITY, lower integer, CONSTRAINT "PK" PRIMARY KEY ("camelCase"));
CREATE INDEX "Idx With Space" ON "My Schema"."Order" ("select", "a""b" DESC, lower("select")) INCLUDE ("Ünïcødé");
CREATE INDEX "idx;2" ON "My Schema"."Order" ("semi;colon") WHERE "--comment" > 1 AND "select" <> 'it''s; -- "x"';
CREATE VIEW "My Schema"."V i" AS SELECT "Id" AS "Ident", "a""b" FROM "My Schema"."Order" WHERE "select" = 'a"b';
CREATE VIEW "v2" AS SELECT "Ident" FROM "My Schema"."V i";
CREATE FUNCTION "My Schema"."Fn"() RETURNS trigger LANGUAGE plpgsql AS $FN$ BEGIN RETURN NEW; END $FN$;
CREATE TRIGGER "Trg 1" BEFORE INSERT ON "My Schema"."Order" FOR EACH ROW EXECUTE FUNCTION "My Schema"."Fn"();
CREATE TABLE a_name_that_is_as_long_as_names_can_possibly_be_in_postgresql_ (a_column_with_a_name_that_is_long_too_and_is_cut_in_index_names integer UNIQUE, b integer);
CREATE INDEX ON a_name_that_is_as_long_as_names_can_possibly_be_in_postgresql_ (b, a_column_with_a_name_that_is_long_too_and_is_cut_in_index_names);
CREATE TABLE übergröße (größe integer CHECK (größe > 0), "größe 2" text);
COMMENT ON TABLE "My Schema"."Order" IS 'CREATE TABLE in_a_comment (x int);
CREATE TABLE another (y int);';
