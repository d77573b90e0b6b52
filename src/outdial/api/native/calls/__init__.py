"""Calls: placed, changed, read."""
