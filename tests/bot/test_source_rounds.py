"""A round: look, publish where that is set, tell those who keep the corpus; one at a time, gone on with when cut."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from bot.clock import FixedClock
from bot.corpus_drafts import Card, Stage
from bot.corpus_sources import Sources
from bot.look_summary import Summary, policy_news, read_summary
from bot.look_words import summary_lines
from bot.notice_words import staff_notice_text
from bot.ownership import OwnedElsewhereError, Owner
from bot.refresh_schedule import read_schedule
from bot.round_parts import LOCK, rounds_of
from bot.settings import Settings
from bot.source_rounds import LookingError, SourceRounds
from intake.cases import SYSTEM, Role
from intake.staff import Staff
from intake.store.register import Register
from intake.store.staff_notices import StaffInbox
from rag.parsing import Parsed, Reason
from tests.bot.test_corpus_life import NOTICE, NOW, UPGRADE, House
from tests.bot.test_looking import BOSS
from tests.support.policies import policies

STAFF = (
    Staff("boss", "管理", frozenset({Role.ADMIN}), frozenset({"370212"})),
    Staff("ed", "编辑", frozenset({Role.EDITOR})),
    Staff("local", "区编", frozenset({Role.EDITOR}), frozenset({"370212"})),
    Staff("clerk", "受理", frozenset({Role.CLERK})),
    Staff("gone", "离职", frozenset({Role.ADMIN}), active=False),
)


class Held:
    """In place of a thread: work waits until it is done."""

    def __init__(self) -> None:
        self.work: list[Callable[[], None]] = []

    def __call__(self, work: Callable[[], None]) -> None:
        self.work.append(work)

    def do(self) -> None:
        while self.work:
            self.work.pop(0)()


class Bureau:
    """A house with a source, its staff, and rounds over it."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self.engine, self.folder = engine, folder
        self.house = House(engine, folder)
        self.clock = FixedClock(NOW)
        self.held = Held()
        self.register = Register(engine)
        for person in STAFF:
            self.register.put_staff(person, SYSTEM, NOW)
        self.inbox = StaffInbox(engine)
        Sources(engine).add("folder", self.house.desk, "", BOSS, NOW)

    def rounds(self, guard: Any = None, **settings: Any) -> SourceRounds:
        more = {"guard": guard} if guard else {}
        return rounds_of(
            self.engine, Settings.model_construct(data_dir=self.folder, **settings), self.clock, self.house.taking_in,
            self.house.publishing, self.house.reader, self.register.staff, spawn=self.held, **more,
        )  # fmt: skip

    def round(self, **settings: Any) -> Summary:
        self.clock.advance(timedelta(days=1))
        summary = self.rounds(**settings).run("boss").summary
        assert summary is not None
        return summary

    def told(self, who: str) -> list[str]:
        found = self.inbox.unread(who, ())
        self.inbox.seen(who, (), [notice.id for notice in found], self.clock.now())
        return [staff_notice_text(notice.kind, notice.body) for notice in found]


@pytest.fixture
def bureau(engine: Engine, tmp_path: Path) -> Bureau:
    return Bureau(engine, tmp_path)


@pytest.fixture
def alone(sqlite_engine: Engine, tmp_path: Path) -> Bureau:
    return Bureau(sqlite_engine, tmp_path)


def test_a_round_tells_those_who_keep_the_corpus_once_and_nobody_when_nothing_happened(bureau: Bureau) -> None:
    bureau.house.file(NOTICE)
    bureau.house.file("坏", "broken.txt")
    bureau.house.parser.refuses = Reason.DAMAGED
    first = bureau.round()
    assert [(one.kind, one.why) for one in first.files] == [("broken", "damaged"), ("broken", "damaged")]
    bureau.house.parser.refuses = None
    bureau.told("boss"), bureau.told("ed")
    second = bureau.round()
    assert sorted((one.kind, one.title) for one in second.files) == [
        ("new", "broken.txt"), ("new", "关于印发青岛市深海装备扶持办法的通知"),
    ]  # fmt: skip
    assert (second.to_confirm, second.in_review, second.amiss, second.publishing) == (2, 0, 0, "off")
    told = bureau.told("boss")
    assert told == bureau.told("ed")
    assert len(told) == 1
    assert "新收录，请核对（2）" in told[0]
    assert "第 2 号稿《关于印发青岛市深海装备扶持办法的通知》" in told[0]
    assert "等待处理：待核对 2 份，待发布 0 份。" in told[0]
    third = bureau.round()
    assert (third.news, third.files, third.unchanged) == (False, (), 2)
    assert [bureau.told(who) for who in ("boss", "ed", "local", "clerk", "gone")] == [[], [], [], [], []]


