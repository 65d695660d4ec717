CREATE TABLE senders (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  domain text NOT NULL UNIQUE,
  plan text NOT NULL DEFAULT 'free',
  sent_total bigint NOT NULL DEFAULT 0,
  settings jsonb NOT NULL DEFAULT '{}'
);
CREATE TABLE lists (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  sender_id integer NOT NULL REFERENCES senders (id) ON DELETE CASCADE,
  name text NOT NULL,
  members integer NOT NULL DEFAULT 0,
  UNIQUE (sender_id, name)
);
CREATE TABLE subscribers (
  list_id integer NOT NULL REFERENCES lists (id) ON DELETE CASCADE,
  address text NOT NULL,
  status smallint NOT NULL DEFAULT 0,
  confirmed_at timestamptz,
  attributes jsonb,
  PRIMARY KEY (list_id, address)
);
CREATE INDEX subscribers_address ON subscribers (address);
CREATE INDEX subscribers_attributes ON subscribers USING gin (attributes jsonb_path_ops);
CREATE TABLE outbox (
  id uuid PRIMARY KEY,
  sender_id integer NOT NULL REFERENCES senders (id),
  address text NOT NULL,
  subject text NOT NULL,
  body text NOT NULL,
  status smallint NOT NULL DEFAULT 0,
  attempts smallint NOT NULL DEFAULT 0,
  send_after timestamptz NOT NULL DEFAULT now(),
  locked_by text
);
CREATE INDEX outbox_ready ON outbox (send_after) WHERE status = 0;
CREATE INDEX outbox_sender ON outbox (sender_id, status);
CREATE TABLE deliveries (
  sender_id integer NOT NULL,
  message_id uuid NOT NULL,
  at timestamptz NOT NULL,
  kind text NOT NULL,
  address text NOT NULL,
  detail text,
  PRIMARY KEY (message_id, at)
) PARTITION BY RANGE (at);
CREATE TABLE deliveries_1 PARTITION OF deliveries FOR VALUES FROM ('2025-01-01') TO ('2025-02-01');
CREATE TABLE deliveries_2 PARTITION OF deliveries FOR VALUES FROM ('2025-02-01') TO ('2025-03-01');
CREATE TABLE deliveries_3 PARTITION OF deliveries FOR VALUES FROM ('2025-03-01') TO ('2025-04-01');
CREATE INDEX deliveries_sender ON deliveries (sender_id, at);
CREATE TABLE suppressions (
  address text PRIMARY KEY,
  reason character varying(10) NOT NULL,
  hits integer NOT NULL DEFAULT 1,
  since timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE daily_counts (
  sender_id integer NOT NULL,
  day date NOT NULL,
  kind text NOT NULL,
  n integer NOT NULL DEFAULT 0,
  PRIMARY KEY (sender_id, day, kind)
);
