"""Puts a backup back: laid out and checked beside what is there, loaded, its histories verified, then swapped in.

Until the swap nothing of what is there changes. Files are added before it and the unwanted removed after it, so that
whatever rows there are find theirs, wherever the process is stopped.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from sqlalchemy import Connection, Engine, Integer, Table, exists, func, inspect, select, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from bot.backup_format import ORIGINALS, BackupError, Manifest, row_of, tables_of, unpack
from bot.backups import flush_folder
from db.engine import make_engine, reading, settle, writing
from db.migrating import head, migrate, tables_at
from intake.store.cases import broken_chains

_ROWS = 500
_LAID_OUT = ".restore-"
_BROKEN = (DBAPIError, sqlite3.Error)
"""What a file that is no database gives; while connecting SQLAlchemy leaves it as the driver raised it."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put back, and whether it had to be migrated to this program's schema."""

    manifest: Manifest
    migrated: bool


def restore(engine: Engine, data_dir: Path, file: Path, *, force: bool = False) -> Restored:
    """Put a backup in the place of what is there. For the process that owns `data_dir`.

    Raises BackupError where something is there already (unless `force`), where the backup is damaged, newer than this
    program or does not verify; then nothing was changed.
    """
    _clear_left_behind(data_dir)
    if not force and not _is_empty(engine, data_dir):
        raise BackupError("这里已有数据，恢复会把它们全部换掉。请换一个空的数据目录（--data），或确认后加 --force。")
    with tempfile.TemporaryDirectory(dir=data_dir, prefix=_LAID_OUT) as name:
        folder = Path(name)
        manifest = unpack(file, folder)
        if manifest.schema_revision > head():
            raise BackupError(
                f"备份的数据结构（{manifest.schema_revision}）比本程序（{head()}）新：请用较新的程序恢复。"
            )
        with _swapped_in(engine) as connection:
            _load(connection, folder, manifest)
            _add_files(folder, data_dir, manifest)
        _remove_others(data_dir, manifest)
    return Restored(manifest, manifest.schema_revision != head())


def _load(connection: Connection, folder: Path, manifest: Manifest) -> None:
    migrate(connection, manifest.schema_revision)
    for table in tables_of(connection, set(manifest.counts)):
        _fill(connection, table, folder, manifest.counts[table.name])
    if manifest.schema_revision != head():
        migrate(connection)
    if broken := broken_chains(connection):
        raise BackupError(f"备份里有 {len(broken)} 件需求的办理记录对不上（如 {broken[0]}）。没有改动任何数据。")


def _fill(connection: Connection, table: Table, folder: Path, wanted: int) -> None:
    done = 0
    try:
        with (folder / "tables" / f"{table.name}.jsonl").open("rb") as lines:
            while rows := [row_of(table, line) for line in islice(lines, _ROWS)]:
                connection.execute(table.insert(), rows)
                done += len(rows)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, SQLAlchemyError) as fault:
        raise BackupError(f"备份里的表 {table.name} 读不进来（{type(fault).__name__}）。没有改动任何数据。") from fault
    if done != wanted:
        raise BackupError(f"备份里的表 {table.name} 少了行：应有 {wanted}，实有 {done}。没有改动任何数据。")
    _move_sequence(connection, table)


def _move_sequence(connection: Connection, table: Table) -> None:
    """PostgreSQL counts keys apart from the rows; SQLite goes by the rows."""
    keys = list(table.primary_key.columns)
    if connection.dialect.name != "postgresql" or len(keys) != 1 or not isinstance(keys[0].type, Integer):
        return
    quoted = connection.dialect.identifier_preparer.format_table(table)
    last = connection.scalar(select(func.max(keys[0])))
    sequence = connection.scalar(select(func.pg_get_serial_sequence(quoted, keys[0].name)))
    if last is not None and sequence is not None:
        connection.execute(select(func.setval(sequence, last)))


@contextmanager
def _swapped_in(engine: Engine) -> Iterator[Connection]:
    """An empty database to load; when the block ends without an error, it is the one that counts."""
    if engine.dialect.name == "postgresql":
        with writing(engine) as connection:
            _drop_all(connection)
            yield connection
        return
    with _new_sqlite(engine) as connection:
        yield connection


@contextmanager
def _new_sqlite(engine: Engine) -> Iterator[Connection]:
    target = Path(str(engine.url.database))
    target.parent.mkdir(parents=True, exist_ok=True)
    # Beside the file it replaces: DATABASE_URL may lie on another disk than the data folder.
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=_LAID_OUT) as beside:
        made = make_engine(f"sqlite:///{Path(beside) / 'new.db'}")
        try:
            with writing(made) as connection:
                yield connection
            settle(made)
        finally:
            made.dispose()
        (Path(beside) / "new.db").chmod(0o600)
        _replace_sqlite(engine, Path(beside) / "new.db", target)


