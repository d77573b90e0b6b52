"""Calls from their registration to their last attempt: claimed, dialled, ended, and read."""
