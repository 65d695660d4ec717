-- Follows, feeds and likes: wide keys, hash partitions with indexes of their own.
CREATE TABLE account (id bigint PRIMARY KEY, handle text COLLATE "C" NOT NULL, bio text, settings jsonb DEFAULT '{}', CONSTRAINT handle_unique UNIQUE (handle));
CREATE TABLE follow (follower bigint NOT NULL REFERENCES account ON DELETE CASCADE, followed bigint NOT NULL REFERENCES account ON DELETE CASCADE, since date NOT NULL DEFAULT CURRENT_DATE, PRIMARY KEY (follower, followed), CHECK (follower <> followed)) PARTITION BY HASH (follower);
CREATE TABLE follow_0 PARTITION OF follow FOR VALUES WITH (MODULUS 4, REMAINDER 0); CREATE TABLE follow_1 PARTITION OF follow FOR VALUES WITH (MODULUS 4, REMAINDER 1);
CREATE TABLE follow_2 PARTITION OF follow FOR VALUES WITH (MODULUS 4, REMAINDER 2); CREATE TABLE follow_3 (followed bigint NOT NULL, since date NOT NULL DEFAULT CURRENT_DATE, follower bigint NOT NULL, CONSTRAINT follow_check CHECK (follower <> followed));
CREATE UNIQUE INDEX follow_3_own ON follow_3 (follower, followed); ALTER TABLE follow_3 ADD CONSTRAINT follow_3_fk FOREIGN KEY (follower) REFERENCES account ON DELETE CASCADE;
ALTER TABLE follow ATTACH PARTITION follow_3 FOR VALUES WITH (MODULUS 4, REMAINDER 3); CREATE INDEX follow_back ON follow (followed, follower);
CREATE TABLE status (id bigint PRIMARY KEY, author bigint NOT NULL REFERENCES account, body varchar(500), media uuid[], reply_to bigint REFERENCES status ON DELETE SET NULL, lang char(2)); CREATE INDEX status_author ON status (author, id DESC);
CREATE TABLE liked (status bigint REFERENCES status ON DELETE CASCADE, account bigint REFERENCES account ON DELETE CASCADE, PRIMARY KEY (status, account)); CREATE INDEX liked_account ON liked (account) WITH (deduplicate_items = on);
