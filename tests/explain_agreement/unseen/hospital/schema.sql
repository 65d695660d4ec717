CREATE TABLE wards (id integer PRIMARY KEY, name text NOT NULL, floor smallint NOT NULL, beds smallint NOT NULL);
CREATE TABLE staff (id integer PRIMARY KEY, ward_id integer NOT NULL REFERENCES wards (id), role text NOT NULL, name text NOT NULL, active boolean NOT NULL DEFAULT true);
CREATE INDEX staff_ward ON staff (ward_id, role);
CREATE TABLE patients (
  id bigserial PRIMARY KEY,
  mrn varchar(16) NOT NULL UNIQUE,
  family_name text NOT NULL,
  given_name text NOT NULL,
  born date NOT NULL,
  insurer integer,
  allergies text,
  address text,
  updated_at timestamp with time zone NOT NULL DEFAULT now()
);
CREATE INDEX patients_name ON patients (family_name text_pattern_ops, born);
CREATE INDEX patients_insurer ON patients (insurer) WHERE insurer IS NOT NULL;
CREATE TABLE visits (
  id bigserial,
  patient_id bigint NOT NULL REFERENCES patients (id),
  ward_id integer NOT NULL REFERENCES wards (id),
  doctor_id integer NOT NULL,
  started_at timestamp with time zone NOT NULL,
  ended_at timestamp with time zone,
  reason text,
  PRIMARY KEY (id, started_at)
) PARTITION BY RANGE (started_at);
CREATE TABLE visits_q1 PARTITION OF visits FOR VALUES FROM ('2025-01-01') TO ('2025-04-01') WITH (fillfactor = 90);
CREATE TABLE visits_q2 PARTITION OF visits FOR VALUES FROM ('2025-04-01') TO ('2025-07-01') WITH (fillfactor = 90);
CREATE TABLE visits_q3 PARTITION OF visits FOR VALUES FROM ('2025-07-01') TO ('2025-10-01') WITH (fillfactor = 90);
CREATE TABLE visits_q4 PARTITION OF visits FOR VALUES FROM ('2025-10-01') TO ('2026-01-01') WITH (fillfactor = 90);
CREATE INDEX visits_patient ON visits (patient_id, started_at DESC);
CREATE INDEX visits_open ON visits (ward_id) WHERE ended_at IS NULL;
CREATE TABLE lab_results (
  id bigserial PRIMARY KEY,
  patient_id bigint NOT NULL REFERENCES patients (id),
  test text NOT NULL,
  value double precision NOT NULL,
  flag character(1),
  taken_at timestamp with time zone NOT NULL DEFAULT now()
);
CREATE INDEX lab_patient ON lab_results (patient_id, test, taken_at DESC);
CREATE INDEX lab_flagged ON lab_results (taken_at) WHERE flag IS NOT NULL;
CREATE TABLE appointments (
  id bigserial PRIMARY KEY,
  patient_id bigint NOT NULL REFERENCES patients (id),
  doctor_id integer NOT NULL REFERENCES staff (id),
  slot timestamp with time zone NOT NULL,
  state smallint NOT NULL DEFAULT 0
);
CREATE INDEX appointments_doctor ON appointments (doctor_id, slot);
CREATE TABLE reminders (
  id bigserial PRIMARY KEY,
  appointment_id bigint NOT NULL REFERENCES appointments (id) ON DELETE CASCADE,
  channel text NOT NULL,
  sent boolean NOT NULL DEFAULT false
);
