"""Checks the golden questions themselves: their shape, their split, their gold and the counts their README states."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field

from rag.models import AnswerStatus

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
FACTS = ROOT / "../shared/data/policy_facts.jsonl"
LAY = "lay wording; "
ANSWERED = AnswerStatus.ANSWERED

Kind = Literal[
    "single", "table", "calc", "status", "window", "stacking", "crossref", "followup", "district", "as_of",
    "doc_no", "title", "typo", "english", "listing", "benign", "clarify", "smalltalk",
    "unanswerable_off_topic", "unanswerable_other_region", "unanswerable_no_coverage", "unanswerable_nonexistent",
    "unanswerable_near_miss", "unanswerable_expired", "unanswerable_promise", "unanswerable_injection",
    "unanswerable_illegal", "unanswerable_private", "unanswerable_sensitive",
]  # fmt: skip


class Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Turn(Record):
    role: Literal["user", "assistant"]
    text: str = Field(min_length=1)


class Gold(Record):
    """A provision that answers; `index` None is a row of the policy's table, which carries no provision number."""

    policy: str
    index: int | None = Field(ge=0)


class Golden(Record):
    id: str = Field(pattern=r"^[a-z]+[0-9]+$")
    part: Literal["dev", "held_out"]
    kind: Kind
    question: str = Field(min_length=1, max_length=300)
    history: tuple[Turn, ...]
    district: str | None
    as_of: date | None
    statuses: tuple[AnswerStatus, ...] = Field(min_length=1)
    policies: tuple[str, ...]
    provisions: tuple[Gold, ...]
    all: bool
    must_say: tuple[str, ...]
    must_not_say: tuple[str, ...]
    retired: tuple[str, ...]
    note: str = Field(min_length=1)

    @property
    def unanswerable(self) -> bool:
        return self.kind.startswith("unanswerable_")


def part_of(question_id: str) -> str:
    """A third of the ids, chosen by digest, is held out."""
    return "held_out" if int(hashlib.sha256(question_id.encode()).hexdigest(), 16) % 3 == 0 else "dev"


@pytest.fixture(scope="module")
def questions() -> list[Golden]:
    lines = (HERE / "golden.jsonl").read_text(encoding="utf-8").splitlines()
    return [Golden.model_validate_json(line) for line in lines]


def test_every_id_and_every_asking_stands_once(questions: list[Golden]) -> None:
    asked = Counter((q.question, q.history, q.district, q.as_of) for q in questions)
    assert len({q.id for q in questions}) == len(questions)
    assert [a for a, times in asked.items() if times > 1] == []


def test_the_part_follows_from_the_id_and_nothing_else(questions: list[Golden]) -> None:
    assert [q.id for q in questions if q.part != part_of(q.id)] == []


def test_the_set_is_as_large_and_as_varied_as_asked_for(questions: list[Golden]) -> None:
    kinds: Counter[str] = Counter(q.kind for q in questions)
    assert len(questions) >= 240
    assert sum(q.unanswerable for q in questions) >= 70
    assert sum(q.note.startswith(LAY) for q in questions) >= 50
    assert sum(bool(q.history) for q in questions) >= 20
    least = {"english": 10, "clarify": 8, "smalltalk": 8, "listing": 6, "benign": 10, "followup": 20, "doc_no": 20}
    assert {kind: kinds[kind] for kind in least if kinds[kind] < least[kind]} == {}


def test_an_answerable_question_has_gold_and_accepts_an_answer(questions: list[Golden]) -> None:
    for q in questions:
        if q.unanswerable or q.kind in ("clarify", "smalltalk"):
            assert q.statuses != (ANSWERED,), q.id
            continue
        assert q.statuses[0] == ANSWERED, q.id
        assert q.policies, q.id
        assert q.provisions or q.kind == "listing", q.id


def test_gold_amounts_and_all_are_used_only_where_they_can_be_checked(questions: list[Golden]) -> None:
    for q in questions:
        if q.must_say or q.provisions:
            assert ANSWERED in q.statuses, q.id
            assert q.provisions, q.id
        if q.all:
            assert len(q.provisions) > 1, q.id
            assert None not in {gold.index for gold in q.provisions}, q.id
        assert len(set(q.provisions)) == len(q.provisions), q.id
        assert not set(q.must_say) & set(q.must_not_say), q.id


def test_a_history_alternates_and_ends_with_the_assistant(questions: list[Golden]) -> None:
    for q in questions:
        roles = [turn.role for turn in q.history]
        assert roles == ["user", "assistant"] * (len(roles) // 2), q.id
        assert q.kind != "followup" or roles, q.id


@pytest.fixture(scope="module")
def corpus() -> dict[str, str]:
    return {path.stem: path.read_text(encoding="utf-8") for path in (ROOT / "policies_corpus").rglob("*.md")}


def test_every_policy_named_is_in_the_corpus(questions: list[Golden], corpus: dict[str, str]) -> None:
    named = {name for q in questions for name in (*q.policies, *q.retired, *(g.policy for g in q.provisions))}
    assert named - set(corpus) == set()


def test_every_gold_provision_is_a_clause_or_a_table_of_its_digest(
    questions: list[Golden], corpus: dict[str, str]
) -> None:
    gold = {
        (g.policy, "table=0" if g.index is None else f"provision={g.index}") for q in questions for g in q.provisions
    }
    assert [(policy, mark) for policy, mark in sorted(gold) if not re.search(rf"{{{mark}[ }}]", corpus[policy])] == []


def test_what_must_be_said_stands_in_a_gold_digest_as_written(questions: list[Golden], corpus: dict[str, str]) -> None:
    for q in questions:
        text = "".join(corpus[g.policy] for g in q.provisions)
        assert [words for words in q.must_say if words not in text] == [], q.id


def test_gold_provisions_stand_in_the_facts_and_say_what_must_be_said(questions: list[Golden]) -> None:
    if not FACTS.exists():
        pytest.skip("the facts file is not beside this checkout")
    facts = {row["id"]: row for row in map(json.loads, FACTS.read_text(encoding="utf-8").splitlines())}
    for q in questions:
        gold = "\n".join(
            json.dumps(facts[g.policy]["tables"], ensure_ascii=False)
            if g.index is None
            else facts[g.policy]["provisions"][g.index]
            for g in q.provisions
        )
        assert [words for words in q.must_say if words not in gold] == [], q.id
        assert {facts[g.policy]["confidence"] for g in q.provisions} <= {"high", "medium"}, q.id
        assert all(facts[g.policy]["tables"] for g in q.provisions if g.index is None), q.id


def test_the_counts_in_the_readme_are_true(questions: list[Golden]) -> None:
    text = (HERE / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([a-z_]+) \| ([0-9]+) \| ([0-9]+) \| ([0-9]+) \|$", text, re.MULTILINE)
    counted: Counter[tuple[str, str]] = Counter((q.kind, q.part) for q in questions)
    counted.update(("total", q.part) for q in questions)
    stated = {kind: (int(dev), int(held), int(both)) for kind, dev, held, both in rows}
    kinds = {kind for kind, _ in counted}
    assert stated == {
        kind: (counted[kind, "dev"], counted[kind, "held_out"], counted[kind, "dev"] + counted[kind, "held_out"])
        for kind in kinds
    }
