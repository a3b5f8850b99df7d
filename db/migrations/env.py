"""Alembic's environment: runs the migrations on the connection, in the transaction, that db.migrating gives it."""

from __future__ import annotations

from alembic import context

from db.schema import metadata

# SQLite can roll back DDL; Alembic only has to be told not to commit between the steps.
context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,  # for its naming rule
    transactional_ddl=True,
)
context.run_migrations()
