"""How this program is: what it logs, measures and finds wrong."""
