CREATE TABLE sites (code character varying(16) PRIMARY KEY, name text NOT NULL, region smallint NOT NULL, meter_count integer NOT NULL DEFAULT 0);
CREATE TABLE meters (
  serial text PRIMARY KEY,
  site_code character varying(16) NOT NULL REFERENCES sites (code),
  model text NOT NULL,
  firmware text NOT NULL,
  installed date NOT NULL,
  config jsonb NOT NULL DEFAULT '{}',
  last_value double precision,
  last_at timestamp,
  online boolean NOT NULL DEFAULT true
);
CREATE INDEX meters_site ON meters (site_code);
CREATE INDEX meters_offline ON meters (last_at) WHERE NOT online;
CREATE TABLE readings (
  meter text NOT NULL,
  at timestamp NOT NULL,
  value double precision NOT NULL,
  quality smallint NOT NULL DEFAULT 0,
  PRIMARY KEY (meter, at)
) PARTITION BY HASH (meter);
CREATE TABLE readings_0 PARTITION OF readings FOR VALUES WITH (MODULUS 3, REMAINDER 0);
CREATE TABLE readings_1 PARTITION OF readings FOR VALUES WITH (MODULUS 3, REMAINDER 1);
CREATE TABLE readings_2 PARTITION OF readings FOR VALUES WITH (MODULUS 3, REMAINDER 2);
CREATE TABLE alarms (
  id bigserial,
  region smallint NOT NULL,
  meter text NOT NULL,
  severity smallint NOT NULL,
  raised timestamp NOT NULL DEFAULT now(),
  cleared timestamp,
  message text,
  PRIMARY KEY (region, id)
) PARTITION BY LIST (region);
CREATE TABLE alarms_north PARTITION OF alarms FOR VALUES IN (1, 2);
CREATE TABLE alarms_south PARTITION OF alarms FOR VALUES IN (3, 4);
CREATE INDEX alarms_meter ON alarms (meter, raised DESC);
CREATE INDEX alarms_open ON alarms (severity, raised) WHERE cleared IS NULL;
CREATE TABLE hourly (
  site_code character varying(16) NOT NULL,
  hour timestamp NOT NULL,
  total double precision NOT NULL,
  samples integer NOT NULL,
  peak double precision,
  PRIMARY KEY (site_code, hour)
) WITH (fillfactor = 90);
CREATE INDEX hourly_hour ON hourly USING brin (hour);
CREATE TABLE commands (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  meter text NOT NULL REFERENCES meters (serial),
  verb text NOT NULL,
  arguments jsonb,
  state text NOT NULL DEFAULT 'queued',
  queued_at timestamp NOT NULL DEFAULT now(),
  done_at timestamp,
  result text
);
CREATE INDEX commands_queued ON commands (queued_at) WHERE state = 'queued';
CREATE INDEX commands_meter ON commands USING hash (meter);
