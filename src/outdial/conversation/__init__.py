"""One call's talk: hearing, turn-taking, speaking, recording, all on one 20 ms clock."""
