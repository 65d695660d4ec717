-- Patients and findings: xml, json, deferrable checks by trigger, views with security barriers.
CREATE SCHEMA clinic; SET search_path = clinic, public;
CREATE DOMAIN insurance_no AS char(10) CHECK (VALUE ~ '^[A-Z][0-9]{9}$');
CREATE TABLE patient (id serial PRIMARY KEY, insurance insurance_no UNIQUE, name text NOT NULL, born date NOT NULL, died date, sex "char" CHECK (sex IN ('m', 'f', 'x')), CONSTRAINT alive CHECK (died IS NULL OR died >= born));
CREATE TABLE stay (patient integer NOT NULL REFERENCES patient, during daterange NOT NULL, ward varchar(10) NOT NULL, PRIMARY KEY (patient, during));
CREATE TABLE finding (id bigserial, patient integer NOT NULL REFERENCES patient (id), at timestamptz NOT NULL, code varchar(8) NOT NULL, text_de text, text_en text, raw xml, fhir jsonb, scan bytea, PRIMARY KEY (id)) WITH (toast_tuple_target = 1024);
ALTER TABLE finding ALTER scan SET STORAGE EXTERNAL; CREATE INDEX finding_patient ON finding (patient, at DESC); CREATE INDEX finding_code ON finding (code varchar_pattern_ops); CREATE INDEX finding_fhir ON finding USING gin ((fhir -> 'coding') jsonb_path_ops);
CREATE VIEW current_stay WITH (security_barrier) AS SELECT patient, ward FROM stay WHERE during @> CURRENT_DATE;
CREATE VIEW ward_count AS SELECT ward, count(*) AS n FROM current_stay GROUP BY ward HAVING count(*) > 0 ORDER BY n DESC LIMIT 10;
