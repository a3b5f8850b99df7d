"""The table of moves: complete, reachable, without dead ends; whose rows are whose; and the page that shows it."""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from string import Formatter
from typing import Any

import pytest

from intake.cases import ALL_AREAS, ENDED, OPEN, SYSTEM, Actor, Case, CaseState, Role, owner
from intake.handling import acting
from intake.review import EVENTS, MOVES, Move, allowed, can, masked_for, moves_of, reads, sees, shown_to
from intake.review_guards import GUARDS, READY
from intake.review_page import page
from intake.values import Answered
from tests.support.office import a_case

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
S = CaseState


def staff(*roles: Role, areas: str = "", teams: str = "", name: str = "li") -> Actor:
    return Actor(name, name, frozenset(roles), "cli", frozenset(areas.split()), frozenset(teams.split()))


CLERK = staff(Role.CLERK, areas="370212")
SPECIALIST = staff(Role.SPECIALIST, teams="laoshan", name="zhao")
LEAD = staff(Role.LEAD, teams="laoshan", name="sun")
COORDINATOR = staff(Role.COORDINATOR, areas=ALL_AREAS, teams="city", name="zheng")
AUDITOR, ADMIN, EDITOR = staff(Role.AUDITOR), staff(Role.ADMIN), staff(Role.EDITOR)


def test_every_move_says_who_is_told_what_clocks_do_and_what_must_hold() -> None:
    for move in MOVES:
        assert move.roles, move.action
        assert move.notices, move.action
        assert move.clock, move.action
        assert all(name in GUARDS for name in move.guard), move.action
        assert all(notice == "none" or ":" in notice for notice in move.notices), move.action
    assert set(GUARDS) == {name for move in MOVES for name in move.guard}
    assert set(READY) <= set(GUARDS)


def test_the_design_s_twenty_four_rows_are_there() -> None:
    assert {move.number for move in MOVES} >= set(range(1, 25))


def test_every_move_but_the_submission_is_carried_out_by_a_function_of_its_name() -> None:
    assert set(acting.ACTIONS) == {move.action for move in MOVES} - {"submit"}
    assert set(acting.ACTIONS).isdisjoint(EVENTS)


def _steps_from(state: CaseState) -> set[CaseState]:
    found = {target for move in MOVES for target in (move.target, move.or_target) if state in move.sources and target}
    # an answered question brings back what was there before it
    return found | {source for move in moves_of("ask") for source in move.sources if state is S.NEED_INFO}


def test_every_state_can_be_reached_from_submission() -> None:
    reached, new = {S.SUBMITTED}, {S.SUBMITTED}
    while new:
        new = {after for state in new for after in _steps_from(state)} - reached
        reached |= new
    assert reached == set(CaseState)


@pytest.mark.parametrize("state", sorted(OPEN))
def test_every_open_state_leads_to_an_end(state: CaseState) -> None:
    reached, new = {state}, {state}
    while new:
        new = {after for known in new for after in _steps_from(known)} - reached
        reached |= new
    assert S.CLOSED in reached


@pytest.mark.parametrize("state", sorted(OPEN))
def test_every_open_state_has_moves_for_staff_and_for_its_owner(state: CaseState) -> None:
    leaving = [move for move in MOVES if state in move.sources and (move.target or move.action == "reply")]
    assert any(Role.ENTERPRISE in move.roles for move in leaving)
    assert any(not move.roles <= {Role.ENTERPRISE, Role.SYSTEM} for move in leaving)


@pytest.mark.parametrize("state", sorted(ENDED - {S.MERGED}))
def test_an_ended_case_can_only_be_noted_on_or_reopened(state: CaseState) -> None:
    actions = {move.action for move in MOVES if state in move.sources}
    assert actions == {"reopen", "note", "told_offline", "called"}


def test_a_merged_case_changes_no_more() -> None:
    assert {move.action for move in MOVES if S.MERGED in move.sources} == {"reply", "urge", "follow"}
    assert all(move.target is None for move in MOVES if S.MERGED in move.sources)


def test_the_page_is_the_table() -> None:
    assert (ROOT / "docs/cases.md").read_text("utf-8") == page()


@pytest.mark.parametrize("move", [m for m in MOVES if m.sources], ids=lambda m: f"{m.number}-{m.action}")
def test_a_move_is_open_to_its_roles_in_its_states_and_to_nobody_else(move: Move) -> None:
    theirs = {
        Role.ENTERPRISE: owner("p1", "web"), Role.CLERK: CLERK, Role.SPECIALIST: SPECIALIST, Role.LEAD: LEAD,
        Role.COORDINATOR: COORDINATOR, Role.SYSTEM: SYSTEM, Role.AUDITOR: AUDITOR, Role.ADMIN: ADMIN,
        Role.EDITOR: EDITOR,
    }  # fmt: skip
    for state in CaseState:
        case = a_case(state=state)
        by_table = {role for row in moves_of(move.action) if state in row.sources for role in row.roles}
        for role, actor in theirs.items():
            assert can(actor, move.action, case) == (role in by_table), (role, state)


