"""Agents with their versions: held, changed, and read."""
