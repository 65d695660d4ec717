-- Ledgers by year with rules, statement triggers, and a unique key with its own name on a partitioned table.
CREATE TABLE ledger (id bigint NOT NULL, year smallint NOT NULL, number integer NOT NULL, account varchar(10) NOT NULL, amount numeric(15,2) NOT NULL, text text, CONSTRAINT ledger_number UNIQUE (year, number), CONSTRAINT ledger_pk PRIMARY KEY (year, id)) PARTITION BY RANGE (year);
CREATE TABLE ledger_2025 PARTITION OF ledger FOR VALUES FROM (2025) TO (2026); CREATE TABLE ledger_2026 PARTITION OF ledger (CONSTRAINT nonzero CHECK (amount <> 0)) FOR VALUES FROM (2026) TO (2027) WITH (fillfactor = 92);
CREATE INDEX ledger_account ON ledger USING btree (account, year) INCLUDE (amount); CREATE UNIQUE INDEX ledger_2026_text ON ledger_2026 (text) WHERE text IS NOT NULL;
CREATE TABLE closed_year (year smallint PRIMARY KEY, at timestamptz DEFAULT now()); CREATE RULE no_reopen AS ON DELETE TO closed_year DO INSTEAD NOTHING;
CREATE FUNCTION check_open() RETURNS trigger LANGUAGE plpgsql AS $check$ BEGIN PERFORM 1; RETURN NULL; END; $check$; CREATE TRIGGER ledger_open AFTER INSERT ON ledger FOR EACH STATEMENT EXECUTE FUNCTION check_open();
CREATE TRIGGER ledger_row AFTER UPDATE ON ledger FOR EACH ROW EXECUTE FUNCTION check_open(); CREATE TRIGGER year_row BEFORE TRUNCATE ON closed_year FOR EACH STATEMENT EXECUTE FUNCTION check_open();
