"""Doors: HTTP, nothing else."""