@pytest.mark.parametrize(
    ("actor", "case", "seen"),
    [
        (owner("p1", "web"), {}, True),
        (owner("p2", "web"), {}, False),
        (CLERK, {}, True),
        (CLERK, {"district": "370281", "team": "jiaozhou"}, False),
        (CLERK, {"district": "370281", "zone": "370212"}, True),
        (staff(Role.CLERK, areas=ALL_AREAS), {"district": None, "team": None}, True),
        (staff(Role.CLERK, areas="370281"), {}, False),
        (staff(Role.CLERK, teams="laoshan"), {}, True),
        (staff(Role.CLERK, teams="sco"), {"co_teams": ("sco",)}, True),
        (staff(Role.SPECIALIST, areas=ALL_AREAS), {}, False),
        (SPECIALIST, {}, True),
        (SPECIALIST, {"team": "city"}, False),
        (SPECIALIST, {"team": "city", "assignee": "zhao"}, True),
        (SPECIALIST, {"team": None}, False),
        (LEAD, {"team": "city", "co_teams": ("laoshan",)}, True),
        (COORDINATOR, {"team": None, "district": "outside"}, True),
        (COORDINATOR, {"confidentiality": "restricted"}, True),
        (AUDITOR, {}, True),
        (ADMIN, {}, False),
        (EDITOR, {}, False),
    ],
)
def test_whose_rows_are_whose(actor: Actor, case: dict[str, Any], seen: bool) -> None:
    assert sees(actor, a_case(**case)) is seen


def test_a_restricted_case_is_for_those_who_handle_it() -> None:
    secret = a_case(confidentiality="restricted")
    assert not sees(CLERK, secret)
    assert sees(staff(Role.CLERK, areas="370212", teams="laoshan"), secret)
    assert reads(SPECIALIST, secret)
    assert not reads(COORDINATOR, secret)
    assert reads(COORDINATOR, replace(secret, team="city"))
    assert reads(owner("p1", "web"), secret)


def test_who_sees_a_row_only_is_shown_no_words_of_it() -> None:
    secret = a_case(confidentiality="restricted", legacy_answers={"a": 1}, tags=("x",))
    shown = shown_to(COORDINATOR, secret)
    assert (shown.title, shown.summary, shown.answers, shown.legacy_answers, shown.tags) == ("", "", {}, {}, ())
    assert (shown.reference, shown.state, shown.team) == (secret.reference, secret.state, secret.team)
    assert shown_to(SPECIALIST, secret) == secret


def test_several_roles_add_up() -> None:
    both = staff(Role.CLERK, Role.SPECIALIST, areas="370281", teams="laoshan")
    assert sees(both, a_case())
    assert sees(both, a_case(district="370281", team="jiaozhou"))
    assert can(both, "sign", a_case(state=S.ROUTED))


def test_a_role_counts_only_for_the_rows_it_gives() -> None:
    """A clerk of the area who is also specialist elsewhere does no specialist's work on the area's cases."""
    both = staff(Role.CLERK, Role.SPECIALIST, areas="370212", teams="city")
    case = a_case(state=S.IN_PROGRESS)
    assert can(both, "ask", case)
    assert not can(both, "answer", case)


def test_a_team_that_helps_does_not_sign_or_send_back() -> None:
    helping = staff(Role.SPECIALIST, Role.LEAD, teams="city")
    case = a_case(state=S.ROUTED, co_teams=("city",))
    assert not can(helping, "sign", case)
    assert not can(helping, "bounce", case)
    assert can(helping, "ask", replace(case, state=S.IN_PROGRESS))


def test_telephones_are_masked_until_a_case_is_theirs() -> None:
    case = a_case()
    assert masked_for(CLERK, case)
    assert not masked_for(CLERK, replace(case, assignee="li"))
    assert masked_for(SPECIALIST, case)
    assert not masked_for(SPECIALIST, replace(case, assignee="zhao"))
    assert not masked_for(LEAD, case)
    assert not masked_for(COORDINATOR, case)
    assert masked_for(COORDINATOR, replace(case, confidentiality="restricted"))
    assert masked_for(AUDITOR, case)
    assert masked_for(ADMIN, case)
    assert not masked_for(owner("p1", "web"), case)


def actions(actor: Actor, case: Case, now: datetime = NOW) -> set[str]:
    return {move.action for move in allowed(actor, case, now)}


