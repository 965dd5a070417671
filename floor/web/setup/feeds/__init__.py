"""/setup/feeds: what reports to the floor, and what became of it, for supervisors."""
