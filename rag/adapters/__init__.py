"""Adapters of the ports in rag/ports.py. Each is imported where it is chosen (bot/bootstrap.py), never here."""
