-- 500,000 jobs: 20,000 ready, the others done over the past week; what workload.yaml says.
INSERT INTO jobs (status, priority, run_at, attempts, finished_at, payload)
SELECT 'done', 1 + i % 5, t, 1, t + interval '1 minute',
       jsonb_build_object('kind', 'mail', 'to', 'user' || i || '@mail.example', 'template', i % 40)
FROM generate_series(1, 480000) AS i, LATERAL (SELECT now() - interval '7 days' + i * interval '1.25 seconds') AS s (t);

INSERT INTO jobs (status, priority, run_at, payload)
SELECT 'ready', 1 + i % 5, now() - interval '10 minutes' + i * interval '30 milliseconds',
       jsonb_build_object('kind', 'mail', 'to', 'user' || i || '@mail.example', 'template', i % 40)
FROM generate_series(1, 20000) AS i;

VACUUM ANALYZE jobs;
