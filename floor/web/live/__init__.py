"""Sends changes in the store to every open page."""
