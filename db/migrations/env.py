"""Alembic's environment: runs the migrations on the connection, in the transaction, that db.migrating gives it."""

from __future__ import annotations

from alembic import context

from db.schema import metadata

# The metadata is there for its naming rule. The transaction is db.migrating's: all steps, or none, on both databases.
context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
