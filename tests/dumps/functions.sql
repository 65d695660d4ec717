-- Many functions with bodies that look like DDL, quotes in quotes, and a table between them.
CREATE FUNCTION f1() RETURNS void LANGUAGE plpgsql AS $a$ BEGIN EXECUTE $b$CREATE TABLE no1 (x int); $b$; EXECUTE 'CREATE TABLE no2 (x text DEFAULT ''a;b'')'; END $a$;
CREATE TABLE between_functions (a integer PRIMARY KEY, b text DEFAULT 'f1(); --');
CREATE FUNCTION f2(x text DEFAULT ';', y text DEFAULT $$;$$) RETURNS text LANGUAGE sql AS $_X1$ SELECT $1 || '$a$' || $2; $_X1$;
CREATE FUNCTION f3() RETURNS integer LANGUAGE plpgsql AS '
begin
  -- it''s a comment;
  perform ''CREATE TABLE no3 ()'';
  return 1;
end;
';
CREATE FUNCTION f4(a integer) RETURNS TABLE (x integer, y text) LANGUAGE sql STABLE STRICT LEAKPROOF ROWS 10 AS $$ SELECT 1, 'x' $$;
CREATE FUNCTION f5(a anyelement, b anyarray) RETURNS anyelement LANGUAGE sql IMMUTABLE AS $$ SELECT CASE WHEN a IS NULL THEN b[1] ELSE a END; $$;
CREATE PROCEDURE p1(a integer, INOUT b integer) LANGUAGE sql BEGIN ATOMIC INSERT INTO between_functions VALUES (a, 'x'); SELECT a + b; END;
CREATE FUNCTION f6(date, OUT a integer, OUT b integer) RETURNS record LANGUAGE plpgsql SET work_mem TO '64MB' SET "DateStyle" TO 'ISO, MDY' AS $function$ BEGIN a := 1; b := 2; END $function$;
CREATE FUNCTION f7() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN RETURN NULL; END $f$;
CREATE AGGREGATE agg1(integer) (SFUNC = int4pl, STYPE = integer);
DO $do$ BEGIN IF false THEN CREATE TABLE no4 (x int); END IF; END $do$;
CREATE TABLE after_functions (a integer DEFAULT length(f2()), b text GENERATED ALWAYS AS (md5(';' || 'x')) STORED);
CREATE TRIGGER after_t AFTER DELETE ON after_functions FOR EACH ROW EXECUTE FUNCTION f7();
