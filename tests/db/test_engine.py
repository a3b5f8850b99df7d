"""Engines: what SQLite is told, that writers queue instead of failing, and that readers wait for nobody."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from db.engine import make_engine, reading, settle, writing

ROOT = Path(__file__).parents[2]


def count_of(engine: Engine) -> int | None:
    with reading(engine) as connection:
        found: int | None = connection.scalar(text("SELECT number FROM corpus_releases"))
        return found


def start_at_zero(engine: Engine) -> Engine:
    """One row that holds a number, 0."""
    row = text("INSERT INTO corpus_releases VALUES ('counter', 0, '2026-03-02 00:00:00', '{}', '[]')")
    with writing(engine) as connection:
        connection.execute(row)
    return engine


@pytest.fixture
def counter(engine: Engine) -> Engine:
    return start_at_zero(engine)


@pytest.mark.parametrize(
    ("pragma", "value"),
    [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("busy_timeout", 30_000), ("secure_delete", 1)],
)
def test_sqlite_is_told_how_to_keep_things(sqlite_engine: Engine, pragma: str, value: object) -> None:
    with reading(sqlite_engine) as connection:
        assert connection.scalar(text(f"PRAGMA {pragma}")) == value


def test_writers_that_read_first_do_not_lose_each_others_work(counter: Engine) -> None:
    query = "SELECT number FROM corpus_releases"
    read = text(query if counter.dialect.name == "sqlite" else f"{query} FOR UPDATE")

    def add_ten(_writer: int) -> None:
        for _ in range(10):
            with writing(counter) as connection:
                before = connection.scalar(read)
                connection.execute(text("UPDATE corpus_releases SET number = :after"), {"after": before + 1})

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add_ten, range(8)))
    assert count_of(counter) == 80


def test_writers_waiting_for_their_turn_hold_no_connection(sqlite_engine: Engine) -> None:
    """More of them than the pool has connections: readers go on meanwhile, and nobody is turned away."""
    start_at_zero(sqlite_engine)
    writers = 40
    begun = threading.Semaphore(0)

    def add_one(_writer: int) -> None:
        begun.release()
        with writing(sqlite_engine) as connection:
            connection.execute(text("UPDATE corpus_releases SET number = number + 1"))

    with ThreadPoolExecutor(writers) as pool:
        with writing(sqlite_engine):
            waiting = [pool.submit(add_one, number) for number in range(writers)]
            for _ in range(writers):
                begun.acquire()
            assert count_of(sqlite_engine) == 0
            assert sqlite_engine.pool.checkedout() == 1  # type: ignore[attr-defined]  # a QueuePool has it
        for written in waiting:
            written.result()
    assert count_of(sqlite_engine) == writers


ADDER = """
import sys
from sqlalchemy import text
from db.engine import make_engine, writing
engine = make_engine(sys.argv[1])
for _ in range(25):
    with writing(engine) as connection:
        before = connection.scalar(text("SELECT number FROM corpus_releases"))
        connection.execute(text("UPDATE corpus_releases SET number = :after"), {"after": before + 1})
