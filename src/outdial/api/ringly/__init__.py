"""The Ringly dialect."""
