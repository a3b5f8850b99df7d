"""The doors: each translates its platform to a Message, calls `handle`, and renders the Reply."""
