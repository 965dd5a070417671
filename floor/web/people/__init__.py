"""What /employees is made of."""
