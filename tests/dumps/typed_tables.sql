-- Tables of a type, with options, defaults and keys of their own.
CREATE DOMAIN score AS numeric(4,1) NOT NULL;
CREATE TYPE employee AS (name text, salary numeric(10,2), tags varchar(20)[], rating score, code char(3) COLLATE "C");
CREATE TABLE staff OF employee;
CREATE TABLE managers OF employee (PRIMARY KEY (name), salary WITH OPTIONS DEFAULT 1000 NOT NULL, CONSTRAINT rich CHECK (salary > 10)) WITH (fillfactor = 88);
CREATE TABLE archive OF employee (name WITH OPTIONS NOT NULL) PARTITION BY RANGE (salary);
CREATE TABLE archive_low PARTITION OF archive FOR VALUES FROM (MINVALUE) TO (1000);
CREATE INDEX staff_salary ON staff (salary DESC) WHERE rating > 3;
CREATE TYPE point3 AS (x double precision, y double precision, z double precision);
CREATE TABLE points OF point3; CREATE TABLE holder (p point3, q point3[], e employee);
