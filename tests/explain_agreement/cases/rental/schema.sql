CREATE TABLE cities (id integer PRIMARY KEY, name text NOT NULL, country character(2) NOT NULL);
CREATE TABLE owners (id integer PRIMARY KEY, city_id integer NOT NULL REFERENCES cities (id), name text NOT NULL, since date NOT NULL, verified boolean NOT NULL);
CREATE TABLE flats (
  id integer PRIMARY KEY,
  owner_id integer NOT NULL REFERENCES owners (id),
  city_id integer NOT NULL REFERENCES cities (id),
  rooms smallint NOT NULL,
  price numeric(8,2) NOT NULL,
  rating real,
  kind text NOT NULL,
  facts jsonb NOT NULL,
  listed_on date NOT NULL
);
CREATE INDEX flats_city_price ON flats (city_id, price);
CREATE INDEX flats_owner ON flats (owner_id);
CREATE INDEX flats_listed ON flats (listed_on);
CREATE TABLE guests (id bigint PRIMARY KEY, email text NOT NULL UNIQUE, country character(2), born date);
CREATE TABLE stays (
  id bigserial PRIMARY KEY,
  flat_id integer NOT NULL REFERENCES flats (id),
  guest_id bigint NOT NULL REFERENCES guests (id),
  arrival date NOT NULL,
  nights smallint NOT NULL,
  total numeric(10,2) NOT NULL,
  status text NOT NULL
);
CREATE INDEX stays_flat_arrival ON stays (flat_id, arrival);
CREATE INDEX stays_guest ON stays (guest_id);
CREATE INDEX stays_arrival ON stays (arrival) WHERE status = 'booked';
CREATE TABLE ratings (stay_id bigint PRIMARY KEY REFERENCES stays (id) ON DELETE CASCADE, stars smallint NOT NULL, text text);
CREATE TABLE calendars (flat_id integer NOT NULL REFERENCES flats (id) ON DELETE CASCADE, day date NOT NULL, free boolean NOT NULL, price numeric(8,2), PRIMARY KEY (flat_id, day)) WITH (fillfactor = 90);
