\set order random(1, 1000000)
\set status random(1, 4)
UPDATE orders SET status = :status WHERE id = :order;