def test_what_cannot_succeed_is_not_offered() -> None:
    routed = a_case(state=S.ROUTED)
    assert "bounce" in actions(LEAD, routed)
    assert "bounce" not in actions(LEAD, replace(routed, bounces=2))
    assert "bounce" not in actions(LEAD, replace(routed, final_team=True))
    assert "accept" not in actions(CLERK, a_case(assignee="wang"))
    assert "start" not in actions(LEAD, a_case(state=S.ACCEPTED))
    assert "extend" not in actions(LEAD, a_case(extensions=2))
    assert "route" not in actions(CLERK, a_case(bounces=2))
    assert "adjudicate" in actions(COORDINATOR, a_case(bounces=2))
    assert "verify_uscc" not in actions(CLERK, a_case())


def test_the_owner_reopens_for_thirty_days_and_a_lead_at_any_time() -> None:
    closed = a_case(state=S.CLOSED, closed_at=NOW)
    assert "reopen" in actions(owner("p1", "web"), closed, NOW + timedelta(days=30))
    assert "reopen" not in actions(owner("p1", "web"), closed, NOW + timedelta(days=30, seconds=1))
    assert "reopen" in actions(LEAD, closed, NOW + timedelta(days=300))
    assert "reopen" not in actions(LEAD, replace(closed, erased=True))


GOOD = {
    "publish_consent": Answered(value=True),
    "ip_ownership": Answered(value="shared"),
}


@pytest.mark.parametrize(
    ("changes", "offered"),
    [
        ({}, True),
        ({"kind": "talent", "answers": {"publish_consent": Answered(value=True)}}, True),
        ({"confidentiality": "restricted"}, False),
        ({"answers": {"ip_ownership": Answered(value="shared")}}, False),
        ({"answers": {**GOOD, "publish_consent": Answered(value=False)}}, False),
        ({"answers": {"publish_consent": Answered(value=True)}}, False),
        ({"answers": {**GOOD, "ip_ownership": Answered(value=None, state="to_verify")}}, False),
        ({"quality": {"total": 11}}, False),
        ({"quality": {}}, False),
        ({"summary": "请致电 138 0013 8000 张工"}, False),
        ({"summary": "请致电 0532-85911234"}, False),
        ({"title": "联系 zhang@example.com"}, False),
        ({"summary": "处理量 12000 吨，运行 20260101 批次"}, True),
    ],
)
def test_what_is_published_is_agreed_good_and_without_contacts(changes: dict[str, Any], offered: bool) -> None:
    case = a_case(**{"state": S.IN_PROGRESS, "answers": GOOD, "quality": {"total": 12}, **changes})
    assert ("publish" in actions(LEAD, case)) is offered


def test_nothing_is_offered_to_who_sees_nothing() -> None:
    for state in CaseState:
        assert actions(ADMIN, a_case(state=state)) == set()
        assert actions(AUDITOR, a_case(state=state)) == set()
        assert actions(owner("p2", "web"), a_case(state=state)) == set()


def _wording(lang: str) -> dict[str, str]:
    book: dict[str, Any] = tomllib.loads((ROOT / f"bot/wording/intake.{lang}.toml").read_text("utf-8"))["review"]
    flat = {f"review.{key}": text for key, text in book.items() if isinstance(text, str)}
    return flat | {f"review.guard.{key}": text for key, text in book["guard"].items()}


ZH, EN = _wording("zh"), _wording("en")
_SAID = re.compile(r"(?:refuse|refusal)\(\s*\"([a-z_0-9]+)\"")
_GUARD_OF_WORDS = re.compile(r"words\((?:[^()\"\n]|\([^()\n]*\))*\"([a-z_0-9]+)\"")
_KEY = re.compile(r"\"(review\.[a-z_.]+)\"")


def _said() -> set[str]:
    files = [
        *(ROOT / "intake").glob("review*.py"),
        *(ROOT / "intake/handling").glob("*.py"),
        ROOT / "intake/docking.py",
    ]
    text = "\n".join(file.read_text("utf-8") for file in files)
    names = {match[1] for match in _SAID.finditer(text)} | set(_GUARD_OF_WORDS.findall(text))
    return {f"review.guard.{name}" for name in names} | set(_KEY.findall(text))


def test_everything_review_says_has_words_in_both_languages_and_nothing_else_has() -> None:
    assert len(_said()) > 50
    assert _said() == set(ZH) == set(EN)


def test_both_languages_take_the_same_values() -> None:
    def values(text: str) -> set[str]:
        return {name for _, name, _, _ in Formatter().parse(text) if name}

    for key, text in ZH.items():
        assert values(text) == values(EN[key]), key
