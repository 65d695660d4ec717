-- Many tenants in one table set: list partitions, row security, composite keys.
CREATE ROLE dump_tenant;
CREATE TABLE tenant (id integer PRIMARY KEY, name text NOT NULL, plan text NOT NULL DEFAULT 'free', settings jsonb);
CREATE TABLE account (
    tenant_id integer NOT NULL REFERENCES tenant,
    id bigint NOT NULL,
    email text NOT NULL,
    roles text[] NOT NULL DEFAULT '{member}',
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, email)
) PARTITION BY LIST (tenant_id);
CREATE TABLE account_1 PARTITION OF account FOR VALUES IN (1);
CREATE TABLE account_2_3 PARTITION OF account FOR VALUES IN (2, 3);
CREATE TABLE account_rest PARTITION OF account DEFAULT;
CREATE TABLE document (
    tenant_id integer NOT NULL,
    id bigint NOT NULL,
    owner_id bigint NOT NULL,
    title text, body text,
    version integer NOT NULL DEFAULT 1,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, owner_id) REFERENCES account (tenant_id, id) ON DELETE CASCADE
) PARTITION BY HASH (tenant_id, id);
CREATE TABLE document_0 PARTITION OF document FOR VALUES WITH (MODULUS 3, REMAINDER 0);
CREATE TABLE document_1 PARTITION OF document FOR VALUES WITH (MODULUS 3, REMAINDER 1);
CREATE TABLE document_2 PARTITION OF document FOR VALUES WITH (MODULUS 3, REMAINDER 2);
CREATE INDEX document_title ON document (tenant_id, lower(title));
CREATE INDEX document_0_version ON document_0 (version);
ALTER TABLE tenant ENABLE ROW LEVEL SECURITY;
ALTER TABLE ONLY tenant FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON tenant FOR SELECT TO dump_tenant USING (id = current_setting('app.tenant')::integer);
CREATE POLICY write_tenant ON tenant AS RESTRICTIVE FOR UPDATE USING (true) WITH CHECK (plan <> 'x');
GRANT SELECT, UPDATE (name) ON tenant TO dump_tenant;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO dump_tenant;
