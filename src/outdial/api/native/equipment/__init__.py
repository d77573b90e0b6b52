"""Caller numbers, trunks, pools."""
