"""Agents: their routes, what is asked and answered, and the operations of an edit."""
