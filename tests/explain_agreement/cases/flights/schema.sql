CREATE TABLE airports (code character(3) PRIMARY KEY, city text NOT NULL, country character(2) NOT NULL, tz smallint NOT NULL);
CREATE TABLE aircraft (id serial PRIMARY KEY, model text NOT NULL, seats smallint NOT NULL);
CREATE TABLE flights (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  number character varying(6) NOT NULL,
  origin integer NOT NULL,
  target integer NOT NULL,
  aircraft_id integer NOT NULL REFERENCES aircraft (id),
  departs timestamptz NOT NULL,
  status text NOT NULL DEFAULT 'scheduled',
  gate character varying(4),
  delay integer,
  UNIQUE (number, departs)
);
CREATE INDEX flights_route ON flights (origin, target, departs);
CREATE INDEX flights_departs ON flights (departs) WHERE status <> 'cancelled';
CREATE TABLE passengers (id bigserial PRIMARY KEY, email character varying(80) NOT NULL, name text NOT NULL, born date, miles integer NOT NULL DEFAULT 0, tier smallint);
CREATE UNIQUE INDEX passengers_email ON passengers (lower(email));
CREATE INDEX passengers_tier ON passengers (tier, miles DESC) WHERE tier IS NOT NULL;
CREATE TABLE bookings (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  passenger_id bigint NOT NULL REFERENCES passengers (id),
  booked_at timestamptz NOT NULL DEFAULT now(),
  total numeric(10,2) NOT NULL,
  paid boolean NOT NULL DEFAULT false
);
CREATE INDEX bookings_passenger ON bookings (passenger_id, booked_at DESC);
CREATE INDEX bookings_unpaid ON bookings (booked_at) WHERE NOT paid;
CREATE TABLE seats (
  flight_id bigint NOT NULL REFERENCES flights (id) ON DELETE CASCADE,
  seat smallint NOT NULL,
  booking_id uuid,
  class "char" NOT NULL,
  PRIMARY KEY (flight_id, seat)
) WITH (fillfactor = 85);
CREATE INDEX seats_booking ON seats (booking_id);
