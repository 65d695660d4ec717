-- A job queue with unlogged state, partial indexes and storage parameters.
CREATE TYPE job_state AS ENUM ('queued', 'running', 'done', 'failed');
CREATE TABLE job (id bigserial PRIMARY KEY, queue text NOT NULL DEFAULT 'default', state job_state NOT NULL DEFAULT 'queued', priority smallint NOT NULL DEFAULT 0, run_at timestamptz NOT NULL DEFAULT now(), payload jsonb NOT NULL, attempts int2 NOT NULL DEFAULT 0, error text, locked_by uuid)
    WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0, toast.autovacuum_vacuum_scale_factor = 0.2, parallel_workers = 0);
CREATE INDEX job_ready ON job (queue, priority DESC, id) WHERE state = 'queued'; CREATE INDEX job_running ON job (locked_by) WHERE state = 'running'::job_state AND locked_by IS NOT NULL;
CREATE UNLOGGED TABLE worker (id uuid PRIMARY KEY, seen timestamptz NOT NULL, host inet) WITH (fillfactor = 20);

CREATE TABLE job_log (job_id bigint NOT NULL REFERENCES job ON DELETE CASCADE, at timestamptz NOT NULL, line text, PRIMARY KEY (job_id, at)) WITH (autovacuum_enabled = off);
ALTER TABLE job_log SET (fillfactor = 95, toast_tuple_target = 256); ALTER TABLE job_log RESET (autovacuum_enabled); ALTER TABLE job_log ALTER line SET STORAGE EXTERNAL, ALTER line SET COMPRESSION pglz;
