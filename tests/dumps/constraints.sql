-- Constraints in every form: of columns, of tables, added later, deferred, not valid, using an index.
CREATE TABLE parent (a integer, b integer, c text UNIQUE NULLS NOT DISTINCT, d integer CONSTRAINT d_named UNIQUE WITH (fillfactor = 66), e integer UNIQUE DEFERRABLE, PRIMARY KEY (a, b));
CREATE TABLE child (
    a integer, b integer DEFAULT 0, c text, d integer NOT NULL CONSTRAINT positive CHECK (d > 0) CHECK (d < 100) REFERENCES parent (d) MATCH FULL ON UPDATE CASCADE,
    CONSTRAINT child_parent FOREIGN KEY (a, b) REFERENCES parent MATCH FULL ON DELETE SET NULL ON UPDATE SET DEFAULT DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT child_c FOREIGN KEY (c) REFERENCES parent (c) ON DELETE SET DEFAULT,
    CONSTRAINT ab CHECK (a IS NOT NULL OR b IS NOT NULL) NO INHERIT
);
CREATE TABLE partial_set (x integer, y integer, CONSTRAINT ps FOREIGN KEY (x, y) REFERENCES parent ON DELETE SET NULL (y));
ALTER TABLE child ADD CONSTRAINT child_late FOREIGN KEY (d) REFERENCES parent (d) ON DELETE RESTRICT NOT VALID;
ALTER TABLE child ADD CONSTRAINT child_even CHECK (d % 2 = 0) NOT VALID;
CREATE UNIQUE INDEX child_key ON child (a, d);
ALTER TABLE child ALTER COLUMN a SET NOT NULL;
ALTER TABLE child ADD CONSTRAINT child_pk PRIMARY KEY USING INDEX child_key DEFERRABLE;
CREATE UNIQUE INDEX child_uq ON child (b) INCLUDE (c);
ALTER TABLE child ADD CONSTRAINT child_b_unique UNIQUE USING INDEX child_uq;
CREATE TABLE circle_one (id integer PRIMARY KEY, two integer);
CREATE TABLE circle_two (id integer PRIMARY KEY, one integer REFERENCES circle_one);
ALTER TABLE circle_one ADD FOREIGN KEY (two) REFERENCES circle_two DEFERRABLE;
CREATE TABLE wide_key (a int, b int, c int, d int, e int, f int, UNIQUE (a, b, c), UNIQUE (d, e) INCLUDE (f), CONSTRAINT nd UNIQUE NULLS NOT DISTINCT (a, f));
CREATE UNIQUE INDEX wide_nd ON wide_key (b, c) NULLS NOT DISTINCT;
CREATE TABLE dropped (a int PRIMARY KEY, b int UNIQUE, c int REFERENCES parent (d), d int CHECK (d > 1), e int);
ALTER TABLE dropped DROP CONSTRAINT dropped_b_key, DROP CONSTRAINT dropped_c_fkey, DROP CONSTRAINT dropped_d_check, DROP COLUMN e;
ALTER TABLE dropped RENAME COLUMN d TO dd; ALTER TABLE dropped RENAME CONSTRAINT dropped_pkey TO pk; ALTER TABLE dropped RENAME TO kept;
