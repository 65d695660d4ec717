-- 200,000 customers, 10,000 products, 1,000,000 orders of three items each: what workload.yaml says.
-- The keys are consistent by construction, so the foreign keys are not checked row by row.
SET session_replication_role = replica;

INSERT INTO products (id, sku, name, price, stock, updated_at)
SELECT i, 'SKU-' || lpad(i::text, 8, '0'), 'Product number ' || i, 1 + i % 500, 1000000, now() - interval '30 days'
FROM generate_series(1, 10000) AS i;

INSERT INTO customers (id, email, name, city, credit, created_at)
SELECT i, 'customer' || i || '@mail.example', 'Customer number ' || i, 'City ' || i % 500, i % 1000, now() - interval '400 days'
FROM generate_series(1, 200000) AS i;

INSERT INTO orders (id, customer_id, status, placed_at, total)
SELECT i, 1 + (i * 7919) % 200000, 1 + i % 4, now() - interval '365 days' + i * interval '31 seconds', 30 + i % 900
FROM generate_series(1::bigint, 1000000) AS i;

INSERT INTO order_items (order_id, line, product_id, quantity, price)
SELECT o, l, 1 + (o * 104729 + l * 3331) % 10000, 1 + (o + l) % 5, 1 + (o + l) % 500
FROM generate_series(1::bigint, 1000000) AS o, generate_series(1, 3) AS l;

RESET session_replication_role;
SELECT setval('customers_id_seq', 200000), setval('orders_id_seq', 1000000);
VACUUM ANALYZE customers, products, orders, order_items;
