"""Attempts carried out in supervised media worker processes."""
