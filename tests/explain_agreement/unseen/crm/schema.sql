CREATE SCHEMA crm;
CREATE TYPE crm.activity_kind AS ENUM ('call', 'mail', 'meeting', 'note');
CREATE TABLE crm.tenants (id integer PRIMARY KEY, name text NOT NULL, plan text NOT NULL DEFAULT 'free', seats integer NOT NULL);
CREATE TABLE crm.agents (id serial PRIMARY KEY, tenant_id integer NOT NULL REFERENCES crm.tenants (id), name text NOT NULL, quota numeric(12,2));
CREATE INDEX agents_tenant ON crm.agents (tenant_id);
CREATE TABLE crm.contacts (
  tenant_id integer NOT NULL REFERENCES crm.tenants (id),
  id serial NOT NULL,
  email text NOT NULL,
  last_name text NOT NULL,
  company text,
  agent_id integer REFERENCES crm.agents (id),
  tags text[] NOT NULL DEFAULT '{}',
  custom jsonb NOT NULL DEFAULT '{}',
  score integer NOT NULL DEFAULT 0,
  deleted_at timestamp with time zone,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, email)
) WITH (fillfactor = 90);
CREATE INDEX contacts_name ON crm.contacts (tenant_id, last_name) WHERE deleted_at IS NULL;
CREATE INDEX contacts_agent ON crm.contacts (agent_id);
CREATE INDEX contacts_tags ON crm.contacts USING gin (tags);
CREATE INDEX contacts_custom ON crm.contacts USING gin (custom jsonb_path_ops);
CREATE TABLE crm.deals (
  tenant_id integer NOT NULL,
  id serial NOT NULL,
  contact_id integer NOT NULL,
  stage text NOT NULL DEFAULT 'new',
  amount numeric(12,2) NOT NULL,
  closes_on date NOT NULL,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, contact_id) REFERENCES crm.contacts (tenant_id, id)
) WITH (fillfactor = 90);
CREATE INDEX deals_stage ON crm.deals (tenant_id, stage, closes_on);
CREATE INDEX deals_contact ON crm.deals (tenant_id, contact_id);
CREATE TABLE crm.activities (
  id bigserial PRIMARY KEY,
  tenant_id integer NOT NULL,
  contact_id integer NOT NULL,
  kind crm.activity_kind NOT NULL,
  at timestamp with time zone NOT NULL DEFAULT now(),
  body text NOT NULL
);
CREATE INDEX activities_contact ON crm.activities (tenant_id, contact_id, at DESC);
CREATE INDEX activities_feed ON crm.activities (tenant_id, at DESC, id DESC);
