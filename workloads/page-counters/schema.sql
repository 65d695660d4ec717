-- Hits per page and day.
CREATE TABLE page_hits (
    page_id integer NOT NULL,
    day date NOT NULL,
    hits bigint NOT NULL DEFAULT 0,
    last_hit timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (page_id, day)
) WITH (fillfactor = 70);