def _replace_sqlite(engine: Engine, made: Path, target: Path) -> None:
    """The old log must be gone before the new file has the name: it would be read into it."""
    if target.exists():
        with suppress(*_BROKEN):  # what is there may be what is to be replaced for that
            settle(engine)
        engine.dispose()
        for log in ("-wal", "-shm"):
            target.with_name(target.name + log).unlink(missing_ok=True)
    made.replace(target)
    flush_folder(target.parent)


def _drop_all(connection: Connection) -> None:
    """Remove our tables and what hangs on them from PostgreSQL; other tables in the schema are left alone."""
    there = set(inspect(connection).get_table_names())
    ours = sorted((tables_at(head()) | {"alembic_version"}) & there)
    if "alembic_version" in there:
        found = str(connection.scalar(text("SELECT version_num FROM alembic_version")))
        if found > head():
            raise BackupError(f"现有数据库的结构（{found}）比本程序（{head()}）新，不能由本程序替换。请用较新的程序。")
    functions = connection.scalars(_TRIGGER_FUNCTIONS, {"tables": ours}).all()
    for name in ours:
        connection.execute(text(f'DROP TABLE "{name}" CASCADE'))
    for name in functions:
        connection.execute(text(f"DROP FUNCTION {name}"))


_TRIGGER_FUNCTIONS = text(
    "SELECT DISTINCT t.tgfoid::regprocedure::text FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
    "WHERE NOT t.tgisinternal AND c.relnamespace = current_schema()::regnamespace AND c.relname = ANY(:tables)"
)


def _is_empty(engine: Engine, data_dir: Path) -> bool:
    folders = (data_dir / "files", data_dir / "index" / "segments", data_dir / ORIGINALS)
    if any(path.is_file() for folder in folders for path in folder.rglob("*")):
        return False
    if engine.dialect.name == "sqlite" and not Path(str(engine.url.database)).exists():
        return True
    try:
        with reading(engine) as connection:
            return not any(_has_rows(connection, table) for table in _ours(connection))
    except _BROKEN:
        if engine.dialect.name == "sqlite":
            return False  # something is there that is no database
        raise


def _ours(connection: Connection) -> Iterable[Table]:
    there = set(inspect(connection).get_table_names())
    known = there if connection.dialect.name == "sqlite" else there & tables_at(head())
    return tables_of(connection, known - {"alembic_version"})


def _has_rows(connection: Connection, table: Table) -> bool:
    return bool(connection.scalar(select(exists().select_from(table))))


def _add_files(folder: Path, data_dir: Path, manifest: Manifest) -> None:
    for name in manifest.of("files"):
        digest = name.partition("/")[2]
        _move(folder / name, data_dir / "files" / digest[:2] / digest[2:4] / digest)
    for name in manifest.of("segments"):
        _move(folder / name, data_dir / "index" / name)
    for name in manifest.of(ORIGINALS):
        _move(folder / name, data_dir / name)


def _move(source: Path, target: Path) -> None:
    for parent in reversed(target.parents[:3]):
        if not parent.exists():
            parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with source.open("rb") as file:
        os.fsync(file.fileno())
    source.replace(target)
    flush_folder(target.parent)


def _remove_others(data_dir: Path, manifest: Manifest) -> None:
    """What belonged to the data before, and the vector store: it is a cache of rows that are no more."""
    files = {name.partition("/")[2] for name in manifest.of("files")}
    for path in (data_dir / "files").glob("*/*/*"):
        if path.name not in files:
            path.unlink(missing_ok=True)
    segments = {name.partition("/")[2] for name in manifest.of("segments")}
    for path in (data_dir / "index" / "segments").glob("*.npz"):
        if path.name not in segments:
            path.unlink(missing_ok=True)
    originals = {name.partition("/")[2] for name in manifest.of(ORIGINALS)}
    for path in (data_dir / ORIGINALS).glob("*") if manifest.holds_originals else ():
        if path.name not in originals:
            path.unlink(missing_ok=True)
    shutil.rmtree(data_dir / "index" / "chroma", ignore_errors=True)


def _clear_left_behind(data_dir: Path) -> None:
    """What a killed restore left behind; whoever owns the folder is the only one to restore into it."""
    for folder in data_dir.glob(f"{_LAID_OUT}*"):
        shutil.rmtree(folder, ignore_errors=True)
