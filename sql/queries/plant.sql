-- name: plant()^
-- What the floor is, since when, and how many machines it has. What is not decided yet is no demo.
SELECT coalesce(max(kind), 'plant') AS kind, max(since) AS since, (SELECT count(*) FROM machine_feed_stream) AS machines
FROM plant;

-- name: is_demo()$
-- Whether what is shown is simulated.
SELECT EXISTS (SELECT FROM plant WHERE kind = 'demo');

-- name: demo_contents()^
-- What would go with the demo.
SELECT machines, changes, orders, people FROM demo_contents();

-- name: wait_briefly_for_locks()!
-- A reader of the whole floor for minutes (a backup) must not make all others wait.
SET LOCAL lock_timeout = '5s';

-- name: remove_demo(keep_email)^
-- Replace the demo by an empty plant; what went.
SELECT machines, changes, orders, people FROM remove_demo(:keep_email);
