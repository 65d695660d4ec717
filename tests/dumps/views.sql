-- Views on views on views, and materialized views on those, with expressions of many types.
CREATE TABLE person (id integer PRIMARY KEY, name varchar(50) NOT NULL, born date, height numeric(5,2), langs text[], extra jsonb, boss integer REFERENCES person, paid boolean DEFAULT true, at timestamptz);
CREATE VIEW adults AS SELECT * FROM person WHERE born < CURRENT_DATE - '18 years'::interval;
CREATE VIEW tall_adults AS SELECT id, name, height FROM adults WHERE height > 180 UNION ALL SELECT id, upper(name)::varchar(50), 0 FROM person;
CREATE VIEW bosses AS WITH RECURSIVE up AS (SELECT id, boss, 1 AS level FROM person UNION ALL SELECT u.id, p.boss, u.level + 1 FROM up u JOIN person p ON p.id = u.boss) SELECT id, max(level) AS levels FROM up GROUP BY id;
CREATE RECURSIVE VIEW countdown (n) AS VALUES (10) UNION ALL SELECT n - 1 FROM countdown WHERE n > 0;
CREATE VIEW secure WITH (security_barrier = true) AS SELECT id, name FROM tall_adults;
CREATE MATERIALIZED VIEW summary WITH (fillfactor = 70) AS
    SELECT p.id, p.name, b.levels, p.born + 1 AS day_after, p.height * 2 AS twice, p.langs, p.langs[1] AS first_lang,
        p.extra -> 'a' AS a, p.extra ->> 'b' AS b, (p.extra ->> 'n')::integer AS n, CASE WHEN p.paid THEN 1 ELSE 0 END AS flag,
        coalesce(p.name, 'x') AS named, p.boss IS NULL AS top, count(*) OVER () AS all_rows, row_number() OVER (ORDER BY p.id) AS nr,
        now() AS made, length(p.name) AS len, p.at::date AS on_day, EXISTS (SELECT 1 FROM person c WHERE c.boss = p.id) AS leads,
        p.name || '!' AS loud, p.height > 1 AS big, NULL::text AS nothing, 'lit'::varchar(5) AS lit, ARRAY[1, 2] AS two, 1.5 AS num, 7 AS seven
    FROM person p LEFT JOIN bosses b USING (id);
CREATE UNIQUE INDEX summary_id ON summary (id);
CREATE INDEX summary_n ON summary (n) WHERE n IS NOT NULL;
CREATE MATERIALIZED VIEW sums AS SELECT born, sum(height) AS height, avg(height) AS mean, sum(id) AS ids, min(name) AS first, bool_or(paid) AS any_paid, array_agg(id) AS list, string_agg(name, ',') AS names, jsonb_agg(extra) AS extras, count(DISTINCT boss) AS bosses FROM person GROUP BY born;
CREATE MATERIALIZED VIEW on_mat AS SELECT s.*, m.mean FROM summary s JOIN sums m ON m.born = s.day_after - 1;
CREATE VIEW on_on_mat AS SELECT id, mean FROM on_mat;
CREATE MATERIALIZED VIEW series (day, value) AS SELECT d, 0::bigint FROM generate_series('2026-01-01'::timestamptz, '2026-02-01'::timestamptz, '1 day') AS d;
CREATE TABLE made AS SELECT id, name, height FROM tall_adults WHERE false;
CREATE TABLE made_values (a, b) AS VALUES (1, 'x'::text), (2, 'y');
CREATE VIEW v_insertable AS SELECT id, name FROM person;
CREATE RULE v_redirect AS ON INSERT TO v_insertable DO INSTEAD (INSERT INTO person (id, name) VALUES (new.id, new.name); SELECT 1);
CREATE FUNCTION v_row() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER v_instead INSTEAD OF UPDATE ON v_insertable FOR EACH ROW EXECUTE FUNCTION v_row();
