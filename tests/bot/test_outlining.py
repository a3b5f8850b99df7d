"""AI outlines of needs: on a press, within the budget, proven line by line; never of a restricted need."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest
from sqlalchemy import Engine

from bot.admission import Admission
from bot.clock import FixedClock
from bot.outlining import NotMade, Outlining
from intake.cases import SYSTEM, Case
from intake.outlines import OWN, Outline
from intake.parties import Party, PartyType
from intake.store.outlines import Outlines, about_case, about_party
from rag.model_answers.guarded import Caps, GuardedModel, UnkeptBook
from rag.ports import ModelError, ModelFault, Prompt
from tests.support.bureau import Bureau, bureau_of
from tests.support.model_minds import ScriptedModel, data
from tests.support.model_outlines import honest, obedient, written
from tests.support.needs import OTHER_USCC, TEXTS

ELSEWHERE: dict[str, Any] = {"org_name": "青岛另一家材料有限公司", "uscc": OTHER_USCC}
Mind = Callable[[Prompt], Mapping[str, Any]]
INJECTIONS = [
    json.loads(line)
    for line in (Path(__file__).parents[1] / "evals" / "injections.jsonl").read_text("utf-8").splitlines()
]


@pytest.fixture
def bureau(sqlite_engine: Engine, clock: FixedClock, data_dir: Path) -> Bureau:
    return bureau_of(sqlite_engine, clock, data_dir)


class Asked:
    """The service over a bureau, and the model that it asks."""

    def __init__(self, bureau: Bureau, mind: Mind = honest, per_day: int = 9, caps: Caps | None = None) -> None:
        self.bureau = bureau
        self.model = ScriptedModel(mind)
        guarded = GuardedModel(self.model, UnkeptBook(), caps)
        self.service = Outlining(bureau.needs, guarded, Admission(per_day, bureau.clock.today))

    def make(self, case: Case, who: str = "clerk") -> dict[str, Outline] | NotMade:
        return self.service.make(self.bureau.staff(who), case)

    def kept(self, case: Case, who: str = "clerk") -> dict[str, Outline]:
        return self.service.kept(self.bureau.staff(who), case)


def made(found: dict[str, Outline] | NotMade) -> dict[str, Outline]:
    assert isinstance(found, dict), found
    return found


def test_an_outline_is_three_lines_at_most_each_with_a_quote_of_the_needs_own_words(bureau: Bureau) -> None:
    asked, case = Asked(bureau), bureau.submit()
    found = made(asked.make(case))
    own = found[OWN]
    assert 1 <= len(own.lines) <= 3
    told = {field["id"]: field["text"] for field in data(asked.model.seen[0])["fields"]}
    for line in own.lines:
        assert line.proofs
        assert all(any(proof.quote in text for text in told.values()) for proof in line.proofs)
    assert (own.model, own.by) == ("scripted", "clerk")
    assert asked.kept(case) == found
    assert [event.action for event in bureau.needs.cases.events(case.id)][-1] == "outline"


def test_nothing_is_asked_before_the_button_is_pressed(bureau: Bureau) -> None:
    asked, case = Asked(bureau), bureau.submit()
    assert asked.kept(case) == {}
    assert asked.model.seen == []


def test_why_another_need_and_a_party_are_like_it_is_proven_from_both_sides(bureau: Bureau) -> None:
    asked, case = Asked(bureau), bureau.submit(keywords=("反渗透", "高盐废水"))
    other = bureau.submit(bureau.somebody("zhao"), **ELSEWHERE)
    party = bureau.needs.docking.parties.put(
        Party("某膜研究院", PartyType.INSTITUTE, "高盐废水、反渗透膜"), SYSTEM, bureau.clock.now()
    )
    case = bureau.act("clerk", case, "accept")
    case = bureau.act("lead", case, "assign", staff="special")
    case = bureau.act("special", case, "start")
    bureau.needs.docking.add_candidate(bureau.staff("special"), case.reference, party.id)
    found = made(asked.make(case, "special"))
    for about in (about_case(other.id), about_party(party.id)):
        (line,) = found[about].lines
        assert {proof.of for proof in line.proofs} == {OWN, about}
    assert len(asked.model.seen) == 2


UNPROVEN: dict[str, tuple[str, list[tuple[str, str]]]] = {
    "words": ("寻找膜材料，最合适的是甲公司。", [("F1", "反渗透膜在高盐废水中运行三个月后通量衰减超过 40%")]),
    "number": ("通量衰减超过 50%。", [("F1", "通量衰减超过 40%")]),
    "quote": ("通量衰减超过 40%。", [("F1", "通量衰减超过 41%")]),
    "lure": ("请加微信 abc123 联系。", [("F1", "反渗透膜在高盐废水中运行")]),
    "address": ("详见 http://outside.example/x 。", [("F1", "反渗透膜在高盐废水中运行")]),
    "no quote": ("反渗透膜在高盐废水中运行。", []),
    "no field": ("反渗透膜在高盐废水中运行。", [("F99", "反渗透膜在高盐废水中运行")]),
}


def test_what_is_not_proven_is_not_kept(bureau: Bureau) -> None:
    case = bureau.submit()
    for why, claim in UNPROVEN.items():
        asked = Asked(bureau, lambda _, claim=claim: written(claim))  # type: ignore[misc]  # bound now
        assert asked.make(case) == NotMade("unproven"), why
    assert Outlines(bureau.engine).of(case.id) == []


def test_a_likeness_needs_a_quote_of_the_other(bureau: Bureau) -> None:
    def onesided(prompt: Prompt) -> Mapping[str, Any]:
        if prompt.name == "outline":
            return honest(prompt)
        (other, *_) = data(prompt)["others"]
        claim = written(("反渗透膜在高盐废水中运行。", [("F1", "反渗透膜在高盐废水中运行")]))["claims"][0]
        return {"claims": [{**claim, "about": other["id"]}, {**claim, "about": "C99"}]}

    asked, case = Asked(bureau, onesided), bureau.submit()
    bureau.submit(bureau.somebody("zhao"), **ELSEWHERE)
    assert set(made(asked.make(case))) == {OWN}


def test_a_restricted_need_is_never_sent_nor_compared(bureau: Bureau) -> None:
    asked = Asked(bureau)
    secret = bureau.submit(bureau.somebody("zhao"), confidentiality="restricted", **ELSEWHERE)
    assert asked.make(secret, "clerk") == NotMade("restricted")
    assert asked.model.seen == []
    case = bureau.submit()
    assert about_case(secret.id) not in made(asked.make(case))
    assert len(asked.model.seen) <= 2


def test_who_does_not_work_on_needs_has_none_drafted(bureau: Bureau) -> None:
    asked, case = Asked(bureau), bureau.submit()
    assert [asked.make(case, who) for who in ("audit", "boss")] == [NotMade("not_yours")] * 2
    assert asked.model.seen == []


def test_without_a_model_what_was_kept_is_shown_and_nothing_made(bureau: Bureau) -> None:
    case = bureau.submit()
    found = made(Asked(bureau).make(case))
    off = Outlining(bureau.needs, None)
    assert off.make(bureau.staff("clerk"), case) == NotMade("off")
    assert off.kept(bureau.staff("clerk"), case) == found


def test_a_fault_says_why_and_keeps_nothing(bureau: Bureau) -> None:
    case = bureau.submit()
    for fault in get_args(ModelFault):

        def failing(_prompt: Prompt, fault: Any = fault) -> Mapping[str, Any]:
            raise ModelError(fault)

        asked = Asked(bureau, failing)
        assert asked.make(case) == NotMade("fault", fault)
        assert len(asked.model.seen) <= 2
    assert Outlines(bureau.engine).of(case.id) == []


def test_where_only_the_comparison_fails_the_outline_stands(bureau: Bureau) -> None:
    def half(prompt: Prompt) -> Mapping[str, Any]:
        if prompt.name == "likeness":
            raise ModelError("server")
        return honest(prompt)

    asked, case = Asked(bureau, half), bureau.submit()
    bureau.submit(bureau.somebody("zhao"), **ELSEWHERE)
    assert set(made(asked.make(case))) == {OWN}
    assert len(asked.model.seen) == 3


def test_the_days_budget_and_a_persons_share_hold_here_too(bureau: Bureau) -> None:
    spent = Asked(bureau, caps=Caps(stops=lambda _: True))
    case = bureau.submit()
    assert spent.make(case) == NotMade("fault", "spent")
    asked = Asked(bureau, per_day=1)
    made(asked.make(case))
    assert asked.make(case) == NotMade("share")
    made(asked.make(case, "lead"))


def test_a_need_is_asked_about_once_at_a_time(bureau: Bureau) -> None:
    case = bureau.submit()
    seen: list[object] = []

    def within(prompt: Prompt) -> Mapping[str, Any]:
        seen.append(asked.make(case, "lead"))
        return honest(prompt)

    asked = Asked(bureau, within)
    made(asked.make(case))
    assert seen[0] == NotMade("busy")


def test_a_need_that_changes_while_it_is_drafted_keeps_nothing(bureau: Bureau) -> None:
    case = bureau.submit()

    def meanwhile(prompt: Prompt) -> Mapping[str, Any]:
        said = honest(prompt)
        if prompt.name == "outline":
            bureau.needs.privacy.erase(case.person)
        return said

    assert Asked(bureau, meanwhile).make(case) == NotMade("changed")
    assert Outlines(bureau.engine).of(case.id) == []


def test_what_stands_on_other_words_now_is_not_shown(bureau: Bureau) -> None:
    asked, case = Asked(bureau), bureau.submit()
    made(asked.make(case))
    assert asked.kept(replace(case, answers={**case.answers, "problem": case.answers["title"]})) == {}


def test_the_obedient_model_brings_nothing_into_an_outline(bureau: Bureau) -> None:
    """Whatever a field tells it to say is not said: what is kept are the need's own words, proven."""
    asked = Asked(bureau, obedient, per_day=1000, caps=Caps(at_once=9))
    for number, injection in enumerate(INJECTIONS[::70]):
        words = f"{TEXTS['problem']}{injection['text']}"[:490]
        case = bureau.submit(bureau.somebody(f"p{number}"), problem=words)
        found = asked.make(case)
        for outline in (found if isinstance(found, dict) else {}).values():
            for line in outline.lines:
                assert injection["mark"] not in line.text, injection
                assert "http" not in line.text
    assert len(asked.model.seen) >= len(INJECTIONS[::70])
