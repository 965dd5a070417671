"""The REST interface: the floor and its work orders for other programs."""
