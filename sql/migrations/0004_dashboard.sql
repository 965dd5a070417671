-- Eight tables for dashboards and for people who query by hand.
--
-- Names and columns of the eight tables are a public contract: columns may be added, none is renamed or dropped.
-- sql/queries/dashboard.sql fills them and says what each number means. Every refresh writes every row of the first seven, so
-- last_updated says as of when a row is true.

CREATE TABLE dashboard_current_machine_status (
    production_line text        NOT NULL,
    equipment_type  text        NOT NULL,
    status          text        NOT NULL,
    machine_count   bigint      NOT NULL,
    percentage      numeric     NOT NULL,
    last_updated    timestamptz NOT NULL,
    PRIMARY KEY (production_line, equipment_type, status)
) WITH (fillfactor = 50);
COMMENT ON TABLE dashboard_current_machine_status IS 'How many machines of each line and type are in each status now.';
COMMENT ON COLUMN dashboard_current_machine_status.status IS
    'operational, warning, down, or unknown: never reported, or not heard of for too long.';
COMMENT ON COLUMN dashboard_current_machine_status.percentage IS
    'Of all machines of the floor, so that the rows add up to 100.';

CREATE TABLE dashboard_machine_uptime_7days (
    production_line     text        NOT NULL,
    machine_name        text        PRIMARY KEY,
    type                text        NOT NULL,
    uptime_percentage   numeric,
    operational_hours   numeric     NOT NULL,
    downtime_hours      numeric     NOT NULL,
    last_updated        timestamptz NOT NULL,
    warning_hours       numeric     NOT NULL,
    unknown_hours       numeric     NOT NULL,
    coverage_percentage numeric     NOT NULL
) WITH (fillfactor = 50);
COMMENT ON TABLE dashboard_machine_uptime_7days IS 'Each machine over the 7 days until last_updated, weighted by time.';
COMMENT ON COLUMN dashboard_machine_uptime_7days.uptime_percentage IS
    'uptime = (operational + warning) / (operational + warning + down). Null where nothing is known.';
COMMENT ON COLUMN dashboard_machine_uptime_7days.downtime_hours IS
    'down = time of all stops inside the window, of all machines together.';
COMMENT ON COLUMN dashboard_machine_uptime_7days.operational_hours IS 'Operational or warning: it was not down.';
COMMENT ON COLUMN dashboard_machine_uptime_7days.warning_hours IS 'The part of operational_hours that was warning.';
COMMENT ON COLUMN dashboard_machine_uptime_7days.unknown_hours IS 'Before its first report, after it left, or silent.';
COMMENT ON COLUMN dashboard_machine_uptime_7days.coverage_percentage IS
    'coverage = 1 - unknown / (window × machines).';

CREATE TABLE dashboard_problematic_machines_30days (
    production_line    text        NOT NULL,
    machine_name       text        PRIMARY KEY,
    type               text        NOT NULL,
    downtime_incidents bigint      NOT NULL,
    days_with_issues   bigint      NOT NULL,
    first_incident     timestamptz NOT NULL,
    last_incident      timestamptz NOT NULL,
    last_updated       timestamptz NOT NULL,
    failures           bigint      NOT NULL,
    micro_stops        bigint      NOT NULL,
    downtime_hours     numeric     NOT NULL
) WITH (fillfactor = 50);
COMMENT ON TABLE dashboard_problematic_machines_30days IS
    'The machines that were down in the 30 days until last_updated.';
COMMENT ON COLUMN dashboard_problematic_machines_30days.downtime_incidents IS
    'stops = entries into down in the window = failures + micro-stops.';
COMMENT ON COLUMN dashboard_problematic_machines_30days.micro_stops IS
    'micro-stops = stops that lasted less than the micro-stop limit.';
COMMENT ON COLUMN dashboard_problematic_machines_30days.downtime_hours IS
    'down = time of all stops inside the window, of all machines together.';
COMMENT ON COLUMN dashboard_problematic_machines_30days.days_with_issues IS
    'Days of the plant on which it was down for some time.';
COMMENT ON COLUMN dashboard_problematic_machines_30days.first_incident IS
    'When the first stop began; before the 30 days if it was going on when they began.';
COMMENT ON COLUMN dashboard_problematic_machines_30days.failures IS
    'failures = stops that lasted at least the micro-stop limit.';

