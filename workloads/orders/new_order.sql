\set customer random(1, 200000)
\set total random(10, 1000)
\set product1 random(1, 3333)
\set product2 random(3334, 6666)
\set product3 random(6667, 10000)
\set quantity random(1, 5)
BEGIN;
SELECT name, credit FROM customers WHERE id = :customer;
INSERT INTO orders (customer_id, status, placed_at, total) VALUES (:customer, 1, now(), :total);
INSERT INTO order_items (order_id, line, product_id, quantity, price) SELECT currval('orders_id_seq'), 1, id, :quantity, price FROM products WHERE id = :product1;
INSERT INTO order_items (order_id, line, product_id, quantity, price) SELECT currval('orders_id_seq'), 2, id, :quantity, price FROM products WHERE id = :product2;
INSERT INTO order_items (order_id, line, product_id, quantity, price) SELECT currval('orders_id_seq'), 3, id, :quantity, price FROM products WHERE id = :product3;
UPDATE products SET stock = stock - :quantity, updated_at = now() WHERE id = :product1;
UPDATE products SET stock = stock - :quantity, updated_at = now() WHERE id = :product2;
UPDATE products SET stock = stock - :quantity, updated_at = now() WHERE id = :product3;
COMMIT;
