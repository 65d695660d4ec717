-- A forum: trees with arrays and ltree-free paths, votes, moderation, soft deletes.
CREATE TABLE member (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, nick varchar(24) NOT NULL, joined timestamp NOT NULL DEFAULT localtimestamp, karma int NOT NULL DEFAULT 0, avatar bytea, CONSTRAINT nick_ok CHECK (nick ~ '^[a-z0-9_]{3,24}$'));
CREATE UNIQUE INDEX member_nick ON member (lower(nick::text));
CREATE TABLE post (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, parent bigint REFERENCES post ON DELETE CASCADE, root bigint, author int REFERENCES member ON DELETE SET NULL, path bigint[] NOT NULL, body text NOT NULL, deleted_at timestamptz, edited smallint NOT NULL DEFAULT 0);
ALTER TABLE post ADD CONSTRAINT post_root FOREIGN KEY (root) REFERENCES post (id);
CREATE INDEX post_path ON post USING gin (path); CREATE INDEX post_tree ON post (root, path); CREATE INDEX post_author ON post (author, id DESC) WHERE deleted_at IS NULL;
CREATE TABLE vote (post bigint NOT NULL REFERENCES post ON DELETE CASCADE, member int NOT NULL REFERENCES member ON DELETE CASCADE, value smallint NOT NULL CHECK (value IN (-1, 1)), PRIMARY KEY (post, member)) WITH (fillfactor = 90);
CREATE INDEX vote_member ON vote (member);
CREATE MATERIALIZED VIEW ranking AS SELECT p.author, m.nick, sum(v.value) AS score, count(DISTINCT p.id) AS posts FROM post p JOIN member m ON m.id = p.author LEFT JOIN vote v ON v.post = p.id GROUP BY p.author, m.nick;
CREATE INDEX ranking_score ON ranking (score DESC);
