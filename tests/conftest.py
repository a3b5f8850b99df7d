"""What every test may ask for: a data folder, a stopped clock, a database of either kind. The network is closed."""

from __future__ import annotations

import os
import shutil
import sys
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as property_settings
from sqlalchemy import Engine, make_url, text
from sqlalchemy.exc import OperationalError

from bot.clock import FixedClock
from bot.settings import Settings
from db.engine import make_engine, writing
from db.migrating import upgrade

POSTGRES = os.environ.get("TEST_POSTGRES_URL", "postgresql+psycopg://postgres@127.0.0.1:5432/test")


class NetworkClosedError(BaseException):
    """A test reached for the network. Not an Exception, so that no retry and no fallback swallows it."""


def _refuse_the_network(event: str, args: tuple[Any, ...]) -> None:
    if event == "socket.getaddrinfo" and not _is_here(args[0]):
        raise NetworkClosedError(f"a test asked for the address of {args[0]!r}")
    if event == "socket.connect" and isinstance(args[1], tuple) and not _is_here(args[1][0]):
        raise NetworkClosedError(f"a test connected to {args[1]!r}")


def _is_here(host: Any) -> bool:
    name = host.decode() if isinstance(host, bytes) else host
    if name in (None, "", "localhost"):
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


def pytest_configure() -> None:
    sys.addaudithook(_refuse_the_network)


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """An empty DATA_DIR."""
    folder = tmp_path / "data"
    folder.mkdir()
    return folder


@pytest.fixture
def clock() -> FixedClock:
    """Stands at 2026-03-02 10:00 in Shanghai until a test moves it."""
    return FixedClock(datetime(2026, 3, 2, 2, 0, tzinfo=UTC))


@pytest.fixture
def settings(data_dir: Path) -> Settings:
    """The defaults, whatever the environment or a .env says, with a data folder of the test's own."""
    return Settings.model_construct(data_dir=data_dir)


def _required_in_ci(reason: str) -> None:
    if os.environ.get("CI", "").lower() == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL database of this session's own, at the newest schema; dropped at the end."""
    admin = make_engine(POSTGRES).execution_options(isolation_level="AUTOCOMMIT")
    name = f"kechuang_{uuid.uuid4().hex[:12]}"
    try:
        with admin.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
    except OperationalError:
        _required_in_ci("there is no PostgreSQL for the tests (TEST_POSTGRES_URL)")
    try:
        yield make_url(POSTGRES).set(database=name).render_as_string(hide_password=False)
    finally:
        with admin.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        admin.dispose()


@pytest.fixture(scope="session")
def _postgres_engine(postgres_url: str) -> Iterator[Engine]:
    engine = make_engine(postgres_url)
    upgrade(engine)
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def _sqlite_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file to copy from: migrating anew for every test would cost most of its time."""
    file = tmp_path_factory.mktemp("sqlite") / "assistant.db"
    engine = make_engine(f"sqlite:///{file}")
    upgrade(engine)
    engine.dispose()
    return file


@pytest.fixture
def sqlite_engine(data_dir: Path, _sqlite_file: Path) -> Iterator[Engine]:
    """An empty SQLite database at the newest schema, in the test's data folder."""
    engine = make_engine(f"sqlite:///{shutil.copy(_sqlite_file, data_dir / 'assistant.db')}")
    yield engine
    engine.dispose()


@pytest.fixture
def postgres_engine(_postgres_engine: Engine) -> Engine:
    """An empty PostgreSQL database at the newest schema.

    Emptied row by row: truncating some fifty tables makes as many new files, and takes forty times as long. As a
    replica it heeds no trigger that keeps histories, and no foreign key (which the tests' superuser may ask for).
    """
    with writing(_postgres_engine) as connection:
        present = connection.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).scalars()
        emptied = [f"DELETE FROM {name}" for name in present if name != "alembic_version"]  # noqa: S608  # our own tables
        used = "SELECT sequencename FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL"
        begun = [f"ALTER SEQUENCE {name} RESTART" for name in connection.execute(text(used)).scalars()]
        connection.execute(text("; ".join(["SET LOCAL session_replication_role = replica", *emptied, *begun])))
    return _postgres_engine


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def engine(request: pytest.FixtureRequest) -> Engine:
    """The same test on both databases."""
    chosen: Engine = request.getfixturevalue(f"{request.param}_engine")
    return chosen


# A busy machine is no failing property: no deadlines; and CI tries the same examples each time.
property_settings.register_profile(
    "house",
    deadline=None,
    derandomize=bool(os.environ.get("CI")),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
property_settings.load_profile("house")
