-- P2, first peer: the bare insert, one row a transaction, no chain.
\set record random(1, 1000000000000)
INSERT INTO webhook_events VALUES (gen_random_uuid(), '018f3b9e-0000-7000-8000-000000000001', 'redcap_det', '18', 'R-' || :record,
    'contact', 'week_1_arm_1', repeat('a', 64), '{"redcap_url": "https://redcap.bench.example/", "project_url": "https://redcap.bench.example/redcap_v14.9.1/index.php?pid=18", "project_id": "18", "username": "jsmith", "record": "R-1", "redcap_event_name": "week_1_arm_1", "instrument": "contact", "redcap_data_access_group": "site_north", "contact_complete": "2"}',
    'received', now(), 0);
