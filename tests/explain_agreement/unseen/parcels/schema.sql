CREATE TABLE depots (code text PRIMARY KEY, region smallint NOT NULL, name text NOT NULL, lat double precision NOT NULL, lon double precision NOT NULL);
CREATE TABLE merchants (id integer PRIMARY KEY, name text NOT NULL, plan text NOT NULL, credit numeric(12,2) NOT NULL DEFAULT 0);
CREATE TABLE parcels (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  merchant_id integer NOT NULL REFERENCES merchants (id),
  tracking text NOT NULL,
  origin text NOT NULL REFERENCES depots (code),
  destination text NOT NULL REFERENCES depots (code),
  state smallint NOT NULL DEFAULT 0,
  weight integer NOT NULL,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  delivered_at timestamp with time zone,
  recipient text NOT NULL,
  CONSTRAINT parcels_tracking UNIQUE (tracking)
);
CREATE INDEX parcels_merchant ON parcels (merchant_id, created_at DESC);
CREATE INDEX parcels_pending ON parcels (destination, created_at) WHERE delivered_at IS NULL;
CREATE INDEX parcels_created ON parcels USING brin (created_at);
CREATE TABLE parcel_events (
  parcel_id uuid NOT NULL REFERENCES parcels (id) ON DELETE CASCADE,
  seq integer NOT NULL,
  kind text NOT NULL,
  depot text NOT NULL,
  at timestamp with time zone NOT NULL,
  PRIMARY KEY (parcel_id, seq)
) PARTITION BY HASH (parcel_id);
CREATE TABLE parcel_events_0 PARTITION OF parcel_events FOR VALUES WITH (MODULUS 4, REMAINDER 0);
CREATE TABLE parcel_events_1 PARTITION OF parcel_events FOR VALUES WITH (MODULUS 4, REMAINDER 1);
CREATE TABLE parcel_events_2 PARTITION OF parcel_events FOR VALUES WITH (MODULUS 4, REMAINDER 2);
CREATE TABLE parcel_events_3 PARTITION OF parcel_events FOR VALUES WITH (MODULUS 4, REMAINDER 3);
CREATE TABLE pickups (
  id bigserial PRIMARY KEY,
  depot text NOT NULL REFERENCES depots (code),
  merchant_id integer NOT NULL REFERENCES merchants (id),
  due timestamp with time zone NOT NULL,
  driver integer,
  done boolean NOT NULL DEFAULT false
);
CREATE INDEX pickups_todo ON pickups (depot, due) WHERE NOT done AND driver IS NULL;
CREATE TABLE rates (zone_from smallint NOT NULL, zone_to smallint NOT NULL, max_weight integer NOT NULL, price numeric(8,2) NOT NULL, PRIMARY KEY (zone_from, zone_to, max_weight));
