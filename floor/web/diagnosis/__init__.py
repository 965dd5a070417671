"""The diagnosis page."""
