-- name: grant_feed_writers(roles)
-- Gives the roles that FEED_WRITERS names the rights of a feed; returns those that do not exist.
SELECT grant_feed_writers(:roles) AS role_name;

-- name: set_change_data_feed(wanted)
-- Replica identity FULL for the tables whose changes can be fed to Delta tables, or back to what it was.
SELECT set_change_data_feed(:wanted) AS table_name;
