"""Knowledge bases at work: the text read out of what customers send, kept on each node to be looked up in."""
