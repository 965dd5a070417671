"""What each release wrote, and how it is made: `python -m tests.releases`."""
