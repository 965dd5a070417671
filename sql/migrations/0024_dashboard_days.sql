-- Which days of dashboard_machine_status_changes_7days are right, so that a refresh compares only what follows them. A version that
-- writes other values into its rows has to empty this table.

CREATE TABLE dashboard_days (
    day       date        PRIMARY KEY,
    summed_at timestamptz NOT NULL,
    machines  bytea       NOT NULL,
    changes   bigint      NOT NULL
);
COMMENT ON TABLE dashboard_days IS
    'The days of which dashboard_machine_status_changes_7days was right when it was refreshed last: all that had been summed up. A cache.';
COMMENT ON COLUMN dashboard_days.summed_at IS 'history_days.summed_at then: where it is another, something came late since.';
COMMENT ON COLUMN dashboard_days.machines IS 'machines_hash() then: the machines, their names, lines and types.';
COMMENT ON COLUMN dashboard_days.changes IS 'How many rows of the day were there, so that rows deleted by hand come back.';
