"""Which files of the file store belong to a draft or a case. What no row names may be removed."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, Engine, select, union

from db.engine import reading
from db.rows import stored
from intake.store.tables import case_files, draft_files


def named_files(connection: Connection) -> set[str]:
    """The digests of all files that rows name."""
    return set(connection.scalars(union(select(case_files.c.digest), select(draft_files.c.digest))))


def unnamed(engine: Engine, digests: Collection[str]) -> set[str]:
    """Those of these files that no row names."""
    wanted = sorted(set(digests))
    with reading(engine) as connection:
        named = {digest for table in (case_files, draft_files) for digest in stored(connection, table.c.digest, wanted)}
    return set(wanted) - named
