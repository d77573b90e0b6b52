"""Contact lists and the campaigns that ring them."""
