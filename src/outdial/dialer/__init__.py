"""The one thing that acts: claims what is due, has it dialled, writes down how it ended."""
