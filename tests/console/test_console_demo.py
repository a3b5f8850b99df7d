"""The demonstration: nothing in it is real or could be, it tells nobody, and undo takes away exactly it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from bot.clock import FixedClock
from bot.console.first_account import first_account
from bot.console.signing_in import SigningIn
from bot.demo import demonstration
from bot.demo.demonstration import Demonstration
from bot.demo.marks import STAFF, code, phone
from bot.demo.reading import AlreadyLoadedError, DemoCase, DemoError, answers_of, read_cases
from bot.outbox import outbox
from db.engine import reading
from intake.cases import DEMO_TAG, CaseState
from intake.models import Read
from intake.reading.uscc import read_uscc
from intake.store.cases import verify_chain
from intake.store.tables import cases, organisations, profiles, staff_notices
from tests.support.bureau import Bureau, bureau_of
from tests.support.consoles import Console, parts_of

WRITTEN = read_cases()


@pytest.fixture
def bureau(engine: Engine, clock: FixedClock, data_dir: Path) -> Bureau:
    """On both databases."""
    return bureau_of(engine, clock, data_dir)


@pytest.fixture
def demo(bureau: Bureau) -> Demonstration:
    return Demonstration(bureau.needs, bureau.accounts, bureau.clock.now)


def rows(engine: Engine, table: Any) -> int:
    with reading(engine) as connection:
        return connection.scalar(select(func.count()).select_from(table)) or 0


def test_a_dozen_cases_stand_in_many_states(demo: Demonstration) -> None:
    loaded = demo.load()
    assert len(loaded) == 12
    assert {case.state for case in loaded} >= {
        CaseState.SUBMITTED, CaseState.ACCEPTED, CaseState.NEED_INFO, CaseState.ROUTED, CaseState.IN_PROGRESS,
        CaseState.DOCKING, CaseState.ANSWERED, CaseState.CLOSED, CaseState.REJECTED, CaseState.WITHDRAWN,
    }  # fmt: skip
    assert all(case.title.startswith("【演示】") and DEMO_TAG in case.tags for case in loaded)


@pytest.mark.parametrize("case", WRITTEN, ids=lambda case: case.key)
def test_nothing_in_it_could_be_real(case: DemoCase) -> None:
    assert case.answers["org_name"].startswith("（演示）")
    assert case.answers["title"].startswith("【演示】")
    assert case.answers["contact_email"].endswith(".invalid")
    number = int(case.key)
    assert phone(number).e164.startswith("+865320")  # no local number in China begins with 0
    assert not isinstance(read_uscc(code(number)), Read)


def test_nobody_is_told_anything(demo: Demonstration, bureau: Bureau) -> None:
    demo.load()
    assert (rows(bureau.engine, outbox), rows(bureau.engine, staff_notices)) == (0, 0)
    demo.undo()
    assert (rows(bureau.engine, outbox), rows(bureau.engine, staff_notices)) == (0, 0)


def test_undo_takes_exactly_it_away(demo: Demonstration, bureau: Bureau) -> None:
    real = bureau.submit()
    before = (rows(bureau.engine, profiles), rows(bureau.engine, organisations))
    loaded = demo.load()
    bureau.act("demo", next(case for case in loaded if case.state is CaseState.ACCEPTED), "note", text="看过了")
    assert demo.undo() == 12
    coordinator = bureau.staff("city")
    assert [case.reference for case in bureau.needs.handling.queue(coordinator, ended=True)] == [real.reference]
    assert bureau.needs.cases.get(real.reference) == real
    assert (rows(bureau.engine, profiles), rows(bureau.engine, organisations)) == before
    assert bureau.needs.register.person(STAFF.id).active is False
    for case in loaded:
        left = bureau.needs.cases.by_id(case.id)
        assert left is not None
        assert left.hidden
        assert not left.is_open
        assert (left.title, left.summary, dict(left.answers)) == ("", "", {})
        assert bureau.needs.cases.private(case.id) is None
        events = bureau.needs.cases.events(case.id)
        assert all(event.text == "" for event in events)
        verify_chain(left, events)


def test_it_can_be_loaded_again_after_undo_and_not_before(demo: Demonstration, bureau: Bureau) -> None:
    demo.load()
    with pytest.raises(AlreadyLoadedError):
        demo.load()
    demo.undo()
    assert demo.undo() == 0
    assert len(demo.load()) == 12
    assert bureau.needs.register.person(STAFF.id).active


def test_a_load_that_fails_halfway_leaves_nothing(
    demo: Demonstration, bureau: Bureau, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = WRITTEN[4].model_copy(update={"steps": (WRITTEN[9].steps[0].model_copy(update={"values": {}}),)})
    monkeypatch.setattr(demonstration, "read_cases", lambda: (*WRITTEN[:4], broken))
    with pytest.raises(TypeError):
        demo.load()
    assert demo.loaded() is False
    assert bureau.needs.handling.queue(bureau.staff("city"), ended=True) == []


def test_an_answer_nobody_understands_is_named(bureau: Bureau) -> None:
    wrong = WRITTEN[0].model_copy(update={"answers": {**WRITTEN[0].answers, "deadline": "someday"}})
    with pytest.raises(DemoError, match="deadline"):
        answers_of(wrong, bureau.needs.formbook, bureau.needs.reference, bureau.clock.today())


def test_who_sees_everything_sees_nothing_of_it_in_the_console_after_undo(
    sqlite_engine: Engine, clock: FixedClock, data_dir: Path
) -> None:
    here = bureau_of(sqlite_engine, clock, data_dir)
    console = Console(here)
    demo = Demonstration(here.needs, here.accounts, clock.now)
    city = console.staff("city")
    reference = demo.load()[0].reference
    assert reference in city.get("/queue?view=all").text
    demo.undo()
    assert reference not in city.get("/queue?view=all").text
    assert city.get(f"/cases/{reference}").status_code == 404


def test_its_account_does_not_count_as_the_first_one(bureau: Bureau) -> None:
    from bot.console.desk import signing_in_of

    parts = parts_of(bureau)
    signing_in: SigningIn = signing_in_of(parts)
    bureau.needs.register.put_staff(STAFF, bureau.staff("boss"), bureau.clock.now())
    signing_in.reset_password(STAFF.id, "terminal")
    first = first_account(parts)
    assert first is not None
    assert first.account == "boss"
    assert first_account(parts) is None


def test_the_tables_hold_no_word_of_it_after_undo(demo: Demonstration, bureau: Bureau) -> None:
    demo.load()
    demo.undo()
    with reading(bureau.engine) as connection:
        left = " ".join(str(tuple(row)) for row in connection.execute(select(cases)))
    assert "海水淡化" not in left
    assert "（演示）" not in left
