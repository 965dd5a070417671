"""What all pages stand in and are built from."""
