"""The pages of work orders: board, table, single orders, and the form for a new one."""
