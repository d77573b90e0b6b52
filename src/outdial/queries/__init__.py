"""Readers of the store: shapes for history, details and lists."""
