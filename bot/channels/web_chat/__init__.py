"""The web door: the chat page, the policy library, the HTTP API and its streams."""
