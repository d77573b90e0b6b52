"""What finished talks told: found out by rules or by a model, and written down once for each call."""
