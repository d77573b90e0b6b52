"""Names of people in another script, out of a dictionary."""
