CREATE TABLE organizations (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  name text NOT NULL,
  plan text NOT NULL DEFAULT 'free',
  settings jsonb NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE users (
  id serial PRIMARY KEY,
  email text NOT NULL UNIQUE,
  name text NOT NULL,
  locale varchar(5)
);
CREATE TABLE members (
  org_id uuid NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
  user_id integer NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  role text NOT NULL DEFAULT 'member',
  joined_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (org_id, user_id)
);
CREATE INDEX members_user ON members (user_id);
CREATE TABLE projects (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  org_id uuid NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
  key varchar(10) NOT NULL,
  name text NOT NULL,
  archived boolean NOT NULL DEFAULT false,
  task_seq integer NOT NULL DEFAULT 0,
  UNIQUE (org_id, key)
);
CREATE TABLE tasks (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  project_id uuid NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
  number integer NOT NULL,
  title text NOT NULL,
  description text,
  status text NOT NULL DEFAULT 'todo',
  priority smallint NOT NULL DEFAULT 3,
  assignee_id integer REFERENCES users (id) ON DELETE SET NULL,
  due_on date,
  labels text[] NOT NULL DEFAULT '{}',
  custom jsonb,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  deleted_at timestamptz,
  UNIQUE (project_id, number)
);
CREATE INDEX tasks_assignee_status ON tasks (assignee_id, status) WHERE deleted_at IS NULL;
CREATE INDEX tasks_board ON tasks (project_id, status, priority);
CREATE INDEX tasks_due ON tasks (due_on) WHERE status <> 'done';
CREATE INDEX tasks_labels ON tasks USING gin (labels);
CREATE TABLE comments (
  id bigserial PRIMARY KEY,
  task_id uuid NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
  author_id integer NOT NULL REFERENCES users (id),
  body text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX comments_task ON comments (task_id, created_at);
CREATE TABLE activity (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  org_id uuid NOT NULL,
  task_id uuid,
  actor_id integer,
  action text NOT NULL,
  changes jsonb,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX activity_org ON activity (org_id, created_at DESC);
CREATE INDEX activity_task ON activity (task_id);
CREATE TABLE time_entries (
  id bigserial PRIMARY KEY,
  task_id uuid NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
  user_id integer NOT NULL,
  started_at timestamptz NOT NULL,
  minutes integer NOT NULL CHECK (minutes > 0),
  billable boolean NOT NULL DEFAULT true
);
CREATE INDEX time_entries_user ON time_entries (user_id, started_at);
CREATE INDEX time_entries_task ON time_entries (task_id) INCLUDE (minutes);
