"""The migrations make exactly the tables the code declares, once, in one transaction, on both databases."""

from __future__ import annotations

import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect, make_url, text

import bot.accounts
import bot.channels.telegram_bot.store.tables
import bot.console.tables
import bot.corpus_drafts
import bot.corpus_sources
import bot.corpus_tables
import bot.kept_answers
import bot.outbox
import bot.store_of_looks
import bot.turns  # each declares its tables
import bot.unanswered_marks  # noqa: F401  # each declares its tables
import intake.store.tables  # noqa: F401  # each declares its tables
from db import migrating
from db.engine import make_engine, reading, writing
from db.migrating import SchemaTooNewError, head, revision, upgrade
from db.schema import metadata

ROOT = Path(__file__).parents[2]


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A database without a table."""
    if request.param == "sqlite":
        engine = make_engine(f"sqlite:///{tmp_path / 'empty.db'}")
        yield engine
        engine.dispose()
        return
    url = make_url(request.getfixturevalue("postgres_url"))
    name = f"empty_{uuid.uuid4().hex[:12]}"
    admin = make_engine(url).execution_options(isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine = make_engine(url.set(database=name))
    yield engine
    engine.dispose()
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name}"))
    admin.dispose()


def test_an_empty_database_is_brought_to_the_newest_schema_once(empty: Engine) -> None:
    assert revision(empty) is None
    assert upgrade(empty) is True
    assert revision(empty) == head()
    assert upgrade(empty) is False


def test_the_schema_is_what_the_code_declares(engine: Engine) -> None:
    with reading(engine) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_the_head_is_the_one_alembic_sees() -> None:
    config = Config()
    config.set_main_option("script_location", str(migrating.MIGRATIONS))
    config.set_main_option("path_separator", "os")
    assert ScriptDirectory.from_config(config).get_heads() == [head()]


def test_a_migration_that_fails_leaves_the_database_as_it_was(empty: Engine) -> None:
    with writing(empty) as connection:
        connection.execute(text("CREATE TABLE passage_vectors (x INTEGER)"))  # in the way of the last step
    with pytest.raises(Exception, match="passage_vectors"):
        upgrade(empty)
    assert set(inspect(empty).get_table_names()) == {"passage_vectors"}


def test_a_database_from_a_later_version_is_refused_in_words(empty: Engine) -> None:
    upgrade(empty)
    with writing(empty) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(SchemaTooNewError, match=r"9999.*新"):
        upgrade(empty)


def test_a_file_that_is_no_database_is_an_error_and_not_an_empty_database(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_bytes(b"this is not a database" * 100)
    engine = make_engine(f"sqlite:///{tmp_path / 'x.db'}")
    with pytest.raises(Exception, match="not a database"):
        upgrade(engine)
    assert (tmp_path / "x.db").read_bytes() == b"this is not a database" * 100


STARTER = "import sys; from db import make_engine, upgrade; print(upgrade(make_engine(sys.argv[1])))"


def test_processes_that_start_together_migrate_once(empty: Engine) -> None:
    url = empty.url.render_as_string(hide_password=False)
    starters = [
        subprocess.Popen([sys.executable, "-c", STARTER, url], cwd=ROOT, stderr=subprocess.PIPE) for _ in range(3)
    ]
    faults = [starter.communicate()[1].decode() for starter in starters]
    assert [starter.returncode for starter in starters] == [0, 0, 0], faults
    assert revision(empty) == head()


def test_a_start_with_nothing_to_migrate_does_not_load_alembic(sqlite_engine: Engine) -> None:
    probe = f"{STARTER}; print([name for name in ('alembic', 'sqlalchemy.orm') if name in sys.modules])"
    url = sqlite_engine.url.render_as_string()
    ran = subprocess.run([sys.executable, "-c", probe, url], cwd=ROOT, capture_output=True, text=True)
    assert ran.stdout.split("\n")[:2] == ["False", "[]"], ran.stderr


def test_importing_the_floor_loads_nothing() -> None:
    probe = "import sys, db; print([name for name in ('sqlalchemy', 'alembic', 'asyncio') if name in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", probe], cwd=ROOT, capture_output=True, text=True)
    assert ran.stdout == "[]\n", ran.stderr


def test_every_name_of_the_floor_can_be_had() -> None:
    import db

    assert {name: getattr(db, name).__name__ for name in db.__all__ if name != "metadata"} == {
        name: name for name in db.__all__ if name != "metadata"
    }
    assert db.Base.metadata is db.metadata is metadata
    with pytest.raises(AttributeError):
        _ = db.nothing_of_the_kind
