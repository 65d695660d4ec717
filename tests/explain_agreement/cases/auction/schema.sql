CREATE TYPE lot_state AS ENUM ('draft', 'open', 'sold', 'unsold', 'withdrawn');
CREATE TABLE sellers (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  handle text NOT NULL UNIQUE,
  country character(2) NOT NULL,
  fee numeric(5,2) NOT NULL DEFAULT 12.50,
  lots_sold integer NOT NULL DEFAULT 0,
  deleted_at timestamptz
);
CREATE INDEX sellers_alive ON sellers (country) WHERE deleted_at IS NULL;
CREATE TABLE bidders (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  email text NOT NULL,
  paddle integer NOT NULL UNIQUE,
  credit_limit numeric(12,2) NOT NULL,
  blocked boolean NOT NULL DEFAULT false,
  preferences jsonb NOT NULL DEFAULT '{}'
);
CREATE UNIQUE INDEX bidders_email ON bidders (lower(email));
CREATE TABLE lots (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  seller_id uuid NOT NULL REFERENCES sellers (id),
  title text NOT NULL,
  description text,
  state lot_state NOT NULL DEFAULT 'draft',
  reserve numeric(12,2),
  best_bid numeric(12,2),
  bids integer NOT NULL DEFAULT 0,
  closes_at timestamptz NOT NULL,
  deleted_at timestamptz
);
CREATE INDEX lots_seller ON lots (seller_id);
CREATE INDEX lots_closing ON lots (closes_at) WHERE state = 'open' AND deleted_at IS NULL;
CREATE TABLE bids (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  lot_id uuid NOT NULL REFERENCES lots (id) ON DELETE CASCADE,
  bidder_id uuid NOT NULL REFERENCES bidders (id),
  amount numeric(12,2) NOT NULL,
  placed_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX bids_lot ON bids (lot_id, amount DESC);
CREATE INDEX bids_bidder ON bids (bidder_id);
CREATE TABLE watches (
  bidder_id uuid NOT NULL REFERENCES bidders (id) ON DELETE CASCADE,
  lot_id uuid NOT NULL REFERENCES lots (id) ON DELETE CASCADE,
  since timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (bidder_id, lot_id)
);
CREATE INDEX watches_lot ON watches (lot_id);
