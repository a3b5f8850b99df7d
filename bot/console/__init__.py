"""The console: where staff sign in, work the queue and keep the registers. Start in routes.py."""
