"""Work orders: the commands, the list, and what looks after them without being asked."""
