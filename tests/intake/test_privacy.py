"""Export, withdrawal of consent, erasure and retention, on both databases: what goes, and what stays."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, Table, insert, select

from db.engine import reading, settle, writing
from db.schema import metadata
from intake.cases import SYSTEM, Actor, Case, CaseState, Event, Role, Via, owner
from intake.formbook import Formbook
from intake.privacy import DRAFT_DAYS
from intake.store.cases import Transaction, verify_chain
from intake.store.drafts import Attachment, Draft, StaleDraftError
from intake.store.register import Staff
from intake.store.tables import candidates, cases, contact_log, parties, staff_notices, tasks
from intake.submission import NotReadyError
from intake.values import Phone
from tests.support.needs import NOW, TEXTS, Desk, given

MARK = "MARKER7Q"
MARKED_PHONE = Phone(e164="+8613977665544")
MARKS = (MARK, "13977665544", "91110000600037341L")
STAFF = Actor("lin", "林", frozenset({Role.SPECIALIST}), "cli")


@pytest.fixture
def desk(engine: Engine, book: Formbook) -> Desk:
    return Desk(engine, book)


def marked(desk: Desk, person: str = "p1") -> Case:
    """A case with the marker in every field a person writes, and in what was written about it."""
    form = desk.book.form("technology")
    texts = {s.id: f"{MARK} {s.id}" for s in form.steps if s.type == "text" and "_other" not in s.id}
    draft = desk.draft(
        person, "technology", **texts, contact_phone=MARKED_PHONE, uscc="91110000600037341L",
        contact_email=f"{MARK}@example.com", keywords=(MARK,), requirements=(f"{MARK}一", f"{MARK}二"),
    )  # fmt: skip
    answers = {step: answered.model_copy(update={"text": f"原话{MARK}"}) for step, answered in draft.answers.items()}
    draft = desk.drafts.save(replace(draft, answers=answers, origin={"question": f"{MARK}?"}), NOW)
    desk.drafts.attach(draft.id, Attachment("a" * 64, f"{MARK}.pdf", "application/pdf", 1), NOW)
    case = desk.submission.submit(draft, "web").case
    case = said(desk, case, STAFF, "ask", f"请补充 {MARK}")
    case = said(desk, case, owner(person, "web"), "reply", f"补充 {MARK} 13977665544")
    with writing(desk.engine) as connection:
        notice = {"key": "k", "case": case.id, "team": "t", "kind": "new", "created_at": NOW, "body": {"text": MARK}}
        connection.execute(insert(staff_notices).values(notice))
        task = {"key": "k", "case": case.id, "kind": "call", "reason": "unread/new", "created_at": NOW, "result": MARK}
        connection.execute(insert(tasks).values(task))
        party = {
            "id": "x", "name": "学会", "type": "society", "fields": "", "industries": [], "source": "",
            "verified": False, "active": True, "updated_at": NOW,
        }  # fmt: skip
        connection.execute(insert(parties).values(party))
        candidate = {"case": case.id, "party": "x", "status": "contacted", "tell_owner": True, "by": "lin"}
        candidate |= {"created_at": NOW, "updated_at": NOW}
        key = connection.execute(insert(candidates).values(candidate)).inserted_primary_key
        assert key is not None
        log = {"candidate": key[0], "at": NOW, "by": "lin", "how": "phone", "result": f"{MARK} 同意"}
        connection.execute(insert(contact_log).values(log))
    return case


def said(desk: Desk, case: Case, actor: Actor, action: str, text: str) -> Case:
    with desk.store.writing() as transaction:
        event = Event(action, actor, desk.moment, ("none",), case.state, case.state, text=text, public=True)
        return transaction.change(case, event)


def ended(desk: Desk, case: Case, at: datetime) -> Case:
    with desk.store.writing() as transaction:
        event = Event("confirm", SYSTEM, at, ("none",), case.state, CaseState.CLOSED, public=True)
        return transaction.change(replace(case, state=CaseState.CLOSED, closed_at=at), event)


def tables_with(engine: Engine, *marks: str) -> set[str]:
    """The tables in which a mark stands."""
    with reading(engine) as connection:
        rows = {table.name: str(connection.execute(select(table)).all()) for table in _tables()}
    return {name for name, stored in rows.items() if any(mark in stored for mark in marks)}


def _tables() -> list[Table]:
    return [table for table in metadata.sorted_tables if table.name not in ("alembic_version",)]


def on_disk(engine: Engine, *marks: str) -> list[str]:
    """The files of the SQLite database that hold a mark; nothing for another database."""
    if engine.dialect.name != "sqlite":
        return []
    database = Path(engine.url.database or "")
    files = [database, *database.parent.glob(f"{database.name}-*")]
    return [file.name for file in files if any(mark.encode() in file.read_bytes() for mark in marks)]


def test_after_an_erasure_no_word_of_the_person_is_left_in_any_table_or_file(desk: Desk, engine: Engine) -> None:
    case = marked(desk)
    desk.drafts.begin("p1", "a1", "talent", 1, NOW, answers={"title": given(MARK)}, origin={"question": MARK})
    private = desk.store.private(case.id)
    assert private is not None
    secrets = (*MARKS, private.query_code, private.digest_key)
    assert tables_with(engine, *secrets) == {
        "cases", "case_private", "case_texts", "case_files", "drafts", "profiles", "organisations", "staff_notices",
        "tasks", "contact_log",
    }  # fmt: skip
    settle(engine)
    assert on_disk(engine, *MARKS) == (["assistant.db"] if engine.dialect.name == "sqlite" else [])

    erased = desk.privacy.erase("p1", "web")

    assert tables_with(engine, *secrets) == set()
    assert on_disk(engine, *secrets) == []
    assert erased.cases == (case.reference,)
    assert erased.drafts == 1
    assert erased.files == ("a" * 64,)


def test_after_an_erasure_the_history_verifies_and_the_codes_stay(desk: Desk) -> None:
    before = marked(desk)
    desk.privacy.erase("p1", "web")
    case = desk.store.get(before.reference)
    assert case is not None
    events = desk.store.events(case.id)
    assert verify_chain(case, events)
    assert [event.action for event in events] == ["submit", "ask", "reply", "withdraw", "erase"]
    assert all(event.text == "" for event in events)
    assert case.erased
    assert case.state is CaseState.WITHDRAWN
    assert case.closed_at == NOW
    kept = ("kind", "district", "industry", "submitted_at", "team", "quality", "announced", "confidentiality")
    assert all(getattr(case, name) == getattr(before, name) for name in kept)
    assert desk.store.private(case.id) is None


def test_an_open_case_is_withdrawn_and_its_team_is_told(desk: Desk) -> None:
    case = desk.submit("p1").case
    desk.told.clear()
    desk.privacy.erase("p1", "web")
    (told,) = desk.told
    assert (told.to, told.target, told.kind) == ("team", "laoshan", "withdrawn")
    assert told.body["reference"] == case.reference


def test_whoever_has_the_case_is_told(desk: Desk) -> None:
    case = desk.submit("p1").case
    desk.register.put_staff(Staff("lin", "林", STAFF.roles), SYSTEM, NOW)
    with desk.store.writing() as transaction:
        transaction.change(replace(case, assignee="lin"), Event("assign", STAFF, NOW, ("none",)))
    desk.told.clear()
    desk.privacy.withdraw_consent("p1", "web")
    assert [(told.to, told.target) for told in desk.told] == [("staff", "lin")]


def test_a_case_that_ended_keeps_its_state(desk: Desk) -> None:
    case = ended(desk, desk.submit("p1").case, NOW)
    desk.told.clear()
    desk.privacy.erase("p1", "web")
    after = desk.store.get(case.reference)
    assert after is not None
    assert after.state is CaseState.CLOSED
    assert after.erased
    assert desk.told == []


def test_an_erasure_touches_nobody_else(desk: Desk) -> None:
    other = desk.submit("p2").case
    marked(desk)
    desk.privacy.erase("p1", "web")
    assert desk.store.get(other.reference) == other
    assert desk.store.private(other.id) is not None
    assert desk.people.profile("p2")["contact_name"].value == TEXTS["contact_name"]
    assert desk.people.organisation_of("p2") is not None


def test_an_organisation_with_another_member_stays_theirs(desk: Desk) -> None:
    org = desk.submit("p1").case.org or ""
    desk.submit("p2")
    desk.privacy.erase("p1", "web")
    assert [member.person for member in desk.people.members(org)] == ["p2"]
    desk.privacy.erase("p2", "web")
    assert desk.people.organisation(org) is None


def test_a_file_that_somebody_else_sent_too_is_not_given_up(desk: Desk) -> None:
    file = Attachment("b" * 64, "标准.pdf", "application/pdf", 1)
    for person in ("p1", "p2"):
        draft = desk.draft(person)
        desk.drafts.attach(draft.id, file, NOW)
        desk.submission.submit(draft, "web")
    assert desk.privacy.erase("p1", "web").files == ()
    assert desk.privacy.erase("p2", "web").files == (file.digest,)


def test_words_written_into_somebody_elses_case_go_too(desk: Desk, engine: Engine) -> None:
    """As after a merger, when a reply lands on the case it was merged into."""
    other = desk.submit("p2").case
    said(desk, other, owner("p1", "web"), "reply", f"我再补充 {MARK}")
    desk.privacy.erase("p1", "web")
    assert tables_with(engine, MARK) == set()
    assert verify_chain(desk.store.get(other.reference) or other, desk.store.events(other.id))


def test_erasing_twice_or_a_stranger_does_nothing_more(desk: Desk) -> None:
    case = marked(desk)
    desk.privacy.erase("p1", "web")
    once = desk.store.events(case.id)
    desk.privacy.erase("p1", "web")
    assert desk.store.events(case.id) == once
    assert desk.privacy.erase("nobody", "web").cases == ()


def test_who_comes_back_after_an_erasure_is_asked_for_consent_again(desk: Desk) -> None:
    desk.submit("p1")
    desk.privacy.erase("p1", "web")
    assert not desk.people.consented("p1")
    assert [consent.given for consent in desk.people.consents("p1")] == [True, False]


def test_an_export_holds_every_field_before_the_erasure(desk: Desk, engine: Engine) -> None:
    case = marked(desk)
    draft = desk.drafts.begin("p1", "a1", "talent", 1, NOW, answers={"title": given(f"草稿{MARK}")})
    desk.drafts.attach(draft.id, Attachment("c" * 64, "简历.pdf", "application/pdf", 1), NOW)
    export = json.loads(json.dumps(desk.privacy.export("p1"), ensure_ascii=False))
    (exported,) = export["cases"]
    assert exported["reference"] == case.reference
    form = desk.book.form("technology")
    told = {answer["step"]: answer for answer in (*exported["answers"], *exported["personal"])}
    for step in form.steps:
        if step.type == "text" and "_other" not in step.id and not step.when:
            assert told[step.id]["value"].startswith(MARK), step.id
            assert told[step.id]["label"] == step.label
    assert told["contact_phone"]["value"]["e164"] == MARKED_PHONE.e164
    assert [event["text"] for event in exported["events"]] == [
        "", f"请补充 {MARK}", f"补充 {MARK} 13977665544",
    ]  # fmt: skip
    assert exported["files"] == [{"name": f"{MARK}.pdf", "media_type": "application/pdf", "size": 1}]
    assert exported["earlier_answers"]["origin"]["question"] == f"{MARK}?"
    assert export["drafts"][0]["answers"][0]["value"] == f"草稿{MARK}"
    assert export["drafts"][0]["files"][0]["name"] == "简历.pdf"
    assert export["profile"]
    assert export["organisation"]["name"] == f"{MARK} org_name"
    assert export["consents"][0]["given"] is True


def test_an_export_holds_no_internal_note(desk: Desk) -> None:
    case = desk.submit("p1").case
    with desk.store.writing() as transaction:
        transaction.change(case, Event("note", STAFF, NOW, ("none",), text="内部意见", public=False))
    assert "内部意见" not in json.dumps(desk.privacy.export("p1"), ensure_ascii=False)


def test_a_stranger_has_an_empty_export(desk: Desk) -> None:
    export = desk.privacy.export("nobody")
    assert not any(export[name] for name in ("profile", "organisation", "consents", "drafts", "cases"))


@pytest.mark.parametrize("via", ["web", "telegram"])
def test_withdrawing_consent_ends_the_use_of_the_contact(desk: Desk, engine: Engine, via: Via) -> None:
    open_case = desk.submit("p1", contact_phone=MARKED_PHONE).case
    closed = ended(desk, desk.submit("p1", "talent", contact_phone=MARKED_PHONE).case, NOW)
    desk.draft("p1", "finance", contact_phone=MARKED_PHONE)
    assert desk.privacy.withdraw_consent("p1", via).cases == (open_case.reference,)
    assert not desk.people.consented("p1")
    assert tables_with(engine, "13977665544") == set()
    assert on_disk(engine, "13977665544") == []
    states = [case.state for case in (desk.store.get(open_case.reference), desk.store.get(closed.reference)) if case]
    assert states == [CaseState.WITHDRAWN, CaseState.CLOSED]
    (draft,) = desk.drafts.all("p1")
    assert "contact_name" not in draft.answers
    assert "privacy_consent" not in draft.answers
    assert draft.answers["amount"]
    profile = desk.people.profile("p1")
    assert "contact_phone" not in profile
    assert profile["org_name"].value == TEXTS["org_name"]
    for case in desk.store.of_person("p1"):
        assert case.title
        assert verify_chain(case, desk.store.events(case.id))


def test_after_the_days_promised_personal_values_go_and_the_need_stays(desk: Desk, engine: Engine) -> None:
    old = ended(desk, marked(desk), NOW)
    recent = ended(desk, desk.submit("p2").case, NOW + timedelta(days=60))
    running = desk.submit("p3").case
    now = NOW + timedelta(days=101)
    desk.moment = now
    retained = desk.privacy.retention(now, 100)
    assert retained.cases == (old.reference,)
    case = desk.store.get(old.reference)
    assert case is not None
    assert desk.store.private(case.id) is None
    assert case.title
    assert "13977665544" not in str(desk.store.events(case.id))
    assert tables_with(engine, "13977665544") == set()
    assert on_disk(engine, "13977665544") == []
    assert verify_chain(case, desk.store.events(case.id))
    for kept in (recent, running):
        assert desk.store.private(kept.id) is not None
    assert desk.privacy.retention(now, 100).count == 0


def test_a_profile_goes_with_the_last_case_that_needed_it(desk: Desk) -> None:
    ended(desk, desk.submit("p1").case, NOW)
    desk.submit("p2")
    later = NOW + timedelta(days=101)
    desk.privacy.retention(later, 100)
    assert desk.people.profile("p1") == {}
    assert desk.people.profile("p2") != {}


def test_idle_drafts_are_dropped_and_their_owners_can_be_told(desk: Desk) -> None:
    old = desk.draft("p1")
    desk.drafts.attach(old.id, Attachment("d" * 64, "图.png", "image/png", 1), NOW)
    desk.pass_time(timedelta(days=DRAFT_DAYS - 1))
    young = desk.draft("p2")
    told: list[str] = []

    def tell(_transaction: Transaction, draft: Draft, _at: datetime) -> None:
        told.append(draft.account)

    retained = desk.privacy.retention(NOW + timedelta(days=DRAFT_DAYS), 1095, tell)
    assert [draft.id for draft in retained.drafts] == [old.id]
    assert retained.files == ("d" * 64,)
    assert told == ["account-of-p1"]
    assert desk.drafts.get(old.id) is None
    assert desk.drafts.get(young.id) == young


def test_a_draft_whose_owner_cannot_be_told_stays(desk: Desk) -> None:
    draft = desk.draft("p1")

    def broken(_transaction: Transaction, _draft: Draft, _at: datetime) -> None:
        raise OSError

    with pytest.raises(OSError):  # noqa: PT011  # the fake's own
        desk.privacy.retention(NOW + timedelta(days=DRAFT_DAYS), 1095, broken)
    assert desk.drafts.get(draft.id) == draft


def test_an_erasure_waits_for_those_who_are_changing_the_case(desk: Desk) -> None:
    cases_of_p1 = [desk.submit("p1", kind).case for kind in ("technology", "talent", "finance")]
    done = threading.Event()

    def keep_noting() -> None:
        while not done.is_set():
            for case in cases_of_p1:
                with desk.store.writing() as transaction:
                    current = transaction.by_id(case.id)
                    assert current is not None
                    transaction.change(current, Event("note", STAFF, NOW, ("none",)))

    with ThreadPoolExecutor(1) as pool:
        noting = pool.submit(keep_noting)
        erased = desk.privacy.erase("p1", "web")
        done.set()
        noting.result()
    assert len(erased.cases) == 3
    for case in desk.store.of_person("p1"):
        assert case.erased
        assert verify_chain(case, desk.store.events(case.id))


def test_what_is_submitted_while_it_is_erased_is_no_case_or_an_erased_one(desk: Desk) -> None:
    for _ in range(5):
        draft = desk.draft("p1")
        start = threading.Barrier(2)

        def submit(draft: Draft = draft, start: threading.Barrier = start) -> None:
            start.wait()
            with suppress(StaleDraftError, NotReadyError):
                desk.submission.submit(draft, "web")

        with ThreadPoolExecutor(1) as pool:
            submitting = pool.submit(submit)
            start.wait()
            desk.privacy.erase("p1", "web")
            submitting.result()
        assert all(case.erased for case in desk.store.of_person("p1"))
        assert desk.drafts.all("p1") == []


def test_an_erasure_that_fails_half_way_changes_nothing(desk: Desk, engine: Engine) -> None:
    first, second = desk.submit("p1").case, desk.submit("p1", "talent").case
    with writing(engine) as connection:
        before = connection.execute(select(cases).order_by(cases.c.id)).all()
    desk.told.clear()
    desk.store._tell = _failing_for(second.id)
    with pytest.raises(OSError, match="no room"):
        desk.privacy.erase("p1", "web")
    with reading(engine) as connection:
        assert connection.execute(select(cases).order_by(cases.c.id)).all() == before
    assert desk.store.private(first.id) is not None


def _failing_for(case: str):  # type: ignore[no-untyped-def]
    def tell(_connection: object, notice: object, _at: datetime) -> None:
        if getattr(notice, "case", "") == case:
            raise OSError("no room")

    return tell
