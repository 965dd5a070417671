"""What is made of work orders: the board, the table, one order in full, and the word when one concerns you."""
