CREATE TABLE people (id bigint PRIMARY KEY, handle text NOT NULL, bio text, last_seen timestamptz, bot boolean NOT NULL DEFAULT false);
CREATE UNIQUE INDEX people_handle ON people (handle);
CREATE TABLE rooms (id integer PRIMARY KEY, name text NOT NULL, private boolean NOT NULL, last_message_id bigint, messages integer NOT NULL DEFAULT 0) WITH (fillfactor = 80);
CREATE TABLE members (room_id integer NOT NULL REFERENCES rooms (id) ON DELETE CASCADE, person_id bigint NOT NULL REFERENCES people (id) ON DELETE CASCADE, read_to bigint NOT NULL DEFAULT 0, muted boolean NOT NULL DEFAULT false, joined_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (room_id, person_id));
CREATE INDEX members_person ON members (person_id);
CREATE TABLE messages (
  id bigserial PRIMARY KEY,
  room_id integer NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
  sender_id bigint NOT NULL REFERENCES people (id),
  reply_to bigint,
  body text NOT NULL,
  sent_at timestamptz NOT NULL DEFAULT now(),
  deleted boolean NOT NULL DEFAULT false,
  words tsvector
);
CREATE INDEX messages_room ON messages (room_id, id DESC);
CREATE INDEX messages_reply ON messages (reply_to) WHERE reply_to IS NOT NULL;
CREATE INDEX messages_sender ON messages USING hash (sender_id);
CREATE TABLE reactions (message_id bigint NOT NULL REFERENCES messages (id) ON DELETE CASCADE, person_id bigint NOT NULL, emoji character varying(16) NOT NULL, PRIMARY KEY (message_id, person_id, emoji));
CREATE TABLE devices (id uuid PRIMARY KEY, person_id bigint NOT NULL REFERENCES people (id) ON DELETE CASCADE, push_token text, platform smallint NOT NULL, seen timestamptz NOT NULL);
CREATE INDEX devices_person ON devices (person_id);
CREATE TABLE outbox (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, room_id integer NOT NULL, payload jsonb NOT NULL, queued timestamptz NOT NULL DEFAULT now(), done boolean NOT NULL DEFAULT false);
CREATE INDEX outbox_waiting ON outbox (id) WHERE NOT done;
