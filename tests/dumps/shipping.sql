-- Parcels: composite keys through four tables, cascades, enums, arrays of enums.
CREATE TYPE leg AS ENUM ('pickup', 'hub', 'delivery'); CREATE TYPE stop AS (place text, at timestamptz);
CREATE TABLE carrier (code varchar(4) PRIMARY KEY, name text NOT NULL, legs leg[] NOT NULL DEFAULT '{pickup,delivery}');
CREATE TABLE service (carrier varchar(4) NOT NULL REFERENCES carrier ON UPDATE CASCADE, code varchar(6) NOT NULL, max_kg numeric(6,3), PRIMARY KEY (carrier, code));
CREATE TABLE parcel (carrier varchar(4) NOT NULL, number varchar(30) NOT NULL, service varchar(6) NOT NULL, kg numeric(6,3), size_cm integer[3], via stop[], PRIMARY KEY (carrier, number), FOREIGN KEY (carrier, service) REFERENCES service (carrier, code) ON UPDATE CASCADE);
CREATE TABLE scan (carrier varchar(4) NOT NULL, number varchar(30) NOT NULL, seq integer NOT NULL, at timestamptz NOT NULL DEFAULT now(), leg leg NOT NULL, PRIMARY KEY (carrier, number, seq), CONSTRAINT scan_parcel FOREIGN KEY (carrier, number) REFERENCES parcel ON UPDATE CASCADE ON DELETE CASCADE);
CREATE INDEX scan_at ON scan (at) INCLUDE (leg) WHERE leg <> 'hub'; CREATE INDEX parcel_size ON parcel USING gin (size_cm);
