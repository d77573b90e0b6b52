"""What the agent says next: flows and language models behind one port."""
