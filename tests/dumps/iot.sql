-- Devices and readings: list of sites, ranges of days below, default partitions at both levels.
CREATE TYPE unit AS ENUM ('C', 'Pa', 'lx'); CREATE SCHEMA parts;
CREATE TABLE device (id uuid PRIMARY KEY, mac macaddr UNIQUE NOT NULL, mac8 macaddr8, net cidr, firmware bit(16) DEFAULT B'0000000000000000', site smallint NOT NULL, pos point);
CREATE TABLE reading (device uuid NOT NULL REFERENCES device, site smallint NOT NULL, at timestamptz NOT NULL, what unit NOT NULL, value real, CONSTRAINT reading_pk PRIMARY KEY (site, at, device, what)) PARTITION BY LIST (site);
CREATE TABLE parts.reading_s1 PARTITION OF reading FOR VALUES IN (1) PARTITION BY RANGE (at);
CREATE TABLE parts.reading_s1_d1 PARTITION OF parts.reading_s1 FOR VALUES FROM ('2026-01-01') TO ('2026-01-02');
CREATE TABLE parts.reading_s1_d2 PARTITION OF parts.reading_s1 FOR VALUES FROM ('2026-01-02') TO ('2026-01-03');
CREATE TABLE parts.reading_s1_rest PARTITION OF parts.reading_s1 DEFAULT; CREATE TABLE parts.reading_rest PARTITION OF reading DEFAULT;
CREATE UNIQUE INDEX reading_unique ON reading (device, site, at, what) INCLUDE (value); CREATE INDEX reading_value ON reading (what, value) WHERE value > 100;
ALTER TABLE reading ADD COLUMN quality smallint DEFAULT 3 CHECK (quality BETWEEN 0 AND 9); CREATE TABLE parts.detached PARTITION OF reading FOR VALUES IN (9); ALTER TABLE reading DETACH PARTITION parts.detached;
