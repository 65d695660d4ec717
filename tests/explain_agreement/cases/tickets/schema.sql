CREATE TABLE organisations (id integer PRIMARY KEY, name text NOT NULL, plan text NOT NULL);
CREATE TABLE agents (id integer PRIMARY KEY, organisation_id integer NOT NULL REFERENCES organisations (id), email text NOT NULL, skill integer NOT NULL, UNIQUE (organisation_id, email));
CREATE TABLE issues (
  id bigserial PRIMARY KEY,
  organisation_id integer NOT NULL REFERENCES organisations (id),
  number integer NOT NULL,
  agent_id integer REFERENCES agents (id) ON DELETE SET NULL,
  state smallint NOT NULL DEFAULT 0,
  priority smallint NOT NULL DEFAULT 3,
  subject character varying(200) NOT NULL,
  opened_at timestamptz NOT NULL DEFAULT now(),
  closed_at timestamptz,
  labels integer[] NOT NULL DEFAULT '{}',
  extra jsonb,
  UNIQUE (organisation_id, number)
) WITH (fillfactor = 75);
CREATE INDEX issues_queue ON issues (organisation_id, priority, opened_at) WHERE closed_at IS NULL;
CREATE INDEX issues_agent ON issues (agent_id) WHERE agent_id IS NOT NULL AND closed_at IS NULL;
CREATE INDEX issues_opened ON issues (opened_at DESC);
CREATE INDEX issues_labels ON issues USING gin (labels);
CREATE TABLE comments (id bigserial PRIMARY KEY, issue_id bigint NOT NULL REFERENCES issues (id) ON DELETE CASCADE, author text NOT NULL, body text NOT NULL, written_at timestamptz NOT NULL DEFAULT now());
CREATE INDEX comments_issue ON comments (issue_id, written_at);
CREATE INDEX comments_author ON comments (author text_pattern_ops);
CREATE TABLE worklog (issue_id bigint NOT NULL, agent_id integer NOT NULL, day date NOT NULL, minutes integer NOT NULL);
CREATE INDEX worklog_issue ON worklog (issue_id);
CREATE INDEX worklog_day ON worklog (day, agent_id) INCLUDE (minutes);
CREATE TABLE watchers (issue_id bigint NOT NULL REFERENCES issues (id) ON DELETE CASCADE, agent_id integer NOT NULL REFERENCES agents (id) ON DELETE CASCADE, PRIMARY KEY (issue_id, agent_id));
CREATE INDEX watchers_agent ON watchers (agent_id);
