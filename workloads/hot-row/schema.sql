-- A few counters that everybody increments.
CREATE TABLE counters (
    id integer PRIMARY KEY,
    name text NOT NULL,
    hits bigint NOT NULL DEFAULT 0
);
CREATE TABLE pages (
    id bigint PRIMARY KEY,
    title text NOT NULL,
    body text
);
