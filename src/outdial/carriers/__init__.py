"""Telephone networks behind the Carrier port."""
