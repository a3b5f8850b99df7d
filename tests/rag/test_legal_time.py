"""Legal time: what a policy is worth on a day, and which policy took its place."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from rag.legal_time import OPEN_END, OPEN_START, STATE_OF, applicability, as_int, days, standings, state_on
from rag.models import Category, Level, PolicyState
from rag.policies import JudgedStatus, Policy, Relation, Source
from rag.succession import heir, successions, successors

JUDGED = date(2026, 11, 22)
SOURCE = Source(title="通知", kind="news", coverage="excerpt", official=False)
DAYS = st.dates(date(2000, 1, 1), date(2040, 12, 31))
PARTIAL = DAYS.flatmap(lambda d: st.sampled_from([f"{d:%Y}", f"{d:%Y-%m}", f"{d:%Y-%m-%d}"]))


def policy(name: str = "qd-a-2025", **fields: object) -> Policy:
    card: dict[str, object] = {
        "id": name,
        "title": "某某措施",
        "issuer": "青岛市人民政府",
        "level": Level.CITY,
        "jurisdiction": "青岛市",
        "categories": [Category.SCIENCE],
        "status": JudgedStatus.IN_FORCE,
        "status_asof": JUDGED,
        "status_basis": "通知载明",
        "sources": [SOURCE],
        "confidence": "medium",
    }
    return Policy.model_validate(card | fields)


def state(day: date, **fields: object) -> PolicyState:
    return state_on(policy(**fields), day).state


def test_every_judged_word_has_a_state() -> None:
    assert set(STATE_OF) == set(JudgedStatus)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("征求意见稿", "征求意见"),
        ("有效", "现行有效"),
        ("部分到期", "部分失效"),
        ("已截止", "已截止"),
        ("已到期", "已到期"),
        ("已失效", "已废止"),
        ("已废止", "已废止"),
        ("被替代", "已被替代"),
        ("待核实", "待核实"),
    ],
)
def test_on_the_day_of_the_judgement_the_judged_word_decides(status: str, expected: str) -> None:
    assert state(JUDGED, status=status, issued="2021-03") == expected


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2022, 4, 25), PolicyState.NOT_YET),
        (date(2022, 4, 26), PolicyState.IN_FORCE),
        (date(2023, 7, 1), PolicyState.IN_FORCE),
        (date(2025, 4, 25), PolicyState.IN_FORCE),
        (date(2025, 4, 26), PolicyState.EXPIRED),
        (date(2030, 1, 1), PolicyState.EXPIRED),
    ],
)
def test_an_expired_policy_was_in_force_between_its_dates(day: date, expected: PolicyState) -> None:
    fields = {"issued": "2022-04-22", "effective": "2022-04-26", "expires": "2025-04-25", "status": "已到期"}
    assert state(day, **fields) is expected


def test_a_replaced_policy_ends_the_day_before_its_end_date() -> None:
    fields = {"issued": "2020-07-05", "effective": "2020-09-01", "expires": "2025-06-01", "status": "被替代"}
    assert state(date(2025, 5, 31), **fields) is PolicyState.IN_FORCE
    assert state(date(2025, 6, 1), **fields) is PolicyState.SUPERSEDED


def test_published_is_not_effective() -> None:
    fields = {"issued": "2026-01-10", "effective": "2026-04-01"}
    assert state(date(2026, 2, 1), **fields) is PolicyState.NOT_YET
    assert state(date(2026, 4, 1), **fields) is PolicyState.IN_FORCE


def test_a_day_inside_a_partial_start_is_unverified() -> None:
    assert state(date(2024, 12, 31), issued="2025") is PolicyState.NOT_YET
    assert state(date(2025, 6, 1), issued="2025") is PolicyState.UNVERIFIED
    assert state(date(2026, 1, 1), issued="2025") is PolicyState.IN_FORCE


def test_a_day_inside_a_partial_end_is_unverified() -> None:
    fields = {"issued": "2016-11-01", "expires": "2018-11", "status": "已到期"}
    assert state(date(2018, 10, 31), **fields) is PolicyState.IN_FORCE
    assert state(date(2018, 11, 15), **fields) is PolicyState.UNVERIFIED
    assert state(date(2018, 12, 1), **fields) is PolicyState.EXPIRED


def test_a_judgement_settles_the_partial_dates_around_it() -> None:
    assert state(JUDGED, issued="2026") is PolicyState.IN_FORCE
    assert state(JUDGED, issued="2020-01-01", expires="2026", status="已到期") is PolicyState.EXPIRED


def test_a_judgement_is_stale_only_after_the_last_day_allowed() -> None:
    fresh = state_on(policy(issued="2025-01-01"), JUDGED + timedelta(days=90))
    old = state_on(policy(issued="2025-01-01"), JUDGED + timedelta(days=91))
    assert (fresh.state, fresh.stale) == (PolicyState.IN_FORCE, False)
    assert (old.state, old.stale, old.reason_key, old.judged) == (PolicyState.UNVERIFIED, True, "stale", JUDGED)
    assert state_on(policy(issued="2025-01-01"), JUDGED + timedelta(days=91), stale_after_days=100).stale is False


def test_a_past_end_needs_no_fresh_judgement() -> None:
    standing = state_on(policy(issued="2025-01-01", expires="2027-12-31"), date(2029, 1, 1))
    assert (standing.state, standing.stale) == (PolicyState.EXPIRED, False)


def test_a_retired_policy_without_an_end_date_is_unverified_before_the_judgement() -> None:
    assert state(date(2023, 1, 1), issued="2021", status="被替代") is PolicyState.UNVERIFIED
    assert state(JUDGED, issued="2021", status="被替代") is PolicyState.SUPERSEDED


def test_without_a_known_start_no_earlier_day_is_called_in_force() -> None:
    assert state(date(2023, 1, 1)) is PolicyState.UNVERIFIED
    assert state(date(2023, 1, 1), expires="2024-12-31", status="已到期") is PolicyState.UNVERIFIED


def test_an_unverified_policy_expires_by_a_read_date_but_not_by_a_concluded_one() -> None:
    fields = {"issued": "2021-01-01", "expires": "2023-12-31", "status": "待核实"}
    assert state(JUDGED, **fields) is PolicyState.EXPIRED
    assert state(JUDGED, **fields, inferred=["expires"]) is PolicyState.UNVERIFIED


def test_a_draft_stays_a_draft() -> None:
    assert state(date(2030, 1, 1), status="征求意见稿", issued="2022-03-24") is PolicyState.DRAFT


def test_standings_are_by_id() -> None:
    found = standings([policy("a"), policy("b", status="已废止")], JUDGED)
    assert {name: standing.state for name, standing in found.items()} == {
        "a": PolicyState.IN_FORCE,
        "b": PolicyState.REPEALED,
    }


def test_applicability_is_the_widest_span_in_whole_numbers() -> None:
    assert applicability(policy()) == (OPEN_START, OPEN_END)
    assert applicability(policy(issued="2024", expires="2025-02")) == (20240101, 20250228)


@pytest.mark.parametrize("partial", ["2025-02-30", "2023-02-29"])
def test_days_refuses_a_day_no_calendar_has(partial: str) -> None:
    with pytest.raises(ValueError, match="day"):
        days(partial)


@given(PARTIAL)
def test_the_days_of_a_partial_date_are_those_it_prefixes(partial: str) -> None:
    span = days(partial)
    assert all(day.isoformat().startswith(partial) for day in (span.first, span.last))
    assert not (span.first - timedelta(days=1)).isoformat().startswith(partial)
    assert not (span.last + timedelta(days=1)).isoformat().startswith(partial)


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    effective = draw(st.none() | PARTIAL)
    expires = draw(st.none() | PARTIAL)
    assume(effective is None or expires is None or days(effective).last < days(expires).first)
    return policy(
        issued=draw(st.none() | PARTIAL),
        effective=effective,
        expires=expires,
        status=draw(st.sampled_from(JudgedStatus)),
        status_asof=draw(DAYS),
        inferred=draw(st.sampled_from([(), ("expires",)])),
    )


@given(policies(), DAYS)
def test_in_force_is_never_said_without_a_judgement_and_a_date_inside(card: Policy, day: date) -> None:
    standing = state_on(card, day)
    if standing.state is PolicyState.IN_FORCE:
        assert card.status not in {JudgedStatus.UNVERIFIED, JudgedStatus.DRAFT}
        assert applicability(card)[0] <= as_int(day) <= applicability(card)[1]
        assert (day - card.status_asof).days <= 90 or STATE_OF[card.status].retired


@given(policies(), DAYS)
def test_on_and_after_the_judgement_a_retired_policy_is_in_force_only_before_its_end(card: Policy, day: date) -> None:
    assume(STATE_OF[card.status].retired and day >= card.status_asof)
    standing = state_on(card, day)
    if standing.state is PolicyState.IN_FORCE:
        assert card.expires is not None
        assert day <= days(card.expires).last


@given(policies(), DAYS, DAYS)
def test_once_retired_by_date_a_policy_never_comes_back(card: Policy, one: date, other: date) -> None:
    first, second = sorted((one, other))
    if state_on(card, first).state.retired:
        assert state_on(card, second).state.retired


@given(policies(), DAYS, DAYS)
def test_once_begun_a_policy_is_never_not_yet(card: Policy, one: date, other: date) -> None:
    first, second = sorted((one, other))
    if state_on(card, first).state is not PolicyState.NOT_YET:
        assert state_on(card, second).state is not PolicyState.NOT_YET


@given(policies(), DAYS)
def test_stale_means_unverified_and_an_old_judgement(card: Policy, day: date) -> None:
    standing = state_on(card, day)
    if standing.stale:
        assert standing.state is PolicyState.UNVERIFIED
        assert (day - card.status_asof).days > 90


def relation(rel: str, name: str, inferred: bool = False) -> Relation:
    return Relation(rel=rel, id=name, inferred=inferred)


def test_successors_are_read_from_either_side_and_from_supersedes() -> None:
    found = successors(
        [
            policy("old-a", relations=[relation("被替代", "new")]),
            policy("old-b"),
            policy("old-c"),
            policy("new", relations=[relation("废止", "old-b")], supersedes=["old-c"]),
        ]
    )
    assert found == {"old-a": ["new"], "old-b": ["new"], "old-c": ["new"]}


@pytest.mark.parametrize("word", ["替代(推断)", "替代（推断）"])
def test_what_was_concluded_stays_marked(word: str) -> None:
    found = successions([policy("new", relations=[relation(word, "old")]), policy("old")])
    assert [(s.policy, s.how, s.inferred) for s in found["old"]] == [("new", "replaced", True)]


def test_a_pair_stated_twice_keeps_the_firmer_statement() -> None:
    cards = [
        policy("new", relations=[relation("替代", "old", inferred=True)]),
        policy("old", relations=[relation("被替代", "new")]),
    ]
    assert [s.inferred for s in successions(cards)["old"]] == [False]


def test_replacements_come_before_followers() -> None:
    cards = [
        policy("old", relations=[relation("后续", "a-follower"), relation("被替代", "z-heir")]),
        policy("a-follower"),
        policy("z-heir"),
    ]
    assert [(s.policy, s.how) for s in successions(cards)["old"]] == [
        ("z-heir", "replaced"),
        ("a-follower", "followed"),
    ]


def test_other_relations_and_unknown_ids_make_no_successor() -> None:
    assert successors([policy("a", relations=[relation("依据", "b"), relation("被替代", "gone")]), policy("b")]) == {}


def test_the_heir_is_the_first_in_the_chain_that_still_stands() -> None:
    cards = {
        "a": policy("a", status="被替代", relations=[relation("被替代", "b", inferred=True)]),
        "b": policy("b", status="已到期", relations=[relation("被替代", "c")]),
        "c": policy("c", relations=[relation("后续", "d")]),
        "d": policy("d"),
    }
    found = heir("a", cards, successions(cards.values()), JUDGED)
    assert found is not None
    assert (found.policy, found.inferred) == ("c", True)
    assert heir("c", cards, successions(cards.values()), JUDGED) is None


def test_a_circle_of_successors_ends_the_chain() -> None:
    cards = {
        "a": policy("a", status="被替代", relations=[relation("被替代", "b")]),
        "b": policy("b", status="被替代", relations=[relation("被替代", "a")]),
    }
    found = heir("a", cards, successions(cards.values()), JUDGED)
    assert found is not None
    assert found.policy == "b"
