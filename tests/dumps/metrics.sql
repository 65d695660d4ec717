-- Series and samples, partitioned by time.
CREATE TABLE series (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    labels jsonb NOT NULL,
    label_hash bytea DEFAULT sha256('x'::bytea),
    kind "char" DEFAULT 'g',
    unit varchar(16)
);
ALTER TABLE series DROP COLUMN label_hash;
ALTER TABLE series ADD COLUMN label_md5 uuid GENERATED ALWAYS AS (md5(name)::uuid) STORED;
CREATE UNIQUE INDEX series_key ON series (name, label_md5);
CREATE TABLE sample (
    series_id bigint NOT NULL,
    at timestamptz NOT NULL,
    value double precision NOT NULL,
    stale boolean
) PARTITION BY RANGE (at);
CREATE TABLE sample_2026_01 PARTITION OF sample FOR VALUES FROM ('2026-01-01 00:00:00+00') TO ('2026-02-01 00:00:00+00');
CREATE TABLE sample_2026_02 PARTITION OF sample FOR VALUES FROM ('2026-02-01 00:00:00+00') TO ('2026-03-01 00:00:00+00') WITH (fillfactor = 100, autovacuum_enabled = false);
CREATE UNLOGGED TABLE sample_2026_03 PARTITION OF sample FOR VALUES FROM ('2026-03-01 00:00:00+00') TO (MAXVALUE);
CREATE TABLE sample_old PARTITION OF sample DEFAULT;
CREATE INDEX sample_series ON sample (series_id, at DESC);
CREATE INDEX sample_at ON sample USING brin (at);
CREATE INDEX sample_stale ON sample (series_id) WHERE stale;
ALTER TABLE sample ADD FOREIGN KEY (series_id) REFERENCES series ON DELETE CASCADE;
CREATE TABLE rollup (
    series_id bigint NOT NULL REFERENCES series,
    bucket timestamptz NOT NULL,
    n bigint NOT NULL, total numeric NOT NULL, lowest float4, highest float8,
    histogram integer[],
    PRIMARY KEY (bucket, series_id)
) PARTITION BY RANGE (bucket);
CREATE TABLE rollup_a PARTITION OF rollup FOR VALUES FROM (MINVALUE) TO ('2026-01-01 00:00:00+00');
CREATE TABLE rollup_b (series_id bigint NOT NULL, bucket timestamptz NOT NULL, n bigint NOT NULL, total numeric NOT NULL, lowest float4, highest float8, histogram integer[]);
CREATE INDEX rollup_b_own ON rollup_b (highest);
ALTER TABLE rollup ATTACH PARTITION rollup_b FOR VALUES FROM ('2026-01-01 00:00:00+00') TO (MAXVALUE);
CREATE MATERIALIZED VIEW busiest AS
    SELECT s.name, date_trunc('day', m.at) AS day, avg(m.value) AS mean, min(m.value) AS low, count(*) FILTER (WHERE m.stale) AS stale
    FROM sample m JOIN series s ON s.id = m.series_id GROUP BY 1, 2
    WITH NO DATA;
CREATE INDEX busiest_day ON busiest (day) WITH (fillfactor = 95);
CREATE STATISTICS series_stats (ndistinct, dependencies) ON name, unit FROM series;
ALTER TABLE series ALTER COLUMN name SET STATISTICS 1000;
ALTER TABLE series ALTER COLUMN unit SET (n_distinct = 12);
