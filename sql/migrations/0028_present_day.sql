-- The present day is summed up to its last full hour too, so that reports late in the day are as fast as those in the morning
-- (45_days.sql).

COMMENT ON TABLE history_days IS 'The days of the plant''s clock, and which of them are summed up.';
COMMENT ON COLUMN history_days.until IS 'Its end; of the present day, the last full hour.';

-- In new forms.
DROP FUNCTION IF EXISTS is_of_today(timestamptz);
DROP FUNCTION IF EXISTS mark_changed_days(timestamptz, timestamptz, boolean);
