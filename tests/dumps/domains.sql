-- Domains over domains, arrays of domains, domains over arrays, enums and composites.
CREATE SCHEMA types;
CREATE TYPE types.colour AS ENUM ('red', 'it''s green', 'blue; not', 'ünïcode');
ALTER TYPE types.colour ADD VALUE 'last';
CREATE TYPE types.colour_empty AS ENUM ();
CREATE DOMAIN types.positive AS integer CHECK (VALUE > 0);
CREATE DOMAIN types.small_positive AS types.positive NOT NULL DEFAULT 1 CHECK (VALUE < 100);
CREATE DOMAIN types.grid AS types.positive[] CHECK (array_length(VALUE, 1) < 10);
CREATE DOMAIN types.paint AS types.colour DEFAULT 'red';
CREATE DOMAIN types.label AS character varying(30) COLLATE "C" DEFAULT 'none'::character varying;
CREATE DOMAIN types.long_label AS types.label CONSTRAINT not_x CHECK (VALUE <> 'x');
CREATE TYPE types.pair AS (a types.small_positive, b text COLLATE "C");
CREATE DOMAIN types.checked_pair AS types.pair CHECK ((VALUE).a IS NOT NULL);
CREATE DOMAIN types.span AS tstzrange CHECK (NOT isempty(VALUE));
CREATE DOMAIN types.bits AS bit varying(12);
CREATE TABLE types.uses (
    a types.positive, b types.small_positive, c types.grid, d types.paint, e types.label, f types.long_label NOT NULL,
    g types.pair, h types.checked_pair, i types.span, j types.bits, k types.positive[], l types.colour[], m types.pair[],
    n types.label[], o types.colour_empty, p types.small_positive[] NOT NULL
);
CREATE INDEX uses_f ON types.uses (f, e COLLATE "POSIX");
CREATE INDEX uses_c ON types.uses USING gin (c);
ALTER DOMAIN types.positive ADD CONSTRAINT under_million CHECK (VALUE < 1000000) NOT VALID;
