BEGIN;
UPDATE jobs SET status = 'running', attempts = attempts + 1 WHERE id = (SELECT id FROM jobs WHERE status = 'ready' AND run_at <= now() ORDER BY priority, run_at LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING id \aset
UPDATE jobs SET status = 'done', finished_at = now() WHERE id = :id;
COMMIT;
