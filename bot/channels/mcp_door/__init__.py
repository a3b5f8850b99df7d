"""The door for agents that speak the Model Context Protocol: see server.py first. Its SDK is an extra (`make mcp`)."""
