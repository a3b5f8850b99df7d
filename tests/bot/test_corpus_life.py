"""A file's way into the corpus: taken in once, confirmed field by field, published whole or not at all."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from bot.accounts import Accounts
from bot.clock import FixedClock
from bot.corpus_drafts import STEPS, Drafts, Read, Stage, StageError, UnknownDraftError
from bot.coverage import wanted_originals
from bot.history import History
from bot.messages import Message, Reply
from bot.publishing import BlockedError, Publishing, SamePersonError
from bot.refreshing import CorpusWork
from bot.releases import SqlReleaseStore
from bot.taking_in import TakingIn, UnknownFieldError, UnreadyError
from rag.adapters.memory import MemoryVectorCache
from rag.corpus import read_corpus
from rag.indexing import Indexes
from rag.legal_time import state_on
from rag.models import PolicyState, Question
from rag.parsing import Block, BlockKind, Parsed, Reason, Refused
from rag.parsing.markdown import placed
from rag.pipeline import Pipeline
from rag.reader import Reader
from tests.support.policies import TODAY, policies, write_corpus
from tests.support.shelves import MemorySegments

NOW = datetime(2026, 3, 2, 2, tzinfo=UTC)
NOTICE = """关于印发青岛市深海装备扶持办法的通知

青海规〔2026〕9号

第一条 支持对象为在青岛市注册的科技企业。

第二条 对首次认定的深海装备科技企业，一次性奖励66万元。

第三条 本办法自2026年4月1日起施行，有效期至2026年12月31日。《青岛市高新技术企业培育若干措施》同时废止。

青岛市海洋发展局
2026年2月20日
"""
UPGRADE = """青岛市高新技术企业培育若干措施

青科规〔2025〕7号

第一条 首次通过高新技术企业认定的，一次性奖励12万元。

第二条 本措施自2025年2月1日起施行，有效期至2028年1月31日。

