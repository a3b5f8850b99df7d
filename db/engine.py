"""Engines for SQLite and PostgreSQL, and the two ways to use one: `reading` and `writing`.

An error never carries a statement's values (hide_parameters): they hold what people wrote.
SQLite: WAL with plain BEGIN lost 730 of 800 read-then-write transactions to "database is locked"; with BEGIN IMMEDIATE
none. So a transaction takes the write lock when it begins, unless it says that it only reads. SQLite's waiting is not
fair: of 50 threads in 5 processes some waited over 10 s. So the writers of one process queue up before they ask for it.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url

_READING = "kechuang_reading"
_LASTING = "kechuang_lasting"
_TURN = "kechuang_turn"
_BUSY_SECONDS = 30


def make_engine(url: str | URL) -> Engine:
    """An engine for sqlite:///file or postgresql://… (also postgres://, postgresql+psycopg://). Connects lazily.

    Raises ValueError for any other database.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return _sqlite(parsed)
    if parsed.drivername in {"postgres", "postgresql", "postgresql+psycopg"}:
        return _postgresql(parsed.set(drivername="postgresql+psycopg"))
    raise ValueError(f"unsupported database: {parsed.drivername}")


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection that only reads: it sees one state of the database, and waits for no writer."""
    with engine.connect() as connection:
        yield connection.execution_options(**{_READING: True})


@contextmanager
def writing(engine: Engine, *, lasting: bool = True) -> Iterator[Connection]:
    """A write transaction: committed at the end of the block, rolled back if it raises.

    `lasting=False` is for what may be done over after a power cut: on SQLite it is on the disk with the next lasting
    commit, and does not wait for the disk itself (4 ms here). The death of the process takes nothing of it.

    On SQLite the threads of a process take turns: waiting for the file's lock is a matter of luck, and 50 writers
    waiting for it with a connection in hand left none for the others (QueuePool timed out).
    """
    with _turn(engine), engine.connect() as bare:
        connection = bare.execution_options(**{_LASTING: lasting})
        with connection.begin():
            yield connection


def settle(engine: Engine) -> None:
    """Move SQLite's log into the file and empty it, so that erased rows are gone from the disk. Else nothing."""
    if engine.dialect.name != "sqlite":
        return
    with closing(engine.raw_connection()) as connection:
        connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


@contextmanager
def _turn(engine: Engine) -> Iterator[None]:
    """Wait for the other writers of this process; after a while leave it to SQLite, which other processes use too."""
    lock: Lock | None = engine.get_execution_options().get(_TURN)
    mine = lock is not None and lock.acquire(timeout=_BUSY_SECONDS)
    try:
        yield
    finally:
        if lock is not None and mine:
            lock.release()


def _sqlite(url: URL) -> Engine:
    if url.database and url.database != ":memory:":
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, hide_parameters=True, connect_args={"timeout": _BUSY_SECONDS})
    engine.update_execution_options(**{_TURN: Lock()})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _postgresql(url: URL) -> Engine:
    # The session's zone is fixed so that an SQL console shows what is stored; UtcDateTime does not rely on it.
    settings = {"connect_timeout": 5, "options": "-c timezone=UTC"}
    return create_engine(url, hide_parameters=True, pool_pre_ping=True, connect_args=settings)


def _prepare_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None  # the driver must not begin on its own: _begin_sqlite does
    _switch_to_wal(connection)
    connection.execute("PRAGMA synchronous=FULL")  # what a person was told is saved survives a power cut
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("PRAGMA secure_delete=ON")  # what a person had erased is overwritten, not only unlinked


def _switch_to_wal(connection: sqlite3.Connection) -> None:
    """The switch to WAL does not honour the busy timeout, so two processes at a first start would collide."""
    deadline = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    if options.get(_READING, False):
        connection.exec_driver_sql("BEGIN")
        return
    connection.exec_driver_sql(f"PRAGMA synchronous={'FULL' if options.get(_LASTING, True) else 'NORMAL'}")
    connection.exec_driver_sql("BEGIN IMMEDIATE")
