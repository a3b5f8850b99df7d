"""The floor: one engine, one metadata, one kind of timestamp, and the migrations. Knows no table of the rooms above.

The names below are fetched when they are first used: SQLAlchemy costs about as much as everything else at start, and
`--help` needs none of it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from db.base import Base
    from db.engine import make_engine, reading, settle, writing
    from db.migrating import upgrade
    from db.schema import CleanText, UtcDateTime, metadata

__all__ = ["Base", "CleanText", "UtcDateTime", "make_engine", "metadata", "reading", "settle", "upgrade", "writing"]

_HOME = {
    "Base": "db.base",
    "CleanText": "db.schema",
    "UtcDateTime": "db.schema",
    "make_engine": "db.engine",
    "metadata": "db.schema",
    "reading": "db.engine",
    "settle": "db.engine",
    "upgrade": "db.migrating",
    "writing": "db.engine",
}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'db' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)
