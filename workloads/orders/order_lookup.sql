\set customer random(1, 200000)
SELECT o.id, o.status, o.placed_at, o.total, i.line, i.product_id, i.quantity, i.price FROM orders o JOIN order_items i ON i.order_id = o.id WHERE o.customer_id = :customer ORDER BY o.placed_at DESC, i.line LIMIT 30;