def test_what_is_in_review_is_published_only_where_the_setting_says_so(bureau: Bureau) -> None:
    number = bureau.house.in_review(NOTICE)
    assert bureau.round().publishing == "off"
    assert bureau.house.taking_in.drafts.get(number).stage is Stage.IN_REVIEW
    done = bureau.round(corpus_refresh_publishes=True)
    assert (done.publishing, done.release, done.in_review) == ("published", 2, 0)
    assert bureau.house.taking_in.drafts.get(number).stage is Stage.LIVE
    assert "已发布第 2 版。" in bureau.told("boss")[-1]
    assert bureau.round(corpus_refresh_publishes=True).publishing == "nothing"


def test_a_round_publishes_nothing_that_the_golden_questions_block(alone: Bureau) -> None:
    alone.house.write_golden("首次认定高新技术企业奖励多少钱", "qd-hitech-2025", 0)
    number = alone.house.in_review(UPGRADE.replace("一次性奖励12万元", "予以表扬"))
    before = alone.house.store.live()
    assert alone.round(corpus_refresh_publishes=True).publishing == "blocked"
    assert alone.house.store.live() == before
    assert alone.house.taking_in.drafts.get(number).stage is Stage.IN_REVIEW
    assert "金标问题变差" in alone.told("boss")[0]


def test_a_round_beside_a_server_leaves_publishing_to_it(alone: Bureau) -> None:
    number = alone.house.in_review(NOTICE)

    @contextmanager
    def of_a_server() -> Iterator[None]:
        raise OwnedElsewhereError(alone.folder, Owner(1, "serve"))
        yield

    done = alone.rounds(of_a_server, corpus_refresh_publishes=True).run("boss").summary
    assert done is not None
    assert done.publishing == "elsewhere"
    assert alone.house.taking_in.drafts.get(number).stage is Stage.IN_REVIEW


def test_a_round_while_somebody_publishes_leaves_it_for_the_next(alone: Bureau) -> None:
    number = alone.house.in_review(NOTICE)
    waits = Held()
    work = alone.house.work
    work._spawn = waits
    work.begin("ed")
    assert alone.round(corpus_refresh_publishes=True).publishing == "busy"
    assert alone.house.taking_in.drafts.get(number).stage is Stage.IN_REVIEW
    waits.do()
    assert alone.round(corpus_refresh_publishes=True).publishing == "published"
    assert alone.house.taking_in.drafts.get(number).stage is Stage.LIVE


def test_a_draft_that_is_not_whole_any_more_holds_up_publishing_and_is_named(alone: Bureau) -> None:
    number, drafts = alone.house.in_review(NOTICE), alone.house.taking_in.drafts
    card = drafts.get(number).card
    fields = {name: value for name, value in card.fields.items() if name != "issuer"}
    drafts.step(number, Stage.DRAFT, "ed", "reopened", NOW, card=Card(fields, {}, card.confirmed))
    drafts.step(number, Stage.IN_REVIEW, "ed", "submitted", NOW)
    done = alone.round(corpus_refresh_publishes=True)
    assert (done.publishing, done.detail) == ("unready", str(number))
    assert f"第 {number} 号稿还不完整" in alone.told("boss")[0]


def test_one_round_at_a_time_whichever_process_asks(alone: Bureau) -> None:
    first, second = alone.rounds(), alone.rounds()
    first.begin("boss")
    assert first.round is not None
    assert first.round.running
    for act in (lambda: second.begin("ed"), lambda: second.run("ed"), lambda: first.begin("ed")):
        with pytest.raises(LookingError):
            act()
    alone.held.do()
    assert first.round.summary is not None
    second.run("ed")
    assert (alone.folder / LOCK).exists()


