-- An audit trail written by triggers, with functions in several languages and quotes.
CREATE SCHEMA audit;
CREATE TABLE audit.log (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT statement_timestamp(),
    who name NOT NULL DEFAULT CURRENT_USER,
    relation regclass NOT NULL,
    op "char" NOT NULL,
    before jsonb, after jsonb,
    txid xid8 DEFAULT pg_current_xact_id()
);
CREATE FUNCTION audit.write() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path TO 'audit', 'pg_temp' AS $body$
DECLARE
    changed text := $q$;$q$;
BEGIN
    IF TG_OP = 'DELETE' THEN
        INSERT INTO audit.log (relation, op, before) VALUES (TG_RELID, 'D', to_jsonb(OLD));
        RETURN OLD;
    END IF;
    INSERT INTO audit.log (relation, op, after) VALUES (TG_RELID, 'U', to_jsonb(NEW)); -- CREATE TABLE not_a_table (x int);
    RETURN NEW;
END;
$body$;
CREATE FUNCTION audit.touch() RETURNS trigger LANGUAGE plpgsql AS 'begin new.updated_at := now(); return new; end';
CREATE FUNCTION audit.pairs(a integer, VARIADIC rest integer[] DEFAULT '{}', OUT x integer, OUT y text) RETURNS SETOF record LANGUAGE sql STABLE COST 5 ROWS 100 AS $$ SELECT 1, 'a;b' $$;
CREATE FUNCTION audit.plus(a integer, b integer) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN a + b;
CREATE FUNCTION audit.last_two() RETURNS TABLE (id bigint, at timestamptz) LANGUAGE sql BEGIN ATOMIC
    SELECT log.id, log.at FROM audit.log ORDER BY CASE WHEN log.op = 'D' THEN 1 ELSE 2 END LIMIT 2;
END;
CREATE PROCEDURE audit.purge(INOUT removed bigint DEFAULT 0) LANGUAGE plpgsql AS $_$ BEGIN DELETE FROM audit.log; COMMIT; END $_$;
CREATE TABLE invoice (id integer PRIMARY KEY, total numeric(10,2) NOT NULL, updated_at timestamp, state text);
CREATE TABLE payment (id integer PRIMARY KEY, invoice integer REFERENCES invoice, amount numeric(10,2));
CREATE TRIGGER invoice_audit AFTER INSERT OR UPDATE OR DELETE ON invoice FOR EACH ROW EXECUTE FUNCTION audit.write();
CREATE TRIGGER invoice_touch BEFORE UPDATE OF total, state ON invoice FOR EACH ROW WHEN (old.* IS DISTINCT FROM new.*) EXECUTE FUNCTION audit.touch();
CREATE TRIGGER payment_statement AFTER INSERT ON payment REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION audit.touch('arg; one', 'two');
CREATE CONSTRAINT TRIGGER payment_late AFTER INSERT OR UPDATE ON payment DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit.write();
CREATE TRIGGER payment_silent BEFORE INSERT ON payment FOR EACH ROW EXECUTE FUNCTION audit.touch();
CREATE TRIGGER payment_replica BEFORE DELETE ON payment FOR EACH ROW EXECUTE FUNCTION audit.touch();
ALTER TABLE payment DISABLE TRIGGER payment_silent;
ALTER TABLE payment ENABLE REPLICA TRIGGER payment_replica;
ALTER TABLE invoice ENABLE ALWAYS TRIGGER invoice_audit;
CREATE INDEX log_relation ON audit.log (relation, at DESC);
CREATE FUNCTION audit.no_drop() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN NULL; END $$;
CREATE EVENT TRIGGER watch ON sql_drop WHEN TAG IN ('DROP TABLE') EXECUTE FUNCTION audit.no_drop();
ALTER EVENT TRIGGER watch DISABLE;
