"""Logs, metrics, health checks and diagnosis of the program."""
