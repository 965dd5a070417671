"""What /diagnosis is made of."""