CREATE TABLE dashboard_hourly_status_patterns (
    hour_of_day         integer     PRIMARY KEY,
    operational_count   bigint      NOT NULL,
    down_count          bigint      NOT NULL,
    warning_count       bigint      NOT NULL,
    total_readings      bigint      NOT NULL,
    downtime_percentage numeric,
    uptime_percentage   numeric,
    warning_percentage  numeric,
    last_updated        timestamptz NOT NULL
) WITH (fillfactor = 50);
COMMENT ON TABLE dashboard_hourly_status_patterns IS
    'Each hour of the day by the plant''s clock, over the 30 days until last_updated and all machines.';
COMMENT ON COLUMN dashboard_hourly_status_patterns.total_readings IS
    'A reading is one machine for one minute, so that a share of readings is a share of time; what is unknown is none.';
COMMENT ON COLUMN dashboard_hourly_status_patterns.uptime_percentage IS
    'Operational or warning; with downtime_percentage 100.';
COMMENT ON COLUMN dashboard_hourly_status_patterns.warning_percentage IS
    'The part of uptime_percentage that was warning.';

CREATE TABLE dashboard_work_order_status_summary (
    status               text        PRIMARY KEY,
    order_count          bigint      NOT NULL,
    percentage           numeric     NOT NULL,
    avg_resolution_hours numeric,
    critical_count       bigint      NOT NULL,
    unassigned_count     bigint      NOT NULL,
    last_updated         timestamptz NOT NULL
) WITH (fillfactor = 50);
COMMENT ON TABLE dashboard_work_order_status_summary IS
    'All orders there are, by their status; a status without orders has a row too.';
COMMENT ON COLUMN dashboard_work_order_status_summary.avg_resolution_hours IS
    'Mean of completed_at minus timestamp (reported); null unless completed.';

CREATE TABLE dashboard_work_order_trends_30days (
    order_date           date        PRIMARY KEY,
    daily_count          bigint      NOT NULL,
    seven_day_moving_avg numeric,
    volume_indicator     text        NOT NULL,
    last_updated         timestamptz NOT NULL
) WITH (fillfactor = 50);
COMMENT ON TABLE dashboard_work_order_trends_30days IS
    'Orders reported on each of the 30 days of the plant up to today; a day without orders has a row too.';
COMMENT ON COLUMN dashboard_work_order_trends_30days.seven_day_moving_avg IS
    'Of the seven days that end with this one; null before the seventh day since the first order.';
COMMENT ON COLUMN dashboard_work_order_trends_30days.volume_indicator IS
    'High: above 1.2 x seven_day_moving_avg, Low: below 0.8 x, else Normal.';

CREATE TABLE dashboard_executive_kpis (
    metric_category text        NOT NULL,
    metric_name     text        PRIMARY KEY,
    current_value   numeric,
    target_value    numeric,
    value_type      text        NOT NULL,
    last_updated    timestamptz NOT NULL,
    period          text        NOT NULL
) WITH (fillfactor = 50);
COMMENT ON TABLE dashboard_executive_kpis IS 'Five figures and their targets; a figure of nothing is null.';
COMMENT ON COLUMN dashboard_executive_kpis.period IS 'What the figure covers.';

CREATE TABLE dashboard_machine_status_changes_7days (
    status_date        date        NOT NULL,
    status_hour        integer     NOT NULL,
    machine_name       text        NOT NULL,
    production_line    text        NOT NULL,
    type               text        NOT NULL,
    status             text        NOT NULL,
    previous_status    text,
    status_change_type text        NOT NULL,
    last_updated       timestamptz NOT NULL,
    version            bigint      PRIMARY KEY,
    changed_at         timestamptz NOT NULL,
    reason             text
);
CREATE INDEX dashboard_machine_status_changes_by_machine
    ON dashboard_machine_status_changes_7days (machine_name, changed_at);
CREATE INDEX dashboard_machine_status_changes_by_time ON dashboard_machine_status_changes_7days (changed_at);
COMMENT ON TABLE dashboard_machine_status_changes_7days IS
    'One row per change of status of the last 7 days; only what is new is written, and the latest at every refresh.';
COMMENT ON COLUMN dashboard_machine_status_changes_7days.previous_status IS 'Null: its first report, or it had left.';
COMMENT ON COLUMN dashboard_machine_status_changes_7days.status_change_type IS
    'FAILURE: into down, from whatever it was. RECOVERY: out of down. STABLE: between operational and warning, or new.';
COMMENT ON COLUMN dashboard_machine_status_changes_7days.version IS
    'Of the row of machine_status_history it comes from.';
