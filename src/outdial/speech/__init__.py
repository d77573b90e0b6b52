"""Speech-to-text and text-to-speech parts behind their ports."""
