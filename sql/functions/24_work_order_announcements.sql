-- Notifications of work orders: one item per order that a statement changed. They use the channel of the feed, so that
-- all changes arrive in the order of their commits.
--   {"orders": [["WO-20261123-3f2a91bc", event, version, "Valve_01_01", "open", "high", assignee_id, "Lisa Garcia",
--                due, "Pin position error", "lisa.garcia@example.com"], ...]}
-- event: the number of the order's last event; due: ms since 1970; at the end the e-mail address of the acting person.
-- Changes of employees notify "resync" instead (20_people.sql): there are few, and they are read with the whole floor.

CREATE OR REPLACE FUNCTION work_order_announcement(o work_orders, event bigint, who_email text) RETURNS jsonb
LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_array(o.id, event, o.version, o.machine_id, o.status, o.priority, o.assignee_id, o.assignee,
                             epoch_ms(o.due_at), left(o.issue_description, 200), who_email)
$$;

CREATE OR REPLACE FUNCTION work_order_events_announce() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM announce_items('{"orders": [',
        (SELECT array_agg(work_order_announcement(o, latest.event_id, latest.who_email) ORDER BY latest.event_id)
         FROM (SELECT DISTINCT ON (work_order_id) work_order_id, event_id, who_email FROM new_rows
               ORDER BY work_order_id, event_id DESC) AS latest
         JOIN work_orders o ON o.id = latest.work_order_id), ']}');
    RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION work_order_events_announce FROM PUBLIC;
CREATE OR REPLACE TRIGGER work_order_events_announce AFTER INSERT ON work_order_events REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION work_order_events_announce();
