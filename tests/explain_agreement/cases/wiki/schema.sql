CREATE TABLE spaces (key character varying(12) PRIMARY KEY, title text NOT NULL, archived boolean NOT NULL DEFAULT false);
CREATE TABLE pages (
  id integer PRIMARY KEY,
  space character varying(12) NOT NULL REFERENCES spaces (key),
  parent_id integer REFERENCES pages (id),
  slug text NOT NULL,
  views integer NOT NULL DEFAULT 0,
  rating real,
  meta jsonb NOT NULL DEFAULT '{}',
  edited_at timestamp NOT NULL DEFAULT now(),
  UNIQUE (space, slug)
);
CREATE INDEX pages_parent ON pages (parent_id);
CREATE INDEX pages_lang ON pages ((meta ->> 'lang'));
CREATE INDEX pages_rating ON pages (rating DESC NULLS LAST);
CREATE TABLE revisions (page_id integer NOT NULL REFERENCES pages (id), revision integer NOT NULL, editor integer NOT NULL, at timestamp NOT NULL, size integer NOT NULL, comment text, PRIMARY KEY (page_id, revision));
CREATE INDEX revisions_editor_at ON revisions (editor, at DESC);
CREATE TABLE links (from_id integer NOT NULL, to_id integer NOT NULL, kind "char" NOT NULL, PRIMARY KEY (from_id, to_id));
CREATE INDEX links_to ON links (to_id);
CREATE TABLE hits (page_id integer NOT NULL, hour timestamp NOT NULL, n integer NOT NULL DEFAULT 0, PRIMARY KEY (page_id, hour)) WITH (fillfactor = 60);
CREATE TABLE tokens (token bytea PRIMARY KEY, owner integer NOT NULL, expires timestamp NOT NULL);
CREATE INDEX tokens_expires ON tokens (expires);
CREATE TABLE settings (name text PRIMARY KEY, value text NOT NULL);