def test_a_round_that_was_stopped_has_no_end_and_the_next_one_tells_what_it_found(alone: Bureau) -> None:
    alone.house.file(NOTICE)
    alone.house.file(NOTICE.replace("9号", "19号"), "second.txt")
    rounds, parse = alone.rounds(corpus_refresh="daily 03:00"), alone.house.taking_in.parse

    def stopping(path: Path) -> Parsed:
        rounds.stop()
        return parse(path)

    alone.house.taking_in.parse = stopping
    rounds.begin("system")
    alone.held.do()
    alone.house.taking_in.parse = parse
    last = rounds.looks.last()
    assert rounds.round is not None
    assert last is not None
    assert (rounds.round.summary, rounds.round.failed, last.ended) == (None, "stopped", None)
    assert alone.told("boss") == []
    alone.clock.advance(timedelta(minutes=1))
    started = alone.rounds(corpus_refresh="daily 03:00")
    assert started.run_due(alone.clock.now()) == 1
    alone.held.do()
    assert started.round is not None
    assert started.round.summary is not None
    assert [one.kind for one in started.round.summary.files] == ["new", "new"]
    assert len(alone.told("boss")) == 1


def test_what_breaks_a_round_off_is_tried_again_after_a_while(alone: Bureau) -> None:
    alone.house.file(NOTICE)
    rounds = alone.rounds(corpus_refresh="hourly")
    alone.house.taking_in.known = lambda: [][1]  # a fault of ours
    alone.clock.advance(timedelta(hours=1))
    assert rounds.run_due(alone.clock.now()) == 1
    alone.held.do()
    assert rounds.round is not None
    assert rounds.round.failed == "IndexError"
    assert rounds.run_due(alone.clock.now()) == 0
    alone.clock.advance(timedelta(minutes=11))
    assert rounds.run_due(alone.clock.now()) == 1


def test_the_schedule_begins_a_round_when_it_is_time_and_catches_up_on_one_that_was_missed(alone: Bureau) -> None:
    rounds = alone.rounds(corpus_refresh="daily 03:00")
    assert rounds.next() == datetime(2026, 3, 2, 19, tzinfo=UTC)
    assert rounds.run_due(alone.clock.now()) == 0
    alone.clock.moment = datetime(2026, 3, 2, 19, tzinfo=UTC)
    assert rounds.run_due(alone.clock.now()) == 1
    assert rounds.run_due(alone.clock.now()) == 0
    alone.held.do()
    assert rounds.run_due(alone.clock.now()) == 0
    assert rounds.next() == datetime(2026, 3, 3, 19, tzinfo=UTC)
    alone.clock.advance(timedelta(days=3))
    again = alone.rounds(corpus_refresh="daily 03:00")
    assert again.run_due(alone.clock.now()) == 1
    assert alone.rounds().next() is None
    assert alone.rounds().run_due(alone.clock.now()) == 0


def test_what_the_clock_brings_is_named_once() -> None:
    def told(before: date | None, today: date) -> list[tuple[str, str]]:
        return [(news.kind, news.id) for news in policy_news([*found, None], before, today)]

    base = next(document.policy for document in documents if document.policy and document.policy.id == "qd-hitech-2025")
    found = [
        base.model_copy(update={"effective": "2025-02-01", "expires": "2028-01-31", "status_asof": date(2027, 12, 1)})
    ]
    assert told(date(2025, 1, 31), date(2025, 2, 1)) == [("effective", "qd-hitech-2025")]
    assert told(date(2025, 2, 1), date(2025, 2, 2)) == []
    assert told(date(2027, 12, 31), date(2028, 1, 1)) == [("expiring", "qd-hitech-2025")]
    assert told(date(2028, 1, 1), date(2028, 1, 2)) == []
    assert told(None, date(2028, 1, 20)) == [("expiring", "qd-hitech-2025")]
    assert told(date(2028, 1, 31), date(2028, 2, 1)) == [("expired", "qd-hitech-2025")]
    assert told(date(2028, 2, 1), date(2028, 2, 2)) == []


documents = policies()


def test_a_summary_is_read_as_it_was_written_and_has_words_in_both_languages(alone: Bureau) -> None:
    alone.house.file(NOTICE)
    summary = alone.round()
    assert read_summary(summary.written()) == summary
    assert read_summary({**summary.facts(), "later": 1}) == summary
    for lang in ("zh", "en"):
        assert len(summary_lines(summary, lang)) == 4  # type: ignore[arg-type]  # both are languages


def test_the_words_of_a_schedule_stand_in_the_settings() -> None:
    assert Settings.model_construct(corpus_refresh="weekly mon 03:00").refresh_schedule == read_schedule(
        "weekly mon 03:00"
    )
