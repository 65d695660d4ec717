CREATE TABLE advertisers (id integer PRIMARY KEY, name text NOT NULL, country character(2) NOT NULL, balance bigint NOT NULL DEFAULT 0);
CREATE TABLE campaigns (
  id integer PRIMARY KEY,
  advertiser_id integer NOT NULL REFERENCES advertisers (id),
  state text NOT NULL,
  daily_budget bigint NOT NULL,
  starts date NOT NULL,
  ends date,
  targeting jsonb NOT NULL
);
CREATE INDEX campaigns_advertiser ON campaigns (advertiser_id);
CREATE INDEX campaigns_running ON campaigns (starts, ends) WHERE state = 'running';
CREATE INDEX campaigns_targeting ON campaigns USING gin (targeting);
CREATE TABLE creatives (
  id integer PRIMARY KEY,
  campaign_id integer NOT NULL REFERENCES campaigns (id) ON DELETE CASCADE,
  format smallint NOT NULL,
  weight real NOT NULL DEFAULT 1,
  html text NOT NULL
);
CREATE INDEX creatives_campaign ON creatives (campaign_id, format);
CREATE TABLE daily_stats (
  creative_id integer NOT NULL,
  day date NOT NULL,
  impressions bigint NOT NULL DEFAULT 0,
  clicks bigint NOT NULL DEFAULT 0,
  spend numeric(14,4) NOT NULL DEFAULT 0,
  PRIMARY KEY (creative_id, day)
) WITH (fillfactor = 75);
CREATE INDEX daily_stats_day ON daily_stats (day) INCLUDE (impressions, clicks);
CREATE TABLE clicks (
  creative_id integer NOT NULL,
  visitor bigint NOT NULL,
  clicked_on date NOT NULL,
  clicked_at timestamp with time zone NOT NULL,
  price integer NOT NULL,
  referrer text
) PARTITION BY RANGE (clicked_on);
CREATE TABLE clicks_04 PARTITION OF clicks FOR VALUES FROM ('2025-04-01') TO ('2025-05-01');
CREATE TABLE clicks_05 PARTITION OF clicks FOR VALUES FROM ('2025-05-01') TO ('2025-06-01');
CREATE TABLE clicks_06 PARTITION OF clicks FOR VALUES FROM ('2025-06-01') TO ('2025-07-01');
CREATE TABLE clicks_rest PARTITION OF clicks DEFAULT;
CREATE INDEX clicks_creative ON clicks (creative_id, clicked_on);
CREATE INDEX clicks_visitor ON clicks (visitor);
CREATE UNLOGGED TABLE caps (visitor bigint NOT NULL, campaign_id integer NOT NULL, shown integer NOT NULL, until timestamp with time zone NOT NULL, PRIMARY KEY (visitor, campaign_id)) WITH (fillfactor = 60);
CREATE TABLE ledger (id bigserial PRIMARY KEY, advertiser_id integer NOT NULL REFERENCES advertisers (id), booked_on date NOT NULL, amount bigint NOT NULL, memo text);
CREATE INDEX ledger_advertiser ON ledger (advertiser_id, booked_on DESC);
