"""What reports are made of: figures, charts, the timeline and the story of a stop."""
