"""Campaigns with the rows of their lists."""
