\set product random(1, 10000)
\set quantity random(1, 100)
UPDATE products SET stock = stock + :quantity, updated_at = now() WHERE id = :product;
