"""Writes a backup (bot/backup_format.py) of a data folder and its database, while others write to both."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import re
import secrets
import shutil
import sqlite3
import tarfile
import tempfile
import time
from collections.abc import Collection, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import IO, Any, cast

from sqlalchemy import Connection, Engine, Table, inspect, select, text

from bot.backup_format import FORMAT, LEFT_OUT, MANIFEST, ORIGINALS, BackupError, Manifest, Member, row_line, tables_of
from db.engine import make_engine, reading
from db.migrating import head, tables_at
from intake.store.files import named_files

_ROWS = 500
_ORIGINAL = re.compile(r"[0-9a-f]{64}(?:\.[a-z0-9]{1,8})?")
_COPY = ".kechuang-backup-"
_LEFT_BEHIND = 3600
"""Seconds after which a half-written backup has no writer any more."""


def back_up(engine: Engine, data_dir: Path, target: Path, now: datetime, *, originals: bool = True) -> Manifest:
    """Write everything to `target`, whole or not at all; only this process's user may read it.

    One moment of the database is kept, and every file its rows name. Without `originals` the official files that were
    taken in are left out, which is said in the manifest. Raises BackupError, and OSError (a full disk).
    """
    _forget_parts(target)
    with _snapshot(engine, target.parent) as connection, _appearing(target) as out:
        archive, revision = _Archive(out, target.parent, now), _revision(connection)
        names = (tables_at(revision) & set(inspect(connection).get_table_names())) - LEFT_OUT
        counts = {table.name: archive.add_table(connection, table) for table in tables_of(connection, names)}
        for path in _segments(connection, data_dir, names):
            archive.add_file(f"segments/{path.name}", path)
        for path in _originals(data_dir) if originals else []:
            archive.add_file(f"{ORIGINALS}/{path.name}", path)
        missing = [
            path.name
            for path in _files(connection, data_dir, names)
            if not archive.add_file(f"files/{path.name}", path)
        ]
        left_out = sorted(LEFT_OUT if originals else LEFT_OUT | {ORIGINALS})
        return archive.close(revision, engine.dialect.name, counts, missing, left_out)


class _Archive:
    """The tar being written: what goes in is counted and digested on the way."""

    def __init__(self, out: IO[bytes], room: Path, now: datetime) -> None:
        self._room = room
        self._zip = gzip.GzipFile("", fileobj=out, mode="wb", compresslevel=6, mtime=0)
        self._tar = tarfile.open(fileobj=self._zip, mode="w|", format=tarfile.PAX_FORMAT)  # noqa: SIM115  # closed by close()
        self._now = now
        self._members: dict[str, Member] = {}

    def add_table(self, connection: Connection, table: Table) -> int:
        """All rows, in the order of their key; how many."""
        rows, keys = 0, list(table.primary_key.columns)
        query = select(table).order_by(*keys).execution_options(yield_per=_ROWS)
        with tempfile.TemporaryFile(dir=self._room) as lines:
            for row in connection.execute(query).mappings():
                lines.write(row_line(cast("dict[str, object]", row)))
                rows += 1
            self._add(f"tables/{table.name}.jsonl", lines)
        return rows

    def add_file(self, name: str, path: Path) -> bool:
        """False where it is gone: it was erased since the rows that name it were read."""
        try:
            with path.open("rb") as file:
                self._add(name, file)
        except FileNotFoundError:
            return False
        return True

    def close(
        self, revision: str, database: str, counts: dict[str, int], missing: Iterable[str], left_out: Iterable[str]
    ) -> Manifest:
        manifest = Manifest(
            format=FORMAT,
            schema_revision=revision,
            created_at=self._now,
            database=database,
            counts=counts,
            missing=tuple(missing),
            left_out=tuple(left_out),
            members=dict(self._members),
        )
        self._add(MANIFEST, io.BytesIO(manifest.model_dump_json(indent=1).encode()))
        self._tar.close()
        self._zip.close()
        return manifest

    def _add(self, name: str, source: IO[bytes]) -> None:
        entry = tarfile.TarInfo(name)
        entry.size = source.seek(0, os.SEEK_END)
        entry.mode, entry.mtime = 0o600, int(self._now.timestamp())
        source.seek(0)
        reader = _Digesting(source)
        self._tar.addfile(entry, cast("IO[bytes]", reader))
        self._members[name] = reader.member()


class _Digesting:
    """Reads on behalf of the tar, and knows what it has read."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source
        self._digest = hashlib.sha256()
        self._size = 0

    def read(self, length: int = -1) -> bytes:
        chunk = self._source.read(length)
        self._digest.update(chunk)
        self._size += len(chunk)
        return chunk

    def member(self) -> Member:
        return Member(sha256=self._digest.hexdigest(), size=self._size)


