"""The HTTP API of Ringly: one call route and its deprecated predecessor."""
