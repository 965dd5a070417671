-- What a feed says when it knows that a machine gives no data: "No signal" at once, and a gap in the history from then on.

ALTER TABLE machine_feed_stream ADD COLUMN signal_lost_at timestamptz
    CONSTRAINT machine_feed_stream_signal_check CHECK (signal_lost_at > reported_at);
COMMENT ON COLUMN machine_feed_stream.signal_lost_at IS
    'From when on a feed knows that the machine gives no data, after its last report; null: it has signal. The next report ends it.';
