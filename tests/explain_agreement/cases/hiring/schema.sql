CREATE TYPE stage AS ENUM ('new', 'screen', 'interview', 'offer', 'hired', 'rejected');
CREATE TABLE companies (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL, industry smallint NOT NULL, verified boolean NOT NULL DEFAULT false);
CREATE TABLE jobs (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  company_id integer NOT NULL REFERENCES companies (id) ON DELETE CASCADE,
  title character varying(100) NOT NULL,
  city text NOT NULL,
  salary integer,
  skills text[] NOT NULL,
  posted timestamptz NOT NULL DEFAULT now(),
  closes date,
  open boolean NOT NULL DEFAULT true,
  views integer NOT NULL DEFAULT 0
);
CREATE INDEX jobs_company ON jobs (company_id);
CREATE INDEX jobs_city ON jobs (city, posted DESC) WHERE open;
CREATE INDEX jobs_skills ON jobs USING gin (skills);
CREATE TABLE candidates (id bigserial PRIMARY KEY, email text NOT NULL UNIQUE, name text NOT NULL, years smallint NOT NULL, city text, resume text, updated timestamptz NOT NULL DEFAULT now());
CREATE INDEX candidates_city ON candidates (city, years);
CREATE TABLE applications (
  job_id bigint NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
  candidate_id bigint NOT NULL REFERENCES candidates (id) ON DELETE CASCADE,
  stage stage NOT NULL DEFAULT 'new',
  applied timestamptz NOT NULL DEFAULT now(),
  score real,
  letter text,
  PRIMARY KEY (job_id, candidate_id)
);
CREATE INDEX applications_candidate ON applications (candidate_id, applied DESC);
CREATE INDEX applications_stage ON applications (stage, applied);
CREATE TABLE notes (id uuid PRIMARY KEY, job_id bigint NOT NULL, candidate_id bigint NOT NULL, author integer NOT NULL, body text NOT NULL, at timestamptz NOT NULL DEFAULT now(), FOREIGN KEY (job_id, candidate_id) REFERENCES applications (job_id, candidate_id) ON DELETE CASCADE);
CREATE INDEX notes_application ON notes (job_id, candidate_id);
CREATE TABLE saved (candidate_id bigint NOT NULL, job_id bigint NOT NULL, at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (candidate_id, job_id));
CREATE TABLE daily_views (job_id bigint NOT NULL, day date NOT NULL, n integer NOT NULL DEFAULT 1, PRIMARY KEY (day, job_id)) WITH (fillfactor = 80);
