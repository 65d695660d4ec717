CREATE TABLE policies (
  number character varying(20) PRIMARY KEY,
  holder text NOT NULL,
  product smallint NOT NULL,
  premium numeric(10,2) NOT NULL,
  starts_on date NOT NULL,
  ends_on date,
  terms jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX policies_holder ON policies (holder);
CREATE INDEX policies_ending ON policies (ends_on) WHERE ends_on IS NOT NULL;
CREATE TABLE claims (
  reference character varying(24) PRIMARY KEY,
  policy_number character varying(20) NOT NULL REFERENCES policies (number),
  status character varying(12) NOT NULL DEFAULT 'reported',
  opened_on date NOT NULL DEFAULT CURRENT_DATE,
  amount numeric(12,2),
  handler integer,
  report text,
  facts jsonb
);
CREATE INDEX claims_policy ON claims (policy_number);
CREATE INDEX claims_status ON claims (status, opened_on);
CREATE INDEX claims_handler ON claims (handler) WHERE status IN ('reported', 'open');
CREATE TABLE documents (
  id bigserial PRIMARY KEY,
  claim_reference character varying(24) NOT NULL REFERENCES claims (reference) ON DELETE CASCADE,
  mime text NOT NULL,
  sha bytea NOT NULL,
  body text,
  added_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX documents_claim ON documents (claim_reference);
CREATE UNIQUE INDEX documents_sha ON documents (sha);
CREATE TABLE audit (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  entity text NOT NULL,
  entity_key text NOT NULL,
  actor integer NOT NULL,
  change jsonb NOT NULL,
  at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX audit_entity ON audit (entity, entity_key);
CREATE INDEX audit_change ON audit USING gin (change);
CREATE TABLE payouts (
  claim_reference character varying(24) NOT NULL REFERENCES claims (reference),
  installment smallint NOT NULL,
  amount numeric(12,2) NOT NULL,
  due_on date NOT NULL,
  paid_at timestamptz,
  PRIMARY KEY (claim_reference, installment)
);
CREATE INDEX payouts_due ON payouts (due_on) WHERE paid_at IS NULL;
