-- What devices report, a partition per month.
CREATE TABLE events (
    device_id integer NOT NULL,
    at timestamp NOT NULL,
    kind smallint NOT NULL,
    value double precision NOT NULL,
    note text
) PARTITION BY RANGE (at);
CREATE TABLE events_2025_11 PARTITION OF events FOR VALUES FROM ('2025-11-01') TO ('2025-12-01');
CREATE TABLE events_2025_12 PARTITION OF events FOR VALUES FROM ('2025-12-01') TO ('2026-01-01');
CREATE TABLE events_2026_01 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
CREATE TABLE events_2026_02 PARTITION OF events FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');
CREATE INDEX events_device_at ON events (device_id, at);