青岛市科学技术局
2025年1月10日
"""


class Parser:
    """Lines as blocks, a page each ten; refuses what it is told to."""

    def __init__(self) -> None:
        self.refuses: Reason | None = None
        self.read: list[str] = []

    def __call__(self, path: Path) -> Parsed:
        self.read.append(path.name)
        if self.refuses:
            raise Refused(self.refuses)
        lines = [line for line in path.read_text("utf-8").splitlines() if line.strip()]
        blocks = placed(Block(BlockKind.PARAGRAPH, line, page=1 + n // 3) for n, line in enumerate(lines))
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        return Parsed("", blocks, 2, (), (), "fake", "7", digest, "text/plain")


class House:
    """A corpus folder with the invented policies, published, and everything around it."""

    def __init__(self, engine: Engine, folder: Path, *, by_two: bool = False) -> None:
        self.folder = write_corpus(folder / "corpus", policies())
        self.desk = folder / "desk"
        self.desk.mkdir()
        self.parser = Parser()
        self.store = SqlReleaseStore(engine)
        places = Indexes(self.store, MemorySegments(), MemoryVectorCache())
        self.reader = Reader(places)
        self.work = CorpusWork(self.folder, places, self.reader, lambda: NOW)
        self.work.refresh()
        self.taking_in = TakingIn(
            Drafts(engine),
            lambda: read_corpus(self.folder).policies,
            folder / "originals",
            lambda: NOW,
            lambda: TODAY,
            self.parser,
        )
        self.golden = folder / "golden.jsonl"
        self.publishing = Publishing(
            self.work, self.taking_in, lambda: NOW, lambda: TODAY, self.golden, two_persons=by_two
        )

    def file(self, text: str, name: str = "notice.txt") -> Path:
        path = self.desk / name
        path.write_text(text, "utf-8")
        return path

    def in_review(self, text: str) -> int:
        return self.handed_on(self.taking_in.add(self.file(text), "ed").draft.id)

    def handed_on(self, number: int) -> int:
        """What is too short to tell its category by is given one."""
        self.taking_in.edit(number, {"categories": "science"}, "ed")
        self.taking_in.confirm(number, ["all"], "ed")
        return self.taking_in.submit(number, "ed").id

    def ask(self, question: str, day: date = TODAY) -> list[str]:
        answer = Pipeline(self.reader, lambda: day).answer(Question(question))
        return [card.quote for card in answer.citations]

    def write_golden(self, question: str, policy: str, provision: int | None) -> None:
        gold = {
            "id": "g1", "part": "dev", "kind": "single", "question": question, "history": [], "district": None,
            "as_of": None, "statuses": ["answered"], "policies": [policy], "all": False, "must_say": [],
            "provisions": [{"policy": policy, "index": provision}], "must_not_say": [], "retired": [],
        }  # fmt: skip
        self.golden.write_text(json.dumps(gold, ensure_ascii=False), "utf-8")


@pytest.fixture
def house(engine: Engine, tmp_path: Path) -> House:
    return House(engine, tmp_path)


@pytest.fixture
def lone_house(sqlite_engine: Engine, tmp_path: Path) -> House:
    """On SQLite alone: what is tested here are not the statements."""
    return House(sqlite_engine, tmp_path)


def test_a_file_becomes_a_draft_with_every_step_on_record(house: House) -> None:
    taken = house.taking_in.add(house.file(NOTICE), "ed")
    draft = house.taking_in.drafts.get(taken.draft.id)
    assert (taken.outcome, draft.stage, draft.attempts) == ("new", Stage.DRAFT, 1)
    assert draft.card.fields["doc_no"] == "青海规〔2026〕9号"
    assert draft.card.fields["supersedes"] == ["qd-hitech-2025"]
    assert draft.card.confirmed == ()
    (start, end, why) = draft.card.origins["effective"][0]
    assert (draft.read.text[start:end], why) == ("2026年4月1日起施行", "stated")
    assert draft.read.page(start) == 2
    steps = house.taking_in.drafts.steps(draft.id)
    assert [(step.stage, step.what, step.by) for step in steps] == [
        (Stage.FOUND, "found", "ed"), (Stage.PARSED, "parsed", "ed"), (Stage.DRAFT, "proposed", "ed"),
    ]  # fmt: skip
    assert {(step.at, step.file_digest) for step in steps} == {(NOW, draft.file_digest)}
    assert [step.parser_version for step in steps] == ["", "7", "7"]


def edition(day: str, amount: str, year: str) -> str:
    return (
        f"青岛市海洋观测奖励办法\n\n（{day}青岛市海洋发展局发布）\n\n第一条 支持对象为在青岛市注册的海洋观测企业。\n\n"
        f"第二条 对首次认定的海洋观测企业，一次性奖励{amount}万元。\n\n"
        f"第三条 本办法自{year}年6月1日起施行。\n\n青岛市海洋发展局\n{day}\n"
    )


OLD, MIDDLE, NEW = (
    edition("2021年5月6日", "20", "2021"),
    edition("2023年5月6日", "30", "2023"),
    edition("2025年5月6日", "44", "2025"),
)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0), (2, 0, 1)])
def test_editions_of_one_title_are_linked_each_to_the_one_before_in_whatever_order_they_come(
    lone_house: House, order: tuple[int, ...]
) -> None:
    numbers = {
        n: lone_house.taking_in.add(lone_house.file((OLD, MIDDLE, NEW)[n], f"{n}.txt"), "ed").draft.id for n in order
    }
    cards = {n: lone_house.taking_in.drafts.get(number).card for n, number in numbers.items()}
    ids = {n: card.fields["id"] for n, card in cards.items()}
    assert len(set(ids.values())) == 3
    assert [cards[n].fields.get("supersedes", []) for n in range(3)] == [[], [ids[0]], [ids[1]]]
    if order[0] == 2:
        assert "newer_edition" in lone_house.taking_in.drafts.get(numbers[0]).read.remarks


def test_editions_published_together_end_each_other_and_the_change_is_told_from_both(lone_house: House) -> None:
    numbers = [
        lone_house.taking_in.add(lone_house.file(text, f"{n}.txt"), "ed").draft.id for n, text in enumerate((NEW, OLD))
    ]
    for number in numbers:
        lone_house.handed_on(number)
    candidate = lone_house.publishing.candidate()
    old = str(lone_house.taking_in.drafts.get(numbers[1]).card.fields["id"])
    assert candidate.ended == (old,)
    lone_house.publishing.publish(candidate, None, "ed")
    policies_here = {policy.id: policy for policy in read_corpus(lone_house.folder).policies}
    assert state_on(policies_here[old], TODAY).state is PolicyState.SUPERSEDED
    answer = Pipeline(lone_house.reader, lambda: TODAY).answer(Question("青岛市海洋观测奖励办法新旧有什么变化？"))
    assert len({card.policy for card in answer.citations}) == 2
    assert any("44万元" in card.quote for card in answer.citations)
    assert any("20万元" in card.quote for card in answer.citations)


def test_what_somebody_settled_is_not_linked_anew(lone_house: House) -> None:
    number = lone_house.taking_in.add(lone_house.file(NEW, "new.txt"), "ed").draft.id
    lone_house.taking_in.edit(number, {"supersedes": "qd-hitech-2025"}, "ed")
    lone_house.taking_in.add(lone_house.file(OLD, "old.txt"), "ed")
    assert lone_house.taking_in.drafts.get(number).card.fields["supersedes"] == ["qd-hitech-2025"]


def test_a_new_edition_of_a_digest_is_no_official_text_of_it(lone_house: House) -> None:
    later = (
        UPGRADE.replace("青科规〔2025〕7号", "青科规〔2029〕8号")
        .replace("2025年", "2029年")
        .replace("2028年", "2031年")
    )
    taken = lone_house.taking_in.add(lone_house.file(later), "ed")
    assert taken.outcome == "new"
    assert taken.draft.card.fields["supersedes"] == ["qd-hitech-2025"]
    assert taken.draft.card.origins["supersedes"][0][2] == "same_title"


def test_the_same_file_taken_in_again_changes_nothing_whatever_it_is_called(house: House) -> None:
    first = house.taking_in.add(house.file(NOTICE), "ed").draft
    again = house.taking_in.add(house.file(NOTICE, "copy.txt"), "other")
    assert (again.outcome, again.draft) == ("same", first)
    assert house.parser.read == ["notice.txt"]
    assert len(house.taking_in.drafts.steps(first.id)) == 3


def test_a_file_that_cannot_be_read_is_a_failure_with_its_reason_and_is_tried_again(house: House) -> None:
    house.parser.refuses = Reason.ENCRYPTED
    failed = house.taking_in.add(house.file(NOTICE), "ed")
    assert (failed.outcome, failed.draft.stage, failed.draft.why, failed.draft.attempts) == (
        "failed", Stage.FAILED, "encrypted", 1,
    )  # fmt: skip
    house.taking_in.add(house.file(NOTICE), "ed")
    assert not (house.desk.parent / "originals").exists(), "what was refused is not kept"
    house.parser.refuses = None
    read = house.taking_in.add(house.file(NOTICE), "ed")
    assert (read.outcome, read.draft.stage, read.draft.why, read.draft.attempts) == ("again", Stage.DRAFT, "", 3)
    (kept,) = (house.desk.parent / "originals").iterdir()
    assert kept.read_text("utf-8") == NOTICE


@pytest.mark.parametrize("died_after", [0, 1])
def test_what_was_killed_while_a_file_was_read_goes_on_at_the_next_try(lone_house: House, died_after: int) -> None:
    path = lone_house.file(NOTICE)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    draft, _ = lone_house.taking_in.drafts.begin(path.name, digest, "ed", NOW)
    if died_after:
        read = Read(text=NOTICE, parser_version="7")
        lone_house.taking_in.drafts.step(draft.id, Stage.PARSED, "ed", "parsed", NOW, read=read)
    assert lone_house.taking_in.add(path, "ed").draft.stage is Stage.DRAFT


def test_nothing_is_handed_on_before_every_field_was_confirmed_or_written(house: House) -> None:
    number = house.taking_in.add(house.file(NOTICE), "ed").draft.id
    with pytest.raises(UnreadyError) as unready:
        house.taking_in.submit(number, "ed")
    assert "effective" in unready.value.unconfirmed
    assert unready.value.missing == ("categories",), "a text this short does not tell"
    written = {
        "expires": "2027-12-31",
        "audience": "科技企业、创新平台",
        "supersedes": "",
        "categories": "science,talent",
    }
    house.taking_in.edit(number, written, "ed")
    confirmed = house.taking_in.confirm(number, ["all"], "ed")
    assert confirmed.card.fields["audience"] == ["科技企业", "创新平台"]
    assert "supersedes" not in confirmed.card.fields
    assert "expires" not in confirmed.card.origins, "what somebody wrote was read nowhere"
    assert house.taking_in.submit(number, "ed").stage is Stage.IN_REVIEW


def test_a_card_that_breaks_a_rule_is_named_with_its_mend(lone_house: House) -> None:
    number = lone_house.taking_in.add(lone_house.file(NOTICE), "ed").draft.id
    lone_house.taking_in.edit(
        number, {"jurisdiction": "火星", "url": "https://example.com/x", "categories": "science"}, "ed"
    )
    lone_house.taking_in.confirm(number, ["all"], "ed")
    with pytest.raises(UnreadyError) as unready:
        lone_house.taking_in.submit(number, "ed")
    assert len(unready.value.faults) == 2
    with pytest.raises(UnknownFieldError):
        lone_house.taking_in.edit(number, {"colour": "red"}, "ed")


def test_steps_that_do_not_follow_are_refused(house: House) -> None:
    number = house.taking_in.add(house.file(NOTICE), "ed").draft.id
    with pytest.raises(StageError):
        house.taking_in.drafts.step(number, Stage.LIVE, "ed", "published", NOW)
    assert house.taking_in.exclude(number, "重复", "ed").why == "重复"
    with pytest.raises(StageError):
        house.taking_in.confirm(number, ["all"], "ed")
    assert house.taking_in.reopen(number, "ed").why == ""
    with pytest.raises(UnknownDraftError):
        house.taking_in.drafts.get(99)
    assert set(STEPS) == set(Stage)


def test_published_it_answers_and_what_it_repeals_is_retired_by_the_clock(house: House) -> None:
    number = house.in_review(NOTICE)
    candidate = house.publishing.candidate()
    assert (len(candidate.plan.add), candidate.plan.change, candidate.ended) == (
        1, ("qd-hitech-2025",), ("qd-hitech-2025",),
    )  # fmt: skip
    house.publishing.publish(candidate, house.publishing.trial(candidate), "boss")
    assert house.taking_in.drafts.get(number).stage is Stage.LIVE
    shelf = house.reader.shelf()
    assert shelf is not None
    new, old = shelf.catalogue.policy(candidate.plan.add[0]), shelf.catalogue.policy("qd-hitech-2025")
    assert new is not None
    assert old is not None
    release = shelf.opened.release.id
    days = {date(2026, 3, 31): (PolicyState.NOT_YET, PolicyState.IN_FORCE)}
    days |= {date(2026, 4, 1): (PolicyState.IN_FORCE, PolicyState.SUPERSEDED)}
    days |= {date(2027, 1, 1): (PolicyState.EXPIRED, PolicyState.SUPERSEDED)}
    assert {day: (state_on(new, day).state, state_on(old, day).state) for day in days} == days
    assert any("66万元" in quote for quote in house.ask("深海装备科技企业首次认定奖励多少", date(2026, 4, 2)))
    assert house.reader.shelf() is not None
    assert shelf.opened.release.id == release, "no refresh in between"
    assert house.publishing.candidate().plan.empty


def test_the_official_file_of_a_digest_takes_its_place_under_the_same_id(house: House) -> None:
    taken = house.taking_in.add(house.file(UPGRADE), "ed")
    assert (taken.outcome, taken.draft.read.same) == ("upgrade", "qd-hitech-2025")
    held = next(d for d in policies() if d.id == "qd-hitech-2025")
    diff = house.taking_in.against(taken.draft, held)
    assert diff is not None
    assert diff.told
    house.handed_on(taken.draft.id)
    candidate = house.publishing.candidate()
    assert candidate.plan.change == ("qd-hitech-2025",)
    assert list(candidate.files) == ["qd-hitech-2025.md"], "in the digest's own file"
    house.publishing.publish(candidate, None, "boss")
    assert any("12万元" in quote for quote in house.ask("首次认定高新技术企业奖励多少钱"))
    shelf = house.reader.shelf()
    policy = shelf.catalogue.policy("qd-hitech-2025") if shelf else None
    assert policy is not None
    assert (policy.text_kind, policy.contact) == ("original", "市科技局高新技术处 0532-85911000")


def test_a_drop_of_the_golden_questions_blocks_and_leaves_everything_as_it_was(lone_house: House) -> None:
    lone_house.write_golden("首次认定高新技术企业奖励多少钱", "qd-hitech-2025", 0)
    number = lone_house.in_review(UPGRADE.replace("一次性奖励12万元", "予以表扬"))
    before = (lone_house.store.live(), read_corpus(lone_house.folder))
    candidate = lone_house.publishing.candidate()
    trial = lone_house.publishing.trial(candidate)
    assert trial is not None
    assert [golden.id for golden, _ in trial.worse] == ["g1"]
    with pytest.raises(BlockedError):
        lone_house.publishing.publish(candidate, trial, "boss")
    assert (lone_house.store.live(), read_corpus(lone_house.folder)) == before
    assert lone_house.taking_in.drafts.get(number).stage is Stage.IN_REVIEW
    lone_house.publishing.publish(candidate, trial, "boss", "原文确无奖励")
    assert "原文确无奖励" in lone_house.taking_in.drafts.steps(number)[-1].what


def test_a_clause_number_of_a_digest_is_not_asked_of_its_original(lone_house: House) -> None:
    lone_house.write_golden("首次认定高新技术企业奖励多少钱", "qd-hitech-2025", 0)
    lone_house.in_review(UPGRADE)
    trial = lone_house.publishing.trial(lone_house.publishing.candidate())
    assert trial is not None
    assert trial.passed


def test_where_two_have_to_look_who_handed_it_on_cannot_publish(sqlite_engine: Engine, tmp_path: Path) -> None:
    house = House(sqlite_engine, tmp_path, by_two=True)
    house.in_review(NOTICE)
    candidate = house.publishing.candidate()
    with pytest.raises(SamePersonError):
        house.publishing.publish(candidate, None, "ed")
    house.publishing.publish(candidate, None, "boss")


def test_a_publish_killed_between_files_and_release_is_finished_by_the_next(lone_house: House) -> None:
    number = lone_house.in_review(NOTICE)
    candidate = lone_house.publishing.candidate()
    lone_house.publishing._work = _Dying(lone_house.work)  # type: ignore[assignment]  # dies where a refresh begins
    with pytest.raises(KeyboardInterrupt):
        lone_house.publishing.publish(candidate, None, "boss")
    assert not any("66万元" in quote for quote in lone_house.ask("深海装备科技企业首次认定奖励多少"))
    lone_house.publishing._work = lone_house.work
    lone_house.publishing.publish(lone_house.publishing.candidate(), None, "boss")
    assert lone_house.taking_in.drafts.get(number).stage is Stage.LIVE


class _Dying:
    def __init__(self, work: CorpusWork) -> None:
        self.folder, self.places = work.folder, work.places

    def refresh(self, *_: object, **__: object) -> None:
        raise KeyboardInterrupt


def _lose(folder: Path, count: int) -> None:
    for path in sorted(folder.glob("*.md"))[:count]:
        path.unlink()


def _spoil(folder: Path, _count: int) -> None:
    sorted(folder.glob("*.md"))[0].write_text("---\nid: [\n---\n", "utf-8")


@pytest.mark.parametrize(("harm", "count"), [(_lose, 6), (_spoil, 1)])
def test_a_partial_listing_deletes_nothing(lone_house: House, harm: Callable[[Path, int], None], count: int) -> None:
    harm(lone_house.folder, count)
    done = lone_house.work.refresh()
    assert len(done.held) == count
    assert done.published.plan.retire == ()
    assert len(done.published.release.documents) == len(policies())
    assert len(lone_house.work.refresh(removing=True).published.release.documents) == len(policies()) - count


def test_a_policy_that_was_taken_out_of_a_whole_folder_is_taken_down(lone_house: House) -> None:
    _lose(lone_house.folder, 1)
    done = lone_house.work.refresh()
    assert (done.held, len(done.published.plan.retire)) == ((), 1)


def test_the_last_releases_are_kept_and_older_ones_forgotten(sqlite_engine: Engine, tmp_path: Path) -> None:
    house = House(sqlite_engine, tmp_path)
    work = CorpusWork(house.folder, house.work.places, house.reader, lambda: NOW, forget=lambda: house.store.sweep(2))
    file = sorted(house.folder.glob("*.md"))[0]
    for number in range(4):
        clause = f"\n## 摘要第{9 + number}条 {{provision={8 + number} confidence=high}}\n\n补。\n"
        file.write_text(file.read_text("utf-8") + clause, "utf-8")
        work.refresh()
    kept = house.store.releases()
    assert [release.number for release in kept] == [5, 4]
    assert work.go_back(kept[1].id).number == 6


def test_digests_are_counted_once_for_each_question_that_they_answered(engine: Engine, tmp_path: Path) -> None:
    house, clock = House(engine, tmp_path), FixedClock(NOW)
    account = Accounts(engine, clock).of("terminal", "t").id
    history = History(engine, clock)
    pipeline = Pipeline(house.reader, lambda: TODAY)
    asked = ["首次认定高新技术企业奖励多少钱", "高企重新认定奖多少", "一次性创业补贴多少钱"]
    for number, words in enumerate(asked):
        answer = pipeline.answer(Question(words))
        message = Message(str(number), account, "c", NOW, text=words)
        history.record(message, Reply(answer.status.value, "…", answer=answer), "{}")
    found = wanted_originals(engine, read_corpus(house.folder).policies, NOW - timedelta(days=1))
    counted = {one.policy.id: one.questions for one in found}
    assert (found[0].policy.id, counted["qd-hitech-2025"], counted["qd-startup-2025"]) == ("qd-hitech-2025", 2, 1)
    assert sorted(counted.values(), reverse=True) == list(counted.values())
    assert found[-1].questions == 0
    assert not any(one.questions for one in wanted_originals(engine, [], NOW))
