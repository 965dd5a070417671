"""Work that is done again and again in the background."""
