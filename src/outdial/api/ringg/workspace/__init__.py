"""Numbers, users, keys and credits of a workspace."""
