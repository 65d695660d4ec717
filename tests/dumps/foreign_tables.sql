-- Foreign tables, servers, mappings, publications, an extension's objects.
CREATE EXTENSION postgres_fdw; CREATE EXTENSION file_fdw; CREATE EXTENSION pg_stat_statements;
CREATE SERVER away FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'away.example', dbname 'x', port '5432');
CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
CREATE USER MAPPING FOR PUBLIC SERVER away OPTIONS (user 'it''s', password 'p;q');
CREATE FOREIGN TABLE remote (id integer OPTIONS (column_name 'ident') NOT NULL, name text OPTIONS (column_name 'n') COLLATE "C" DEFAULT 'x', CONSTRAINT pos CHECK (id > 0)) SERVER away OPTIONS (schema_name 's', table_name 't');
CREATE FOREIGN TABLE csv (a text, b integer) SERVER files OPTIONS (filename '/tmp/x.csv', format 'csv', header 'true');
CREATE TABLE sharded (id integer NOT NULL, v text) PARTITION BY RANGE (id);
CREATE TABLE sharded_here PARTITION OF sharded FOR VALUES FROM (0) TO (100);
CREATE FOREIGN TABLE sharded_there PARTITION OF sharded FOR VALUES FROM (100) TO (200) SERVER away OPTIONS (table_name 'sharded_there');
CREATE TABLE local (id integer PRIMARY KEY, v text, w integer);
CREATE PUBLICATION all_tables FOR ALL TABLES WITH (publish = 'insert, update');
CREATE PUBLICATION two_tables FOR TABLE local (id, v) WHERE (id > 5), TABLE sharded WITH (publish_via_partition_root = true);
CREATE PUBLICATION in_schema FOR TABLES IN SCHEMA public;
ALTER TABLE local REPLICA IDENTITY USING INDEX local_pkey;
CREATE ROLE dump_reader; GRANT SELECT ON ALL TABLES IN SCHEMA public TO dump_reader; REVOKE INSERT ON local FROM dump_reader;
