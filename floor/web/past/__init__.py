"""What the floor of a past moment is made of."""
