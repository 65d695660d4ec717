DELETE FROM jobs WHERE id IN (SELECT id FROM jobs WHERE status = 'done' AND finished_at < now() - interval '1 hour' ORDER BY finished_at LIMIT 100 FOR UPDATE SKIP LOCKED);
