-- A shop: catalogue, carts, orders, payments, stock.
CREATE EXTENSION citext;
CREATE TYPE order_state AS ENUM ('cart', 'placed', 'paid', 'shipped', 'returned', 'cancelled');
CREATE TYPE currency AS ENUM ('EUR', 'USD', 'GBP');
CREATE DOMAIN money_amount AS numeric(12,2) CHECK (VALUE >= 0);
CREATE DOMAIN sku AS varchar(32) NOT NULL CHECK (VALUE ~ '^[A-Z0-9-]+$');
CREATE TABLE category (
    id serial PRIMARY KEY,
    parent_id integer REFERENCES category ON DELETE SET NULL,
    slug text NOT NULL UNIQUE,
    path integer[] NOT NULL DEFAULT '{}'
);
CREATE TABLE product (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code sku UNIQUE,
    title text NOT NULL,
    description text,
    price money_amount NOT NULL,
    price_currency currency NOT NULL DEFAULT 'EUR',
    attributes jsonb NOT NULL DEFAULT '{}'::jsonb,
    tags text[] NOT NULL DEFAULT ARRAY[]::text[],
    search tsvector GENERATED ALWAYS AS (to_tsvector('english'::regconfig, coalesce(title, '') || ' ' || coalesce(description, ''))) STORED,
    weight_g smallint,
    active boolean DEFAULT true NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT product_weight CHECK (weight_g IS NULL OR weight_g > 0)
);
CREATE INDEX product_search ON product USING gin (search);
CREATE INDEX product_attributes ON product USING gin (attributes jsonb_path_ops) WITH (fastupdate = off);
CREATE INDEX product_tags ON product USING gin (tags);
CREATE INDEX product_active_price ON product (price, created_at DESC NULLS LAST) WHERE active;
CREATE INDEX product_title ON product (lower(title) text_pattern_ops);
CREATE TABLE product_category (
    product_id bigint NOT NULL REFERENCES product ON DELETE CASCADE,
    category_id integer NOT NULL REFERENCES category ON DELETE CASCADE,
    position smallint NOT NULL DEFAULT 0,
    PRIMARY KEY (product_id, category_id) INCLUDE (position)
);
CREATE INDEX ON product_category (category_id, position);
CREATE TABLE customer (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    email citext NOT NULL,
    name text,
    country char(2) NOT NULL DEFAULT 'DE',
    birthday date,
    UNIQUE (email)
);
CREATE TABLE address (
    customer_id uuid NOT NULL REFERENCES customer (id) ON UPDATE CASCADE ON DELETE CASCADE,
    kind "char" NOT NULL,
    street text NOT NULL, zip varchar(12), city text,
    PRIMARY KEY (customer_id, kind)
) WITH (fillfactor = 90);
CREATE TABLE orders (
    id bigserial PRIMARY KEY,
    customer_id uuid REFERENCES customer ON DELETE RESTRICT,
    state order_state NOT NULL DEFAULT 'cart',
    total money_amount,
    placed_at timestamp(3) with time zone,
    note text COLLATE "C",
    ip inet
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);
CREATE INDEX orders_customer ON orders USING btree (customer_id, placed_at DESC) INCLUDE (total, state);
CREATE INDEX orders_open ON orders (placed_at) WHERE state IN ('placed', 'paid');
CREATE INDEX orders_day ON orders ((placed_at AT TIME ZONE 'UTC'));
CREATE TABLE order_line (
    order_id bigint NOT NULL,
    line integer NOT NULL,
    product_id bigint NOT NULL,
    quantity integer NOT NULL CHECK (quantity > 0),
    price money_amount NOT NULL,
    amount numeric(14,2) GENERATED ALWAYS AS (quantity * price) STORED,
    CONSTRAINT order_line_pk PRIMARY KEY (order_id, line) WITH (fillfactor = 70),
    CONSTRAINT order_line_order FOREIGN KEY (order_id) REFERENCES orders (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT order_line_product FOREIGN KEY (product_id) REFERENCES product (id)
);
CREATE TABLE stock (
    product_id bigint PRIMARY KEY REFERENCES product,
    on_hand integer NOT NULL DEFAULT 0,
    reserved integer NOT NULL DEFAULT 0,
    CHECK (reserved <= on_hand)
) WITH (fillfactor = 50);
CREATE VIEW available AS SELECT product_id, on_hand - reserved AS free FROM stock WHERE on_hand > reserved;
CREATE VIEW shop_window AS SELECT p.id, p.title, a.free FROM product p JOIN available a ON a.product_id = p.id WHERE p.active;
CREATE MATERIALIZED VIEW best_sellers AS
    SELECT l.product_id, count(*) AS orders, sum(l.quantity) AS pieces, max(o.placed_at) AS last_at
    FROM order_line l JOIN orders o ON o.id = l.order_id GROUP BY l.product_id;
CREATE UNIQUE INDEX best_sellers_product ON best_sellers (product_id);
