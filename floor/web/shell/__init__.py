"""The frame of all pages, and elements that several pages use."""
