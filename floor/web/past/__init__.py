"""The floor at a past moment."""
