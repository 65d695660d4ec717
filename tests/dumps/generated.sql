-- Generated columns of many expressions, defaults of many kinds.
CREATE TABLE g (
    a integer NOT NULL, b text, c numeric(10,2) DEFAULT 1.50, d date DEFAULT '2026-01-01', e timestamptz DEFAULT (now() + '1 day'::interval), f text[] DEFAULT '{a,b}'::text[],
    g integer GENERATED ALWAYS AS (a * 2 + length(b)) STORED, h text GENERATED ALWAYS AS (CASE WHEN a > 0 THEN 'p' || b ELSE 'n' END) STORED,
    i boolean GENERATED ALWAYS AS (a BETWEEN 1 AND 10 OR b IS NULL) STORED, j numeric(12,3) GENERATED ALWAYS AS (round(c * 1.19, 3)) STORED,
    k jsonb DEFAULT jsonb_build_object('a', 1), l uuid DEFAULT gen_random_uuid() NOT NULL, m bytea DEFAULT '\x00ff'::bytea, n bit(3) DEFAULT B'101', o text DEFAULT E'line\n''q''', p inet DEFAULT '::1',
    q integer DEFAULT (1 + 2) * 3, r text DEFAULT CURRENT_USER, s time DEFAULT LOCALTIME(0), t interval DEFAULT '1 day 2 hours', u point DEFAULT point(1, 2), v integer DEFAULT -5, w text DEFAULT NULL, x "char" DEFAULT 'x', y double precision DEFAULT 'NaN'::double precision, z int4range DEFAULT int4range(1, 5)
);
CREATE INDEX g_gen ON g (g, i); CREATE UNIQUE INDEX g_h ON g (h) WHERE i;
ALTER TABLE g ADD COLUMN late text GENERATED ALWAYS AS (upper(b) || '-') STORED;
