"""Set-up of a plant."""
