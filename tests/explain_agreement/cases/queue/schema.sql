CREATE TABLE jobs (
  id bigserial PRIMARY KEY,
  kind integer NOT NULL,
  status text NOT NULL DEFAULT 'ready',
  priority integer NOT NULL DEFAULT 0,
  payload jsonb NOT NULL,
  run_at timestamptz NOT NULL DEFAULT now(),
  attempts integer NOT NULL DEFAULT 0
);
CREATE INDEX jobs_ready ON jobs (id) WHERE status = 'ready';
CREATE INDEX jobs_kind ON jobs (kind);
CREATE UNLOGGED TABLE sessions (token uuid PRIMARY KEY, user_id integer NOT NULL, data jsonb, seen_at timestamptz NOT NULL);
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_seen ON sessions (seen_at);
