-- Seats and bookings: ranges, exclusion constraints with operator classes.
CREATE EXTENSION btree_gist;
CREATE TYPE seat_range AS RANGE (subtype = integer, multirange_type_name = seat_ranges);
CREATE TYPE float_span AS RANGE (subtype = double precision, subtype_diff = float8mi);
CREATE TABLE venue (id smallserial PRIMARY KEY, name text NOT NULL, geo point, plan polygon, bounds box);
CREATE TABLE room_booking (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    venue_id smallint NOT NULL REFERENCES venue,
    room text NOT NULL,
    during tstzrange NOT NULL,
    cancelled boolean NOT NULL DEFAULT false,
    CONSTRAINT room_free EXCLUDE USING gist (venue_id WITH =, room gist_text_ops WITH =, during WITH &&) WHERE (NOT cancelled),
    CONSTRAINT room_ends CHECK (NOT isempty(during))
);
CREATE TABLE seat_block (
    venue_id smallint NOT NULL,
    seats seat_range NOT NULL,
    closed seat_ranges,
    prices float_span,
    heights float_span_multirange,
    EXCLUDE USING gist (venue_id gist_int2_ops WITH =, seats range_ops WITH &&) DEFERRABLE INITIALLY DEFERRED
);
CREATE TABLE holiday (
    day daterange PRIMARY KEY,
    label varchar(40),
    EXCLUDE USING spgist (day WITH &&)
);
ALTER TABLE holiday ADD CONSTRAINT holiday_label EXCLUDE USING btree (lower(label) COLLATE "C" text_pattern_ops WITH =) WITH (fillfactor = 60);
CREATE TABLE ticket (
    code char(12) PRIMARY KEY,
    booking_id bigint REFERENCES room_booking ON DELETE CASCADE,
    holder text,
    valid int4multirange,
    sold_at timestamptz DEFAULT clock_timestamp()
);
CREATE INDEX ticket_valid ON ticket USING gist (valid);
CREATE INDEX ticket_code_hash ON ticket USING hash (code) WITH (fillfactor = 75);
CREATE INDEX venue_geo ON venue USING gist (geo);
CREATE INDEX venue_geo_quad ON venue USING spgist (geo quad_point_ops);
CREATE INDEX venue_geo_kd ON venue USING spgist (geo kd_point_ops);
CREATE INDEX booking_room ON room_booking USING gist (room gist_text_ops, during);
