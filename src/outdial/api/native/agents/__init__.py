"""Agents with all their versions."""
