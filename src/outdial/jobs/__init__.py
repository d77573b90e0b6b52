"""Work in the background, done by whichever node comes first."""
