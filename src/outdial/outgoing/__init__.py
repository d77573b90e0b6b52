"""Requests to addresses customers name: only where they may go."""
