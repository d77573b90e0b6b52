"""What callbacks and subscribers are told, in the words of Ringg."""
