-- The same names in many schemas, and references across them.
CREATE SCHEMA a; CREATE SCHEMA b; CREATE SCHEMA c;
CREATE TYPE a.t AS ENUM ('x'); CREATE TYPE b.t AS (x integer); CREATE DOMAIN c.t AS numeric(3,1);
CREATE TABLE a.item (id integer PRIMARY KEY, t a.t); CREATE TABLE b.item (id bigint PRIMARY KEY, t b.t); CREATE TABLE c.item (id text PRIMARY KEY, t c.t);
CREATE TABLE item (id uuid PRIMARY KEY, a integer REFERENCES a.item, b bigint REFERENCES b.item, c text REFERENCES c.item, self uuid REFERENCES item);
CREATE INDEX item_t ON a.item (t); CREATE INDEX item_t ON b.item (((t).x)); CREATE INDEX item_t ON c.item (t DESC);
CREATE VIEW a.v AS SELECT * FROM a.item; CREATE VIEW b.v AS SELECT v.id, i.t FROM a.v JOIN b.item i ON i.id = v.id;
CREATE MATERIALIZED VIEW c.v AS SELECT b.v.id, c.item.t, i.id AS uid FROM b.v, c.item, public.item AS i;
CREATE UNIQUE INDEX v_id ON c.v (id, t, uid);
CREATE SEQUENCE b.numbers AS smallint INCREMENT BY -2 MINVALUE -1000 MAXVALUE -1 START WITH -1 CACHE 7 CYCLE;
CREATE TABLE b.uses (n integer DEFAULT nextval('b.numbers'), m integer DEFAULT nextval('b.numbers'::regclass) NOT NULL);
ALTER SEQUENCE b.numbers OWNED BY b.uses.n;
SET search_path TO c, b, public;
CREATE TABLE in_c (x t, y item[]);