"""


def test_sqlite_writers_in_several_processes_queue(sqlite_engine: Engine) -> None:
    start_at_zero(sqlite_engine)
    url = sqlite_engine.url.render_as_string()
    writers = [subprocess.Popen([sys.executable, "-c", ADDER, url], cwd=ROOT) for _ in range(3)]
    assert [writer.wait() for writer in writers] == [0, 0, 0]
    assert count_of(sqlite_engine) == 75


def test_a_reader_does_not_wait_for_a_writer_and_sees_what_was_committed(counter: Engine) -> None:
    with writing(counter) as connection:
        connection.execute(text("UPDATE corpus_releases SET number = 7"))
        assert count_of(counter) == 0
    assert count_of(counter) == 7


def test_a_reader_sees_one_state_even_if_another_is_committed_meanwhile(sqlite_engine: Engine) -> None:
    query = text("SELECT count(*) FROM persons")
    with reading(sqlite_engine) as reader:
        assert reader.scalar(query) == 0
        with writing(sqlite_engine) as writer:
            writer.execute(text("INSERT INTO persons VALUES ('p', '2026-03-02 00:00:00')"))
        assert reader.scalar(query) == 0
    with reading(sqlite_engine) as reader:
        assert reader.scalar(query) == 1


def test_a_block_that_raises_leaves_nothing(counter: Engine) -> None:
    def write_and_fail() -> None:
        with writing(counter) as connection:
            connection.execute(text("UPDATE corpus_releases SET number = 7"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_and_fail()
    assert count_of(counter) == 0


def test_a_connection_that_read_goes_back_to_writing(counter: Engine) -> None:
    """The pool hands out the same connection again: "reading" must not stick to it."""
    assert count_of(counter) == 0
    with writing(counter) as connection:
        connection.execute(text("UPDATE corpus_releases SET number = 1"))
    assert count_of(counter) == 1


def test_a_row_that_needs_another_is_refused_without_it(engine: Engine) -> None:
    with pytest.raises(SQLAlchemyError), writing(engine) as connection:
        connection.execute(text("INSERT INTO corpus_live VALUES (1, 'no such release')"))


def test_an_error_does_not_repeat_what_people_wrote(sqlite_engine: Engine) -> None:
    with pytest.raises(SQLAlchemyError) as raised, reading(sqlite_engine) as connection:
        connection.execute(text("SELECT * FROM nowhere WHERE said = :said"), {"said": "我的电话13812345678"})
    assert "138" not in str(raised.value)


def test_what_need_not_last_does_not_wait_for_the_disk_and_what_comes_next_does(sqlite_engine: Engine) -> None:
    def waits(*, lasting: bool) -> bool:
        with writing(sqlite_engine, lasting=lasting) as connection:
            return int(connection.exec_driver_sql("PRAGMA synchronous").scalar() or 0) == 2

    assert [waits(lasting=lasting) for lasting in (True, False, True)] == [True, False, True]


def test_settling_empties_sqlites_log(sqlite_engine: Engine, data_dir: Path) -> None:
    with writing(sqlite_engine) as connection:
        connection.execute(text("INSERT INTO persons VALUES ('MARKER', '2026-03-02 00:00:00')"))
    assert (data_dir / "assistant.db-wal").stat().st_size > 0
    settle(sqlite_engine)
    assert (data_dir / "assistant.db-wal").stat().st_size == 0
    assert b"MARKER" in (data_dir / "assistant.db").read_bytes()


@pytest.mark.postgres
def test_settling_postgres_is_nothing_to_do(postgres_engine: Engine) -> None:
    settle(postgres_engine)


def test_the_folder_of_a_new_database_is_made(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'a' / 'b' / 'x.db'}")
    with reading(engine) as connection:
        assert connection.scalar(text("SELECT 1")) == 1
    engine.dispose()


@pytest.mark.parametrize("url", ["postgres://u@h/d", "postgresql://u@h/d", "postgresql+psycopg://u@h/d"])
def test_every_spelling_of_a_postgres_address_uses_the_one_driver(url: str) -> None:
    assert make_engine(url).url.drivername == "postgresql+psycopg"


@pytest.mark.parametrize("url", ["mysql://h/d", "postgresql+asyncpg://h/d", "oracle://h/d"])
def test_other_databases_are_refused(url: str) -> None:
    with pytest.raises(ValueError, match="unsupported"):
        make_engine(url)


def test_an_unreachable_postgres_is_an_error_soon() -> None:
    with pytest.raises(OperationalError), reading(make_engine("postgresql://u@127.0.0.1:1/d")) as connection:
        connection.execute(text("SELECT 1"))


@pytest.fixture
def half_made(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """A new file in SQLite's own mode, in which another process is just writing."""
    other = sqlite3.connect(tmp_path / "new.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    other.execute("CREATE TABLE t (x)")
    yield other
    other.close()


def test_opening_a_new_file_waits_for_whoever_writes_it(
    half_made: sqlite3.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite's own waiting does not cover the switch to WAL."""
    monkeypatch.setattr(time, "sleep", lambda _seconds: half_made.execute("COMMIT"))
    engine = make_engine(f"sqlite:///{tmp_path / 'new.db'}")
    with reading(engine) as connection:
        assert connection.scalar(text("PRAGMA journal_mode")) == "wal"
        assert connection.scalar(text("SELECT count(*) FROM t")) == 0
    engine.dispose()


def test_opening_a_new_file_does_not_wait_for_ever(
    half_made: sqlite3.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks = count(0, 4)
    monkeypatch.setattr(time, "monotonic", lambda: next(ticks))
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)
    with pytest.raises(OperationalError, match="locked"), reading(make_engine(f"sqlite:///{tmp_path / 'new.db'}")):
        pass
