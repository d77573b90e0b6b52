"""Single calls: placed, read, listed, downloaded, called off, and those from a browser."""
