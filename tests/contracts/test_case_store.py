"""Drafts and cases on both databases: what is committed stays, no writer overwrites another, the chain holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, delete, update
from sqlalchemy.exc import DBAPIError

from db.engine import writing
from intake.cases import SYSTEM, Case, CaseState, Event, Private, Telling, owner
from intake.store.cases import CaseStore, StaleCaseError, verify_chain
from intake.store.drafts import Attachment, Drafts, StaleDraftError
from intake.store.tables import case_events, case_private, case_texts
from intake.values import Answered, Money

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
ANSWERS = {"title": Answered(value="高盐废水膜技术"), "budget": Answered(value=Money(low=None, high=Decimal(5)))}


@pytest.fixture
def told() -> list[Telling]:
    return []


@pytest.fixture
def store(engine: Engine, told: list[Telling]) -> CaseStore:
    return CaseStore(engine, lambda _connection, notice, _at: told.append(notice))


def a_case(**changes: Any) -> Case:
    fields: dict[str, Any] = {
        "id": "c1",
        "reference": "KC26-7K2M9-4",
        "kind": "technology",
        "form_version": 1,
        "state": CaseState.SUBMITTED,
        "person": "p1",
        "account": "a1",
        "channel": "web",
        "lang": "zh",
        "title": "高盐废水膜技术",
        "summary": "寻找能长期运行的膜",
        "confidentiality": "on_match",
        "submitted_at": NOW,
        "updated_at": NOW,
        "answers": ANSWERS,
        "draft": "d1",
    }
    return Case(**{**fields, **changes})


def submitted(store: CaseStore, **changes: Any) -> Case:
    event = Event("submit", owner("p1", "web"), NOW, ("owner:receipt",), to_state=CaseState.SUBMITTED, public=True)
    with store.writing() as transaction:
        case = a_case(**changes)
        transaction.insert(case, Private({"contact_name": Answered(value="张工")}, "X4K9P2", "key"))
        return transaction.first_event(case, event)


def accepted(case: Case, text: str = "") -> tuple[Case, Event]:
    event = Event("accept", SYSTEM, NOW, ("none",), case.state, CaseState.ACCEPTED, {"rev": case.rev}, text)
    return replace(case, state=CaseState.ACCEPTED, announced={"first": "2026-03-03"}, co_teams=("t1",)), event


def test_a_draft_is_kept_with_its_answers(engine: Engine) -> None:
    drafts = Drafts(engine)
    draft = drafts.begin("p1", "a1", "technology", 1, NOW, message="m1")
    saved = drafts.save(replace(draft, answers=ANSWERS, pending={"unsure": "如何申报"}), NOW, "m2")
    assert drafts.active("p1") == saved
    assert saved.answers == ANSWERS
    assert saved.last_message == "m2"


def test_a_second_kind_parks_the_first_and_coming_back_finds_it(engine: Engine) -> None:
    drafts = Drafts(engine)
    first = drafts.begin("p1", "a1", "technology", 1, NOW)
    drafts.save(replace(first, answers=ANSWERS), NOW)
    second = drafts.begin("p1", "a1", "talent", 1, NOW + timedelta(minutes=1))
    assert drafts.active("p1") == second
    again = drafts.begin("p1", "a1", "technology", 1, NOW)
    assert again.answers == ANSWERS
    assert [draft.kind for draft in drafts.all("p1") if not draft.parked] == ["technology"]


def test_a_draft_read_before_another_change_is_not_saved_over_it(engine: Engine) -> None:
    drafts = Drafts(engine)
    draft = drafts.begin("p1", "a1", "technology", 1, NOW)
    drafts.save(replace(draft, failures=1), NOW)
    with pytest.raises(StaleDraftError):
        drafts.save(replace(draft, failures=2), NOW)


def test_a_file_is_attached_once_and_goes_with_its_draft(engine: Engine) -> None:
    drafts = Drafts(engine)
    draft = drafts.begin("p1", "a1", "technology", 1, NOW)
    file = Attachment("d" * 64, "指标.pdf", "application/pdf", 12)
    drafts.attach(draft.id, file, NOW)
    assert drafts.attach(draft.id, file, NOW) == [file]
    drafts.drop(draft.id)
    assert drafts.get(draft.id) is None
    assert drafts.attached(draft.id) == []


def test_a_case_is_kept_as_it_was_submitted(store: CaseStore) -> None:
    case = submitted(store)
    assert store.get("KC26-7K2M9-4") == case
    assert store.of_draft("d1") == case
    private = store.private("c1")
    assert private is not None
    assert private.personal["contact_name"].value == "张工"


def test_a_change_moves_the_revision_and_lengthens_the_chain(store: CaseStore) -> None:
    case = submitted(store)
    with store.writing() as transaction:
        after = transaction.change(*accepted(case, "电话里说周三可以"))
    assert (after.rev, after.seq) == (2, 2)
    assert store.get(case.reference) == after
    events = store.events("c1")
    assert [event.action for event in events] == ["submit", "accept"]
    assert events[1].text == "电话里说周三可以"
    assert verify_chain(after, events)


def test_of_two_writers_the_second_is_told_how_the_case_stands(store: CaseStore) -> None:
    case = submitted(store)
    with store.writing() as transaction:
        transaction.change(*accepted(case))
    with store.writing() as transaction, pytest.raises(StaleCaseError) as stale:
        transaction.change(*accepted(case))
    assert stale.value.case.state is CaseState.ACCEPTED
    assert len(store.events("c1")) == 2


def test_a_transaction_that_fails_leaves_nothing(store: CaseStore) -> None:
    case = submitted(store)

    def fail() -> None:
        with store.writing() as transaction:
            transaction.change(*accepted(case))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert store.get(case.reference) == case


@pytest.mark.parametrize("statement", [update(case_events).values(actor="somebody"), delete(case_events)])
def test_the_database_refuses_to_change_or_remove_an_event(store: CaseStore, engine: Engine, statement: Any) -> None:
    submitted(store)
    with pytest.raises(DBAPIError, match="append-only"), writing(engine) as connection:
        connection.execute(statement)
    assert len(store.events("c1")) == 1


def test_the_chain_verifies_after_the_texts_and_the_key_are_erased(store: CaseStore, engine: Engine) -> None:
    case = submitted(store)
    with store.writing() as transaction:
        case = transaction.change(*accepted(case, "张工 13800138000"))
    with writing(engine) as connection:
        connection.execute(delete(case_texts))
        connection.execute(delete(case_private))
    events = store.events("c1")
    assert verify_chain(case, events)
    assert [event.text for event in events] == ["", ""]


def test_a_forged_event_breaks_the_chain(store: CaseStore) -> None:
    case = submitted(store)
    (event,) = store.events("c1")
    assert not verify_chain(case, [replace(event, actor="somebody")])
    assert not verify_chain(case, [])
