"""The plant's own set-up."""
