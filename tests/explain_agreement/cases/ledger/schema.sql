CREATE TYPE entry_kind AS ENUM ('debit', 'credit', 'fee');
CREATE TABLE customers (id uuid PRIMARY KEY, name text NOT NULL, region smallint NOT NULL, vip boolean NOT NULL DEFAULT false);
CREATE INDEX customers_region ON customers (region) WHERE vip;
CREATE TABLE accounts (
  id bigint PRIMARY KEY,
  customer_id uuid NOT NULL REFERENCES customers (id) ON DELETE CASCADE,
  currency character(3) NOT NULL,
  balance numeric(18,2) NOT NULL DEFAULT 0,
  version integer NOT NULL DEFAULT 0,
  changed_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 80);
CREATE INDEX accounts_customer ON accounts (customer_id);
CREATE INDEX accounts_currency ON accounts USING hash (currency);
CREATE TABLE entries (
  id bigserial,
  account_id bigint NOT NULL,
  kind entry_kind NOT NULL,
  amount numeric(14,2) NOT NULL,
  booked_on date NOT NULL,
  memo text,
  PRIMARY KEY (account_id, id)
) PARTITION BY HASH (account_id);
CREATE TABLE entries_0 PARTITION OF entries FOR VALUES WITH (MODULUS 4, REMAINDER 0);
CREATE TABLE entries_1 PARTITION OF entries FOR VALUES WITH (MODULUS 4, REMAINDER 1);
CREATE TABLE entries_2 PARTITION OF entries FOR VALUES WITH (MODULUS 4, REMAINDER 2);
CREATE TABLE entries_3 PARTITION OF entries FOR VALUES WITH (MODULUS 4, REMAINDER 3);
CREATE INDEX entries_booked ON entries (booked_on);
CREATE TABLE daily_totals (account_id bigint NOT NULL, day date NOT NULL, debit numeric(18,2) NOT NULL DEFAULT 0, credit numeric(18,2) NOT NULL DEFAULT 0, n integer NOT NULL DEFAULT 0, PRIMARY KEY (account_id, day));
CREATE TABLE rates (currency character(3) NOT NULL, day date NOT NULL, rate double precision NOT NULL, PRIMARY KEY (currency, day));
CREATE UNLOGGED TABLE staging (id bigint NOT NULL, account_id bigint NOT NULL, amount numeric(14,2) NOT NULL);
CREATE INDEX staging_account ON staging (account_id);
CREATE TABLE audit (id bigserial PRIMARY KEY, at timestamptz NOT NULL DEFAULT now(), who text NOT NULL, what jsonb NOT NULL);
CREATE INDEX audit_at ON audit USING brin (at);