@contextmanager
def _snapshot(engine: Engine, room: Path) -> Iterator[Connection]:
    """A connection that sees one moment, for as long as it takes.

    Of SQLite it is a copy made in one go, in `room`: a long reader would hold up whoever has rows erased for good
    (db.engine.settle), and writers with them.
    """
    if engine.dialect.name == "postgresql":
        options: dict[str, Any] = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        with engine.connect().execution_options(**options) as connection:
            yield connection
        return
    with tempfile.TemporaryDirectory(dir=room, prefix=_COPY) as folder:
        copy = make_engine(f"sqlite:///{Path(folder) / 'copy.db'}")
        try:
            _copy_sqlite(engine, Path(folder) / "copy.db")
            with reading(copy) as connection:
                yield connection
        finally:
            copy.dispose()


def _copy_sqlite(engine: Engine, to: Path) -> None:
    source = engine.url.database
    if source is None or not Path(source).is_file():
        raise BackupError(f"没有可以备份的数据：数据库文件 {source} 不存在。请检查 DATA_DIR 或 --data。")
    with closing(engine.raw_connection()) as raw, closing(sqlite3.connect(to)) as copy:
        cast(sqlite3.Connection, raw.driver_connection).backup(copy)


@contextmanager
def _appearing(target: Path) -> Iterator[IO[bytes]]:
    """A file that takes its name when it is whole and on the disk; until then nothing of that name changes."""
    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        part.replace(target)
        flush_folder(target.parent)
    finally:
        part.unlink(missing_ok=True)


def flush_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _forget_parts(target: Path) -> None:
    """Remove what killed backups left behind in this folder: it holds what people wrote."""
    for part in (*target.parent.glob(f".{target.name}.*.part"), *target.parent.glob(f"{_COPY}*")):
        with suppress(OSError):
            if part.stat().st_mtime < time.time() - _LEFT_BEHIND:
                shutil.rmtree(part) if part.is_dir() else part.unlink()


def _revision(connection: Connection) -> str:
    if not inspect(connection).has_table("alembic_version"):
        raise BackupError("没有可以备份的数据：数据库是空的。")
    found = str(connection.scalar(text("SELECT version_num FROM alembic_version")))
    if found > head():
        raise BackupError(f"数据库结构（{found}）比本程序（{head()}）新：请用较新的程序备份。")
    return found


def _segments(connection: Connection, data_dir: Path, names: Collection[str]) -> list[Path]:
    """The index files that releases name, as far as they are there; the others are built again from the rows."""
    if "corpus_releases" not in names:
        return []
    lists = connection.scalars(text("SELECT segments FROM corpus_releases"))
    paths = [data_dir / "index" / "segments" / f"{name}.npz" for name in {n for row in lists for n in json.loads(row)}]
    return sorted(path for path in paths if path.is_file())


def _files(connection: Connection, data_dir: Path, names: Collection[str]) -> list[Path]:
    """Where the files are that rows name, and any other that stands in the store."""
    folder = data_dir / "files"
    named = named_files(connection) if "case_files" in names else set()
    there = {path.name for path in folder.glob("[0-9a-f][0-9a-f]/[0-9a-f][0-9a-f]/*")}
    return [folder / digest[:2] / digest[2:4] / digest for digest in sorted(named | there)]


def _originals(data_dir: Path) -> list[Path]:
    """Official files as they were taken in: those that are what their name says, whole (bot/taking_in.py)."""
    folder = data_dir / ORIGINALS
    return sorted(path for path in folder.glob("*") if _ORIGINAL.fullmatch(path.name) and path.is_file())
