CREATE TABLE suppliers (id integer PRIMARY KEY, name text NOT NULL, lead_days smallint NOT NULL);
CREATE TABLE items (
  sku character varying(20) PRIMARY KEY,
  supplier_id integer NOT NULL REFERENCES suppliers (id),
  title text NOT NULL,
  brand text NOT NULL,
  attributes jsonb NOT NULL,
  reorder_at integer NOT NULL,
  active boolean NOT NULL DEFAULT true
);
CREATE INDEX items_supplier ON items (supplier_id) WHERE active;
CREATE INDEX items_brand ON items (brand, reorder_at);
CREATE INDEX items_attributes ON items USING gin (attributes jsonb_path_ops);
CREATE TABLE bins (id integer PRIMARY KEY, aisle integer NOT NULL, capacity integer NOT NULL, blocked boolean NOT NULL DEFAULT false);
CREATE INDEX bins_aisle ON bins (aisle) INCLUDE (capacity) WHERE NOT blocked;
CREATE TABLE stock (
  bin_id integer NOT NULL REFERENCES bins (id),
  slot integer NOT NULL,
  sku character varying(20) NOT NULL REFERENCES items (sku),
  quantity integer NOT NULL,
  counted_at timestamp with time zone,
  PRIMARY KEY (bin_id, slot)
);
CREATE INDEX stock_sku ON stock (sku, quantity DESC);
CREATE TABLE movements (
  id bigserial PRIMARY KEY,
  sku character varying(20) NOT NULL REFERENCES items (sku),
  bin_id integer NOT NULL,
  delta integer NOT NULL,
  moved_at timestamp with time zone NOT NULL DEFAULT now(),
  reference text
);
CREATE INDEX movements_sku ON movements (sku, moved_at);
CREATE INDEX movements_time ON movements USING brin (moved_at) WITH (pages_per_range = 32);
CREATE TABLE orders_in (id bigserial PRIMARY KEY, supplier_id integer NOT NULL REFERENCES suppliers (id), state text NOT NULL DEFAULT 'open', ordered_on date NOT NULL);
CREATE INDEX orders_in_supplier ON orders_in (supplier_id, ordered_on DESC NULLS LAST);
CREATE TABLE orders_in_lines (
  order_id bigint NOT NULL REFERENCES orders_in (id) ON DELETE CASCADE,
  line integer NOT NULL,
  sku character varying(20) NOT NULL,
  quantity integer NOT NULL,
  received integer NOT NULL DEFAULT 0,
  PRIMARY KEY (order_id, line)
) WITH (fillfactor = 85);
CREATE TABLE picks (
  id bigserial PRIMARY KEY,
  order_ref bigint NOT NULL,
  bin_id integer NOT NULL REFERENCES bins (id),
  quantity integer NOT NULL,
  state text NOT NULL DEFAULT 'waiting',
  picker integer,
  priority smallint NOT NULL DEFAULT 5,
  created_at timestamp with time zone NOT NULL DEFAULT now()
);
CREATE INDEX picks_waiting ON picks (priority, created_at) WHERE state = 'waiting';
CREATE INDEX picks_order ON picks (order_ref);
CREATE INDEX picks_picker ON picks (picker, state);
