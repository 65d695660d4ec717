\set priority random(1, 5)
INSERT INTO jobs (priority, payload) VALUES (:priority, '{"kind": "mail", "to": "someone@mail.example", "template": 7}');
