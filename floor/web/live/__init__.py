"""How a change in the store reaches every page that shows it."""
