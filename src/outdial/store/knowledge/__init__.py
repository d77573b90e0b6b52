"""Knowledge bases with their items."""
