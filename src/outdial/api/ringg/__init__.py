"""The HTTP API of Ringg: individual calls, their details and history, agents, numbers, workspace."""
