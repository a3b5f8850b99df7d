"""The floor: an engine, a base class and migrations, because two rooms store rows and must agree on time."""
