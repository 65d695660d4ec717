CREATE TABLE doctors (id serial PRIMARY KEY, name character varying(60) NOT NULL, specialty text NOT NULL, retired boolean NOT NULL DEFAULT false);
CREATE TABLE patients (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, surname text NOT NULL, given_name text NOT NULL, born date NOT NULL, postcode character(5), insurer integer, phone text);
CREATE INDEX patients_name ON patients (surname, given_name);
CREATE INDEX patients_born ON patients (born);
CREATE INDEX patients_insurer ON patients (insurer) WHERE insurer IS NOT NULL;
CREATE TABLE visits (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  patient_id integer NOT NULL REFERENCES patients (id) ON DELETE CASCADE,
  doctor_id integer REFERENCES doctors (id) ON DELETE SET NULL,
  starts_at timestamp NOT NULL,
  minutes smallint NOT NULL DEFAULT 15,
  state text NOT NULL DEFAULT 'booked' CHECK (state IN ('booked', 'done', 'missed', 'cancelled')),
  cost numeric(9,2),
  notes text
);
CREATE INDEX visits_patient ON visits (patient_id, starts_at DESC);
CREATE INDEX visits_doctor ON visits (doctor_id, starts_at);
CREATE INDEX visits_state ON visits (state);
CREATE TABLE diagnoses (visit_id bigint NOT NULL REFERENCES visits (id) ON DELETE CASCADE, code character varying(8) NOT NULL, severity integer NOT NULL, PRIMARY KEY (visit_id, code));
CREATE INDEX diagnoses_code ON diagnoses (code, severity);
CREATE TABLE results (id bigserial PRIMARY KEY, patient_id integer NOT NULL REFERENCES patients (id) ON DELETE CASCADE, test integer NOT NULL, value real, measured_on date NOT NULL);
CREATE INDEX results_patient_test ON results (patient_id, test) INCLUDE (value);
CREATE INDEX results_measured ON results (measured_on);
