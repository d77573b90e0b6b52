"""A process of its own for each file of a stranger's: with a deadline, little memory, no secret."""
