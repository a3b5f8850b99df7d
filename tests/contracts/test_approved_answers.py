"""What every ApprovedAnswers must do, on memory, SQLite and PostgreSQL; and the steps of an answer's life in SQL."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from bot.kept_answers import (
    AnswerStateError,
    KeptAnswers,
    OwnAnswerError,
    State,
    UnknownAnswerError,
)
from db.engine import make_engine, writing
from rag.adapters.memory import MemoryApprovedAnswers
from rag.models import ApprovedAnswer, Ground
from rag.ports import ApprovedAnswers, ApprovedAnswersError

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
Keep = Callable[[ApprovedAnswer], ApprovedAnswer]


def an_answer(said: str = "宿舍补贴由各区受理。") -> ApprovedAnswer:
    grounds = (Ground("qd-housing-2021", "v1", "p1", "“硕士”每月800元"),)
    wordings = ("员工宿舍有补贴吗", "宿舍补贴\n怎么领？")
    return ApprovedAnswer(0, said, wordings, grounds, "崂山区", date(2026, 3, 2), date(2026, 8, 31), "政策服务组")


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def both(request: pytest.FixtureRequest) -> tuple[ApprovedAnswers, Keep]:
    """An adapter, and how an answer comes to stand in it."""
    if request.param == "memory":
        memory = MemoryApprovedAnswers()
        return memory, memory.keep
    kept = KeptAnswers(request.getfixturevalue(f"{request.param}_engine"), lambda: NOW)
    return kept, lambda answer: kept.keep(answer, "宿舍", "r1", "edit", waits=False).answer


def test_nothing_stands_before_something_was_kept(both: tuple[ApprovedAnswers, Keep]) -> None:
    assert list(both[0].standing()) == []


def test_what_was_kept_stands_as_it_was_written_in_the_order_it_was_kept(both: tuple[ApprovedAnswers, Keep]) -> None:
    answers, keep = both
    first, second = keep(an_answer()), keep(an_answer("另一条\n两行"))
    assert first.id != second.id
    assert list(answers.standing()) == [first, second]
    assert first.grounds == an_answer().grounds
    assert (second.text, second.wordings, second.until) == ("另一条\n两行", an_answer().wordings, date(2026, 8, 31))


def test_a_suspended_one_stands_no_more_and_is_suspended_once(both: tuple[ApprovedAnswers, Keep]) -> None:
    answers, keep = both
    first, second = keep(an_answer()), keep(an_answer())
    assert answers.suspend(first.id, "changed qd-housing-2021")
    assert list(answers.standing()) == [second]
    assert not answers.suspend(first.id, "changed again")
    assert not answers.suspend(999, "nobody")


# ------------------------------------------------------------------------------------------------------------ in SQL


@pytest.fixture
def kept(engine: Engine) -> KeptAnswers:
    return KeptAnswers(engine, lambda: NOW)


def test_one_that_waits_stands_only_after_somebody_else_approved_it(kept: KeptAnswers) -> None:
    one = kept.keep(an_answer(), "宿舍", "r1", "edit", waits=True).answer.id
    assert list(kept.standing()) == []
    with pytest.raises(OwnAnswerError):
        kept.approve(one, "edit")
    assert kept.approve(one, "boss").state is State.STANDING
    assert [answer.id for answer in kept.standing()] == [one]
    assert [(step.by, step.state) for step in kept.steps(one)] == [("edit", "waiting"), ("boss", "standing")]


def test_a_new_wording_takes_the_place_of_the_old_one_when_it_stands(kept: KeptAnswers) -> None:
    old = kept.keep(an_answer(), "宿舍", "r1", "edit", waits=False).answer.id
    new = kept.keep(an_answer("新的说法"), "宿舍", "r2", "edit", waits=True, replaces=old).answer.id
    assert [answer.id for answer in kept.standing()] == [old]
    kept.approve(new, "boss")
    assert [answer.text for answer in kept.standing()] == ["新的说法"]
    assert (kept.get(old).state, kept.get(old).why) == (State.REVOKED, f"replaced {new}")


def test_steps_that_do_not_follow_change_nothing(kept: KeptAnswers) -> None:
    one = kept.keep(an_answer(), "宿舍", "r1", "edit", waits=False).answer.id
    kept.revoke(one, "boss", "写错了")
    with pytest.raises(AnswerStateError):
        kept.approve(one, "boss")
    with pytest.raises(AnswerStateError):
        kept.revoke(one, "boss", "再来")
    with pytest.raises(UnknownAnswerError):
        kept.get(999)
    with pytest.raises(UnknownAnswerError):
        kept.keep(an_answer(), "宿舍", "r1", "edit", waits=False, replaces=999)
    assert [found.answer.id for found in kept.all()] == [one]
    assert kept.get(one).why == "写错了"


def test_another_process_sees_what_was_done_here(engine: Engine) -> None:
    ours, theirs = KeptAnswers(engine, lambda: NOW), KeptAnswers(engine, lambda: NOW)
    assert list(theirs.standing()) == []
    one = ours.keep(an_answer(), "宿舍", "r1", "edit", waits=False).answer
    assert list(theirs.standing()) == [one]
    theirs.suspend(one.id, "gone")
    assert list(ours.standing()) == []


def test_a_database_that_cannot_be_read_is_the_ports_own_error(tmp_path: Path, sqlite_engine: Engine) -> None:
    kept = KeptAnswers(make_engine(f"sqlite:///{tmp_path / 'empty.db'}"), lambda: NOW)
    with pytest.raises(ApprovedAnswersError):
        kept.standing()
    with pytest.raises(ApprovedAnswersError):
        kept.suspend(1, "why")
    broken = KeptAnswers(sqlite_engine, lambda: NOW)
    with writing(sqlite_engine) as connection:
        connection.execute(text("DROP TABLE kept_answer_steps"))
    with pytest.raises(ApprovedAnswersError):
        broken.standing()
