"""Counts and shares over calls."""
