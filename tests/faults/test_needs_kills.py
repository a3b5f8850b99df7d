"""A need survives kill -9: one round at the failpoints that differ in kind; `make faults` runs twenty at each."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine, make_url

from tests.faults import journeys, writers
from tests.faults.journeys import POINTS, Journey, JourneyError

IN_THE_SUITE = (
    "answer-uncommitted", "answer-committed", "consent-committed", "personal-committed", "confirm-uncommitted",
    "confirm-committed", "confirm-unsent", "notice-leased", "notice-delivered",
)  # fmt: skip


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> Journey:
    return journeys.undisturbed(tmp_path_factory.mktemp("undisturbed") / "data")


@pytest.mark.parametrize("point", IN_THE_SUITE)
def test_a_kill_loses_nothing_acknowledged_and_does_nothing_twice(
    tmp_path: Path, expected: Journey, point: str
) -> None:
    journey = journeys.round_at(tmp_path / "data", point, expected)
    assert journey.killed == 1
    assert journeys.hits(tmp_path / "data") == [POINTS[point][1]]


def test_a_process_that_dies_at_every_single_message_still_gets_there(tmp_path: Path, expected: Journey) -> None:
    journey = journeys.round_everywhere(tmp_path / "data", journeys.AFTER, expected)
    assert journey.killed == len(expected.passed)


def test_the_rounds_notice_an_answer_that_was_lost(tmp_path: Path, expected: Journey) -> None:
    journey = Journey(tmp_path / "data", {}, acknowledged=["an answer nobody kept"])
    child = journeys.Child(tmp_path / "data")
    try:
        child.say({"id": "m1", "text": journeys.OPENING})
        with pytest.raises(JourneyError, match="acknowledged and lost"):
            journey._check_acknowledged()
    finally:
        child.stop()


def test_a_failpoint_that_is_not_passed_is_noticed(tmp_path: Path, expected: Journey) -> None:
    with pytest.raises(JourneyError):
        Journey(tmp_path / "data", {journeys.OPENING: "no such point"}).run()


def test_writers_in_several_processes_each_get_their_own_number(tmp_path: Path) -> None:
    outcome = writers.run(f"sqlite:///{tmp_path / 'writers.db'}", tmp_path, 2, 5, 3)
    assert (outcome.submissions, outcome.references) == (30, 30)


@pytest.mark.postgres
def test_writers_on_postgresql_each_get_their_own_number(tmp_path: Path, postgres_engine: Engine) -> None:
    admin = make_url(postgres_engine.url).set(database="postgres").render_as_string(hide_password=False)
    outcome = writers.run(writers.fresh_postgres(admin, "kechuang_writers_test"), tmp_path, 2, 5, 3)
    assert (outcome.submissions, outcome.references) == (30, 30)


def test_a_case_without_a_receipt_is_noticed(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'writers.db'}"
    writers.run(url, tmp_path, 1, 1, 1)
    with pytest.raises(writers.WritersError, match="1 receipts, 2 cases"):
        writers.run(url, tmp_path, 1, 1, 1)
