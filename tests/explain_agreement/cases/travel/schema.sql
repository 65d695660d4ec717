CREATE TABLE countries (code char(2) PRIMARY KEY, name text NOT NULL);
CREATE TABLE cities (id serial PRIMARY KEY, country_code char(2) NOT NULL REFERENCES countries (code), name text NOT NULL, population integer);
CREATE INDEX cities_country ON cities (country_code);
CREATE TABLE hosts (id serial PRIMARY KEY, email text NOT NULL, name text NOT NULL, superhost boolean NOT NULL DEFAULT false, joined date NOT NULL, UNIQUE (email));
CREATE TABLE listings (
  id serial PRIMARY KEY,
  host_id integer NOT NULL REFERENCES hosts (id) ON DELETE CASCADE,
  city_id integer NOT NULL REFERENCES cities (id),
  title text NOT NULL,
  kind text NOT NULL,
  price numeric(8,2) NOT NULL,
  beds smallint NOT NULL,
  rating real,
  active boolean NOT NULL DEFAULT true,
  amenities text[],
  updated_at timestamp NOT NULL DEFAULT now()
);
CREATE INDEX listings_host ON listings (host_id);
CREATE INDEX listings_city_price ON listings (city_id, price);
CREATE INDEX listings_city_rating ON listings (city_id, rating DESC NULLS LAST) WHERE active;
CREATE INDEX listings_amenities ON listings USING gin (amenities);
CREATE TABLE stays (
  id bigserial PRIMARY KEY,
  listing_id integer NOT NULL REFERENCES listings (id) ON DELETE CASCADE,
  guest_id integer NOT NULL,
  checkin date NOT NULL,
  checkout date NOT NULL,
  status text NOT NULL DEFAULT 'requested',
  total numeric(10,2) NOT NULL,
  created_at timestamp NOT NULL DEFAULT now()
);
CREATE INDEX stays_listing_checkin ON stays (listing_id, checkin);
CREATE INDEX stays_guest ON stays (guest_id);
CREATE INDEX stays_checkin ON stays (checkin);
CREATE INDEX stays_status ON stays (status) WHERE status IN ('requested', 'confirmed');
CREATE TABLE guests (id serial PRIMARY KEY, email varchar(80) NOT NULL, name text, phone text, country_code char(2), loyalty integer NOT NULL DEFAULT 0, verified_at timestamp);
CREATE UNIQUE INDEX guests_email ON guests (lower(email));
CREATE INDEX guests_country ON guests (country_code);
CREATE TABLE messages (id bigserial PRIMARY KEY, stay_id bigint NOT NULL REFERENCES stays (id) ON DELETE CASCADE, from_host boolean NOT NULL, body text NOT NULL, sent_at timestamp NOT NULL DEFAULT now(), read boolean NOT NULL DEFAULT false);
CREATE INDEX messages_stay ON messages (stay_id);
CREATE INDEX messages_unread ON messages (stay_id) WHERE NOT read;
CREATE TABLE payouts (host_id integer NOT NULL, month date NOT NULL, amount numeric(12,2) NOT NULL, paid boolean NOT NULL DEFAULT false, PRIMARY KEY (host_id, month));
