"""Which files of the file store belong to a draft, a case or an entry for the plan. Others may be removed."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, Engine, select, union

from db.engine import reading
from db.rows import stored
from intake.store.tables import case_files, draft_files, plan_entries

_NAMED = (case_files.c.digest, draft_files.c.digest, plan_entries.c.file_digest)


def named_files(connection: Connection) -> set[str]:
    """The digests of all files that rows name."""
    return set(connection.scalars(union(*(select(column).where(column.is_not(None)) for column in _NAMED))))


def unnamed(engine: Engine, digests: Collection[str]) -> set[str]:
    """Those of these files that no row names."""
    wanted = sorted(set(digests))
    with reading(engine) as connection:
        named = {digest for column in _NAMED for digest in stored(connection, column, wanted)}
    return set(wanted) - named
