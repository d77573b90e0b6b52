"""Deliveries, the endpoints they go to, and who listens."""
