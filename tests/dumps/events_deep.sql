-- Events partitioned three levels deep: by month, by kind, by hash.
CREATE TYPE kind AS ENUM ('click', 'view', 'buy');
CREATE TABLE event (
    id bigint NOT NULL,
    at date NOT NULL,
    what kind NOT NULL,
    account integer NOT NULL,
    payload jsonb,
    PRIMARY KEY (id, at, what)
) PARTITION BY RANGE (at);
CREATE INDEX event_account ON event (account, at);
CREATE TABLE event_q1 PARTITION OF event FOR VALUES FROM ('2026-01-01') TO ('2026-04-01') PARTITION BY LIST (what);
CREATE TABLE event_q2 PARTITION OF event FOR VALUES FROM ('2026-04-01') TO ('2026-07-01') PARTITION BY LIST (what);
CREATE TABLE event_q1_click PARTITION OF event_q1 FOR VALUES IN ('click') PARTITION BY HASH (id);
CREATE TABLE event_q1_rest PARTITION OF event_q1 FOR VALUES IN ('view', 'buy');
CREATE TABLE event_q1_click_0 PARTITION OF event_q1_click FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE event_q1_click_1 PARTITION OF event_q1_click FOR VALUES WITH (MODULUS 2, REMAINDER 1) WITH (fillfactor = 85);
CREATE TABLE event_q2_all PARTITION OF event_q2 DEFAULT;
CREATE INDEX event_q1_payload ON event_q1 USING gin (payload);
CREATE INDEX event_only ON ONLY event (what);
CREATE INDEX event_q2_all_what ON event_q2_all (what);
CREATE TABLE visitor (id integer PRIMARY KEY);
ALTER TABLE event ADD CONSTRAINT event_visitor FOREIGN KEY (account) REFERENCES visitor ON DELETE CASCADE;
CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER event_stamp BEFORE INSERT ON event FOR EACH ROW EXECUTE FUNCTION stamp();
CREATE TABLE weird (a integer, b text, c date) PARTITION BY RANGE (a, lower(b), ((c - '2000-01-01'::date)));
CREATE TABLE weird_1 PARTITION OF weird FOR VALUES FROM (1, 'a', MINVALUE) TO (10, 'q', MAXVALUE);
CREATE TABLE weird_2 PARTITION OF weird FOR VALUES FROM (10, 'q', MAXVALUE) TO (MAXVALUE, MAXVALUE, MAXVALUE);
CREATE TABLE collated (k text, v integer) PARTITION BY LIST (k COLLATE "C");
CREATE TABLE collated_a PARTITION OF collated (v DEFAULT 5, CONSTRAINT v_small CHECK (v < 100)) FOR VALUES IN ('a', 'b', NULL);
