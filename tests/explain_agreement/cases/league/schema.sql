CREATE TABLE players (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, nick character varying(24) NOT NULL UNIQUE, country character(2), rating integer NOT NULL DEFAULT 1200, games integer NOT NULL DEFAULT 0, banned boolean NOT NULL DEFAULT false, profile jsonb NOT NULL DEFAULT '{}');
CREATE INDEX players_rating ON players (rating DESC, id) WHERE NOT banned;
CREATE INDEX players_profile ON players USING gin (profile jsonb_path_ops);
CREATE TABLE seasons (id smallint PRIMARY KEY, name text NOT NULL, starts date NOT NULL, ends date NOT NULL);
CREATE TABLE scores (
  season_id smallint NOT NULL REFERENCES seasons (id),
  player_id bigint NOT NULL REFERENCES players (id),
  points integer NOT NULL DEFAULT 0,
  wins integer NOT NULL DEFAULT 0,
  updated_at timestamp NOT NULL DEFAULT now(),
  PRIMARY KEY (season_id, player_id)
) PARTITION BY LIST (season_id);
CREATE TABLE scores_1 PARTITION OF scores FOR VALUES IN (1);
CREATE TABLE scores_2 PARTITION OF scores FOR VALUES IN (2);
CREATE TABLE scores_3 PARTITION OF scores FOR VALUES IN (3, 4);
CREATE INDEX scores_points ON scores (season_id, points DESC);
CREATE TABLE matches (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  white bigint NOT NULL REFERENCES players (id),
  black bigint NOT NULL REFERENCES players (id),
  result smallint,
  started timestamptz NOT NULL DEFAULT now(),
  moves integer NOT NULL DEFAULT 0,
  record bytea
);
CREATE INDEX matches_white ON matches (white, started);
CREATE INDEX matches_black ON matches (black, started);
CREATE INDEX matches_open ON matches (started) WHERE result IS NULL;
CREATE TABLE badges (player_id bigint NOT NULL REFERENCES players (id) ON DELETE CASCADE, badge integer NOT NULL, earned date NOT NULL DEFAULT CURRENT_DATE, PRIMARY KEY (player_id, badge));
CREATE TABLE friends (a bigint NOT NULL, b bigint NOT NULL, since date NOT NULL, PRIMARY KEY (a, b));
CREATE INDEX friends_b ON friends (b, a);
CREATE VIEW standings AS SELECT s.season_id, p.nick, s.points, s.wins FROM scores s JOIN players p ON p.id = s.player_id WHERE NOT p.banned;
