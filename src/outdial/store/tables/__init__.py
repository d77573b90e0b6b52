"""The tables by subject; ``store.schema`` is the door to them."""
