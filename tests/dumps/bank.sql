-- Double-entry accounts: char columns, money, checks, deferred keys.
CREATE TABLE branch (bid integer NOT NULL PRIMARY KEY, bbalance bigint, filler char(88)) WITH (fillfactor = 100);
CREATE TABLE account (iban char(34) PRIMARY KEY, bid integer NOT NULL REFERENCES branch, balance numeric(18,4) NOT NULL DEFAULT 0, currency char(3) NOT NULL, opened date NOT NULL, closed date, CHECK (closed IS NULL OR closed >= opened));
CREATE TABLE entry (id bigint GENERATED ALWAYS AS IDENTITY (CACHE 50), booked timestamptz(3) NOT NULL DEFAULT now(), debit char(34) NOT NULL REFERENCES account DEFERRABLE, credit char(34) NOT NULL REFERENCES account DEFERRABLE INITIALLY DEFERRED, amount numeric(18,4) NOT NULL CHECK (amount > 0), memo varchar(140), CHECK (debit <> credit), PRIMARY KEY (id));
CREATE INDEX ON entry (debit, booked); CREATE INDEX ON entry (credit, booked); CREATE INDEX entry_booked ON entry USING brin (booked);
CREATE VIEW balances AS SELECT iban, sum(amount) AS amount FROM (SELECT credit AS iban, amount FROM entry UNION ALL SELECT debit, -amount FROM entry) AS moves GROUP BY iban;
