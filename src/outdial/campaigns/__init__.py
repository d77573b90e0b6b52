"""Campaigns: a list of people is read from a file, started, made into calls and seen through to its last one."""
