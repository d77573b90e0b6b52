"""Endpoints, deliveries, and what subscribers are told."""
