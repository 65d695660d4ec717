CREATE TABLE artists (id integer PRIMARY KEY, name text NOT NULL, genres text[] NOT NULL, followers integer NOT NULL DEFAULT 0);
CREATE INDEX artists_genres ON artists USING gin (genres);
CREATE INDEX artists_name ON artists (lower(name) text_pattern_ops);
CREATE TABLE albums (id integer PRIMARY KEY, artist_id integer NOT NULL REFERENCES artists (id), title text NOT NULL, released date NOT NULL);
CREATE INDEX albums_artist ON albums (artist_id, released DESC);
CREATE TABLE tracks (
  id integer PRIMARY KEY,
  album_id integer NOT NULL REFERENCES albums (id),
  position smallint NOT NULL,
  title text NOT NULL,
  ms integer NOT NULL,
  explicit boolean NOT NULL,
  popularity integer NOT NULL DEFAULT 0
);
CREATE INDEX tracks_album ON tracks (album_id, position);
CREATE INDEX tracks_popular ON tracks (popularity DESC) WHERE NOT explicit;
CREATE TABLE listeners (id bigserial PRIMARY KEY, handle text NOT NULL UNIQUE, country character(2) NOT NULL, premium boolean NOT NULL DEFAULT false, seen_at timestamp with time zone);
CREATE TABLE playlists (id bigserial PRIMARY KEY, owner_id bigint NOT NULL REFERENCES listeners (id), title text NOT NULL, public boolean NOT NULL DEFAULT true, length integer NOT NULL DEFAULT 0);
CREATE INDEX playlists_owner ON playlists (owner_id);
CREATE TABLE playlist_tracks (
  playlist_id bigint NOT NULL REFERENCES playlists (id) ON DELETE CASCADE,
  place integer NOT NULL,
  track_id integer NOT NULL REFERENCES tracks (id),
  PRIMARY KEY (playlist_id, place)
);
CREATE INDEX playlist_tracks_track ON playlist_tracks (track_id);
CREATE TABLE plays (
  id bigserial PRIMARY KEY,
  listener_id bigint NOT NULL,
  track_id integer NOT NULL,
  played_at timestamp with time zone NOT NULL DEFAULT now(),
  ms integer NOT NULL
);
CREATE INDEX plays_listener ON plays (listener_id, played_at DESC);
CREATE INDEX plays_track ON plays (track_id);
CREATE TABLE likes (
  listener_id bigint NOT NULL REFERENCES listeners (id) ON DELETE CASCADE,
  track_id integer NOT NULL REFERENCES tracks (id),
  at timestamp with time zone NOT NULL DEFAULT now(),
  PRIMARY KEY (listener_id, track_id)
);
