"""The Ringg dialect."""
