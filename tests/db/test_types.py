"""Moments and texts come back the same from both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as how
from hypothesis import strategies as st
from sqlalchemy import Column, Engine, Integer, MetaData, Table, select, text
from sqlalchemy.exc import StatementError

from db.engine import writing
from db.schema import CleanText, UtcDateTime

notes = Table(
    "notes_of_a_test",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("at", UtcDateTime),
    Column("said", CleanText),
    prefixes=["TEMPORARY"],
)


def stored(engine: Engine, **values: object) -> tuple[object, object]:
    with writing(engine) as connection:
        notes.create(connection, checkfirst=True)
        connection.execute(notes.delete())
        connection.execute(notes.insert().values(id=1, **values))
        at, said = connection.execute(select(notes.c.at, notes.c.said)).one()
        notes.drop(connection)
    return at, said


MOMENTS = [
    datetime(2026, 3, 2, 10, 0, tzinfo=timezone(timedelta(hours=8))),
    datetime(2026, 3, 2, 2, 0, 0, 123456, tzinfo=UTC),
    datetime(1999, 12, 31, 23, 59, 59, 999999, tzinfo=timezone(timedelta(hours=-9, minutes=-30))),
]


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_moment_comes_back_in_utc(engine: Engine, moment: datetime) -> None:
    at, _ = stored(engine, at=moment)
    assert at == moment
    assert isinstance(at, datetime)
    assert at.tzinfo is UTC


@pytest.mark.postgres
def test_a_moment_does_not_depend_on_the_sessions_zone(postgres_engine: Engine) -> None:
    with writing(postgres_engine) as connection:
        connection.execute(text("SET LOCAL TIME ZONE 'Asia/Shanghai'"))
        notes.create(connection)
        connection.execute(notes.insert().values(id=1, at=MOMENTS[0]))
        at = connection.scalar(select(notes.c.at))
        notes.drop(connection)
    assert at == MOMENTS[0]
    assert at.tzinfo is UTC


def test_moments_compare_in_the_database(engine: Engine) -> None:
    with writing(engine) as connection:
        notes.create(connection)
        rows = [{"id": number, "at": moment} for number, moment in enumerate(MOMENTS)]
        connection.execute(notes.insert(), rows)
        earlier = connection.execute(select(notes.c.id).where(notes.c.at < MOMENTS[0])).scalars().all()
        notes.drop(connection)
    assert earlier == [2]


def test_a_naive_moment_is_refused(engine: Engine) -> None:
    with pytest.raises(StatementError, match="aware"):
        stored(engine, at=datetime(2026, 3, 2))  # noqa: DTZ001  # what is tested


def test_nothing_stays_nothing(engine: Engine) -> None:
    assert stored(engine, at=None, said=None) == (None, None)


@how(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(said=st.text(st.characters(exclude_categories=()), max_size=30))
def test_any_text_can_be_kept(engine: Engine, said: str) -> None:
    _, kept = stored(engine, said=said)
    assert isinstance(kept, str)
    assert len(kept) == len(said)
    assert all(
        a == b or (b == "\ufffd" and (a == "\x00" or "\ud800" <= a <= "\udfff"))
        for a, b in zip(said, kept, strict=True)
    )
