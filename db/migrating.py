"""Brings a database to the newest schema. Run at every start: where nothing is to do it reads one row."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.exc import DBAPIError

from db.engine import make_engine, reading, writing

MIGRATIONS = Path(__file__).parent / "migrations"
# Any constant would do: it keeps two processes from migrating one PostgreSQL database at once.
_ADVISORY_LOCK = 0x6B65_6368


class SchemaTooNewError(Exception):
    """The database was written by a later version of the program. The message says so in words for the operator."""


def head() -> str:
    """The newest revision: files are named v0001_what.py and follow each other without branches (a test checks)."""
    newest = max(path.stem for path in (MIGRATIONS / "versions").glob("v[0-9]*.py"))
    return newest[1:].partition("_")[0]


def revision(engine: Engine) -> str | None:
    """The revision the database is at, or None for an empty one."""
    with reading(engine) as connection:
        try:
            found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
        except DBAPIError:
            connection.rollback()
            # Unreachable is not the same as empty: this raises where the database cannot be read at all.
            connection.execute(text("SELECT 1"))
            return None
    return found


def upgrade(engine: Engine) -> bool:
    """Migrate to `head()` in one transaction; whether there was anything to do. Safe when several processes start.

    Raises SchemaTooNewError, and SQLAlchemy's errors where the database cannot be reached.
    """
    found, wanted = revision(engine), head()
    if found == wanted:
        return False
    if found is not None and found > wanted:
        raise SchemaTooNewError(
            f"数据库结构（{found}）比本程序（{wanted}）新：请使用较新的程序版本，或恢复升级前的备份。"
        )
    with writing(engine) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
        migrate(connection)
    return True


@cache
def tables_at(wanted: str) -> frozenset[str]:
    """The names of the tables a database has at that revision, alembic's own not among them."""
    nowhere = make_engine("sqlite://")
    with writing(nowhere) as connection:
        migrate(connection, wanted)
        names = set(inspect(connection).get_table_names())
    nowhere.dispose()
    return frozenset(names - {"alembic_version"})


def migrate(connection: Connection, wanted: str = "head") -> None:
    """Migrate to a revision (the newest one) on this connection, inside its transaction."""
    from alembic import command
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    command.upgrade(config, wanted)
