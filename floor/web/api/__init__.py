"""The REST face: the floor and its work orders for other programs."""
