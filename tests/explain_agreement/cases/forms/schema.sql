CREATE TYPE ticket_state AS ENUM ('open', 'waiting', 'closed');
CREATE TABLE accounts (
  id bigint PRIMARY KEY,
  code text COLLATE "C" NOT NULL UNIQUE,
  name text NOT NULL,
  plan integer NOT NULL,
  credit integer NOT NULL DEFAULT 0
);
CREATE INDEX accounts_name ON accounts (name text_pattern_ops);
CREATE TABLE tickets (
  id bigserial PRIMARY KEY,
  account_id bigint NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  parent_id bigint REFERENCES tickets (id),
  state ticket_state NOT NULL,
  title text NOT NULL,
  priority integer NOT NULL DEFAULT 0,
  opened_at timestamptz NOT NULL DEFAULT now(),
  closed_at timestamptz
);
CREATE INDEX tickets_account ON tickets (account_id, opened_at);
CREATE INDEX tickets_parent ON tickets (parent_id);
CREATE INDEX tickets_open ON tickets (priority DESC, id) WHERE state = 'open';
CREATE TABLE documents (
  id bigint PRIMARY KEY,
  account_id bigint NOT NULL REFERENCES accounts (id),
  title text NOT NULL,
  tags text[] NOT NULL DEFAULT '{}',
  attrs jsonb NOT NULL DEFAULT '{}',
  search tsvector
);
CREATE INDEX documents_account ON documents (account_id);
CREATE INDEX documents_tags ON documents USING gin (tags);
CREATE INDEX documents_attrs ON documents USING gin (attrs jsonb_path_ops);
CREATE INDEX documents_search ON documents USING gin (search);
CREATE TABLE events (
  account_id bigint NOT NULL,
  at timestamptz NOT NULL,
  kind integer NOT NULL,
  note text
) PARTITION BY RANGE (at);
CREATE TABLE events_2025_01 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2025-02-01');
CREATE TABLE events_2025_02 PARTITION OF events FOR VALUES FROM ('2025-02-01') TO ('2025-03-01');
CREATE TABLE events_2025_03 PARTITION OF events FOR VALUES FROM ('2025-03-01') TO ('2025-04-01');
CREATE INDEX events_account_at ON events (account_id, at);
CREATE TABLE staging (id bigint, payload text);
CREATE VIEW open_tickets AS SELECT id, account_id, title, priority FROM tickets WHERE state = 'open';
CREATE VIEW account_totals AS SELECT account_id, count(*) AS tickets, max(opened_at) AS latest FROM tickets GROUP BY account_id;
