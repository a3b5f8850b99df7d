"""The doors, the conversation, the wiring."""
