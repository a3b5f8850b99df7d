"""Housekeeping does what time makes due, chore by chore; one that fails keeps no other from its work."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, select

from bot.accounts import SESSION_LIFE, Account
from bot.chores import ORPHAN_AFTER, DraftReminders, Leftovers, chores, keep_house
from bot.clock import FixedClock
from bot.couriers import Courier
from bot.files import FolderFileStore
from bot.history import History
from bot.housekeeping import Chore, Housekeeping, start
from bot.messages import Message, Reply
from bot.notices import Inbox, Notices
from bot.outbox import outbox
from db.engine import reading
from intake.cases import CaseState
from intake.privacy import DRAFT_DAYS
from intake.store.drafts import Attachment, Draft
from intake.store.tasks import Tasks
from intake.values import Answered
from tests.support.bureau import Bureau, bureau_of

MINUTE = timedelta(minutes=1)
NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)


@pytest.fixture
def bureau(engine: Engine, clock: FixedClock, data_dir: Path) -> Bureau:
    return bureau_of(engine, clock, data_dir)


@pytest.fixture
def house(bureau: Bureau) -> Housekeeping:
    courier = Courier(bureau.engine, bureau.accounts, {})
    notices = Notices(bureau.needs.timing.calendar)
    return Housekeeping(chores(bureau.needs, bureau.engine, bureau.accounts, courier, notices, 1095))


def begun(bureau: Bureau, who: Account, **answers: str) -> Draft:
    """A draft with one answer."""
    given = {step: Answered(value=text) for step, text in (answers or {"title": "高盐废水膜技术"}).items()}
    return bureau.needs.drafts.begin(who.person, who.id, "technology", 1, bureau.clock.now(), answers=given)


def told(bureau: Bureau, who: Account) -> list[str]:
    return [notice.kind for notice in Inbox(bureau.engine).unread(who.id)]


# ------------------------------------------------------------------------------------------------------------- rounds


def test_each_chore_has_its_turn_when_it_is_due() -> None:
    done: list[str] = []

    def chore(name: str, every: timedelta) -> Chore:
        return Chore(name, every, lambda now: done.append(name) or len(done))  # type: ignore[func-returns-value]  # a list's append

    house = Housekeeping([chore("often", MINUTE), chore("seldom", 10 * MINUTE)])
    for minute in range(11):
        house.run_once(NOW + minute * MINUTE)
    assert (done.count("often"), done.count("seldom")) == (11, 2)


def test_a_chore_that_fails_is_logged_and_tried_again_and_the_others_go_on(caplog: pytest.LogCaptureFixture) -> None:
    calls: list[datetime] = []

    def fail(now: datetime) -> int:
        calls.append(now)
        raise RuntimeError("the disk is full")

    house = Housekeeping([Chore("first", MINUTE, fail), Chore("second", MINUTE, lambda now: 7)])
    assert house.run_once(NOW) == {"first": 0, "second": 7}
    assert house.run_once(NOW + MINUTE) == {"first": 0, "second": 7}
    assert len(calls) == 2
    assert "first failed" in caplog.messages[0]


def test_it_runs_in_a_thread_until_it_is_stopped_and_wakes_at_once(caplog: pytest.LogCaptureFixture) -> None:
    ran = threading.Semaphore(0)

    def work(now: datetime) -> int:
        ran.release()
        raise RuntimeError("every time")

    stop = start(Housekeeping([Chore("work", timedelta(0), work)]), lambda: NOW, pause=0.001)
    assert ran.acquire(timeout=60)
    assert ran.acquire(timeout=60)
    stop()
    assert not [thread for thread in threading.enumerate() if thread.name == "housekeeping"]
    stop = start(Housekeeping([]), lambda: NOW, pause=3600)
    stop()
    assert not [thread for thread in threading.enumerate() if thread.name == "housekeeping"]


def test_all_chores_of_the_house_run_on_an_empty_database(house: Housekeeping, clock: FixedClock) -> None:
    done = house.run_once(clock.now())
    assert done == dict.fromkeys(["notices", "deadlines", "reminders", "sessions", "retention", "files"], 0)


# ------------------------------------------------------------------------------------------------------------- chores


def test_deadlines_pass_and_what_nobody_read_is_called(house: Housekeeping, bureau: Bureau, clock: FixedClock) -> None:
    case = bureau.act("clerk", bureau.submit(), "ask", text="请补充检测数据")
    while bureau.needs.cases.get(case.reference).state is CaseState.NEED_INFO:  # type: ignore[union-attr]  # it is there
        clock.advance(timedelta(hours=6))
        house.run_once(clock.now())
    actions = [event.action for event in bureau.needs.cases.events(case.id)]
    assert actions == ["submit", "ask", "remind", "remind", "timeout"]
    clock.advance(timedelta(days=4))
    house.run_once(clock.now())
    reasons = [task.reason for task in Tasks(bureau.engine).open()]
    assert reasons == ["unread/need_info", "unread/need_info_reminder", "unread/need_info_reminder", "unread/timeout"]


def test_an_idle_draft_is_recalled_twice_then_let_go_with_a_word(
    house: Housekeeping, bureau: Bureau, clock: FixedClock
) -> None:
    wang = bureau.somebody()
    draft = begun(bureau, wang)
    news: dict[int, list[str]] = {}
    before: list[str] = []
    for hour in range(24 * (DRAFT_DAYS + 3)):
        house.run_once(clock.now())
        if (now := told(bureau, wang)) != before:
            news[hour // 24], before = now[len(before) :] if len(now) > len(before) else now, now
        clock.advance(timedelta(hours=1))
    assert list(news.items()) == [
        (1, ["draft.reminder"]),
        (7, ["draft.reminder"]),
        (DRAFT_DAYS, ["draft.purged"]),
    ]
    assert bureau.needs.drafts.get(draft.id) is None
    assert Tasks(bureau.engine).open() == []


def reminders(bureau: Bureau) -> DraftReminders:
    needs = bureau.needs
    return DraftReminders(bureau.engine, needs.drafts, Notices(needs.timing.calendar), needs.timing.calendar)


@pytest.mark.parametrize("hours", [24 + 11, 24 + 24 * 5])  # 21:00, and a Sunday
def test_nobody_is_reminded_at_night_or_on_a_day_off(bureau: Bureau, clock: FixedClock, hours: int) -> None:
    begun(bureau, bureau.somebody())
    clock.advance(timedelta(hours=hours))
    assert reminders(bureau).run(clock.now()) == 0


def test_a_draft_without_an_answer_is_nothing_to_remind_of(bureau: Bureau, clock: FixedClock) -> None:
    wang = bureau.somebody()
    bureau.needs.drafts.begin(wang.person, wang.id, "technology", 1, clock.now())
    clock.advance(timedelta(days=8))
    assert reminders(bureau).run(clock.now()) == 0


def test_after_a_long_stop_there_is_one_reminder_not_two(bureau: Bureau, clock: FixedClock) -> None:
    wang = bureau.somebody()
    begun(bureau, wang)
    clock.advance(timedelta(days=8))
    assert [reminders(bureau).run(clock.now()) for _ in range(3)] == [1, 0, 0]
    assert told(bureau, wang) == ["draft.reminder"]


def test_a_reminder_is_no_news_once_the_draft_was_gone_on_with(bureau: Bureau, clock: FixedClock) -> None:
    wang = bureau.somebody()
    draft = begun(bureau, wang)
    clock.advance(timedelta(days=1))
    reminders(bureau).run(clock.now())
    again = bureau.needs.drafts.get(draft.id)
    assert again is not None
    clock.advance(MINUTE)
    bureau.needs.drafts.save(again, clock.now())
    assert told(bureau, wang) == []


def test_an_ended_case_loses_its_personal_values_after_its_time(
    house: Housekeeping, bureau: Bureau, clock: FixedClock
) -> None:
    case = bureau.submit()
    bureau.act(bureau.owner(case), case, "withdraw")
    clock.advance(timedelta(days=1094))
    house.run_once(clock.now())
    assert bureau.needs.cases.private(case.id) is not None
    clock.advance(timedelta(days=2))
    house.run_once(clock.now())
    assert bureau.needs.cases.private(case.id) is None


def test_expired_sessions_are_forgotten(house: Housekeeping, bureau: Bureau, clock: FixedClock) -> None:
    token, _ = bureau.accounts.open_session()
    clock.advance(SESSION_LIFE + MINUTE)
    assert house.run_once(clock.now())["sessions"] == 1
    assert bureau.accounts.resolve_session(token) is None


# -------------------------------------------------------------------------------------------------------------- files


@pytest.fixture
def keep(bureau: Bureau, clock: FixedClock) -> Callable[[bytes], str]:
    """Put a file now, by the stopped clock, and give its digest."""

    def put(content: bytes) -> str:
        digest = bureau.needs.files.put([content]).digest
        path = bureau.settings.data_dir / "files" / digest[:2] / digest[2:4] / digest
        os.utime(path, (clock.now().timestamp(), clock.now().timestamp()))
        return digest

    return put


def there(files: FolderFileStore, clock: FixedClock) -> set[str]:
    return set(files.kept_before(clock.now() + timedelta(days=1)))


def test_a_file_that_belongs_to_nothing_goes_after_a_week(
    house: Housekeeping, bureau: Bureau, clock: FixedClock, keep: Callable[[bytes], str]
) -> None:
    wang = bureau.somebody()
    case = bureau.submit(wang)
    draft = begun(bureau, wang)
    orphan, of_draft, of_case, of_reply = keep(b"orphan"), keep(b"draft"), keep(b"case"), keep(b"reply")
    bureau.needs.drafts.attach(draft.id, Attachment(of_draft, "a.txt", "text/plain", 5), clock.now())
    with bureau.needs.cases.writing() as transaction:
        transaction.attach(case.id, [Attachment(of_case, "b.txt", "text/plain", 4)], "p", clock.now())
    message = Message("m", wang.id, "c", clock.now(), text="?")
    History(bureau.engine, clock).record(message, Reply("answered", "…"), f'{{"files": ["{of_reply}"]}}')
    clock.advance(ORPHAN_AFTER)
    young = keep(b"young")
    house.run_once(clock.now())
    assert there(bureau.needs.files, clock) == {orphan, of_draft, of_case, of_reply, young}
    clock.advance(timedelta(days=1))
    assert house.run_once(clock.now())["files"] == 1
    assert there(bureau.needs.files, clock) == {of_draft, of_case, of_reply, young}


def test_what_was_sent_in_again_meanwhile_stays(
    bureau: Bureau, clock: FixedClock, keep: Callable[[bytes], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = keep(b"again")
    clock.advance(ORPHAN_AFTER + MINUTE)
    leftovers = Leftovers(bureau.engine, bureau.needs.files)
    genuine = Leftovers._in_a_reply

    def sent_in_meanwhile(self: Leftovers, orphan: str) -> bool:
        keep(b"again")
        return genuine(self, orphan)

    monkeypatch.setattr(Leftovers, "_in_a_reply", sent_in_meanwhile)
    assert leftovers.run(clock.now()) == 0
    assert there(bureau.needs.files, clock) == {digest}


def test_the_files_of_a_draft_that_was_let_go_are_gone_with_it(
    house: Housekeeping, bureau: Bureau, clock: FixedClock, keep: Callable[[bytes], str]
) -> None:
    wang = bureau.somebody()
    shared, own = keep(b"shared"), keep(b"own")
    for digest in (shared, own):
        bureau.needs.drafts.attach(begun(bureau, wang).id, Attachment(digest, "a.txt", "text/plain", 5), clock.now())
    case = bureau.submit(bureau.somebody("li"))
    with bureau.needs.cases.writing() as transaction:
        transaction.attach(case.id, [Attachment(shared, "b.txt", "text/plain", 4)], "p", clock.now())
    clock.advance(timedelta(days=DRAFT_DAYS, hours=1))
    house.run_once(clock.now())
    assert there(bureau.needs.files, clock) == {shared}


# -------------------------------------------------------------------------------------------------------------- serve


def test_the_house_is_kept_from_its_settings(sqlite_engine: Engine, clock: FixedClock, data_dir: Path) -> None:
    from bot.bootstrap import build
    from bot.settings import Settings

    settings = Settings.model_construct(
        data_dir=data_dir, embed_model="none", notice_webhook_url=SecretStr("http://127.0.0.1:1/nobody")
    )
    house = build(settings, clock)
    bureau = Bureau(house.engine, clock, settings)
    bureau.submit()
    stop = keep_house(house)
    try:
        while not _attempted(house.engine):
            pass
    finally:
        stop()
    assert not [thread for thread in threading.enumerate() if thread.name == "housekeeping"]
    house.engine.dispose()


def _attempted(engine: Engine) -> bool:
    with reading(engine) as connection:
        return bool(connection.scalar(select(outbox.c.attempts).where(outbox.c.kind == "gateway.case.receipt")))
