-- Names that are found through the search path, types in one schema and tables in another.
CREATE SCHEMA types; CREATE SCHEMA app; SET search_path TO types; CREATE TYPE flag AS ENUM ('on', 'off'); CREATE DOMAIN short AS varchar(8); CREATE TYPE pair AS (a int, b short);
SET search_path TO app, types, public; CREATE TABLE setting (name short PRIMARY KEY, value flag NOT NULL DEFAULT 'on', more pair, list flag[]);
CREATE TABLE setting_log (name short NOT NULL REFERENCES setting, at timestamptz NOT NULL); CREATE INDEX ON setting_log (name, at); CREATE VIEW v AS SELECT * FROM setting;
SET search_path TO public; CREATE TABLE setting (id int PRIMARY KEY); CREATE TABLE uses (a int REFERENCES setting, b types.short REFERENCES app.setting); RESET search_path;
