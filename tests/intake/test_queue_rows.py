"""The queue's question to the database finds every row that the rule of rows gives, whoever asks, on both databases."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from itertools import product
from random import Random

import pytest
from sqlalchemy import Engine

from intake.cases import ALL_AREAS, Actor, Case, CaseState, Private, Role
from intake.review import sees
from intake.store.cases import CaseStore
from intake.store.queue import asked_for, rows_of
from tests.support.office import a_case

AREAS, TEAMS = ("370212", "370281", "sco"), ("laoshan", "city", 'te"am', "t%", "市级")
ROLES = (Role.ENTERPRISE, Role.CLERK, Role.SPECIALIST, Role.LEAD, Role.COORDINATOR, Role.AUDITOR, Role.ADMIN)


def some_cases(random: Random, count: int) -> Iterator[Case]:
    for number in range(count):
        yield a_case(
            id=uuid.UUID(int=random.getrandbits(128)).hex,
            reference=f"KC26-{number:05d}-A",
            draft=None,
            state=random.choice(list(CaseState)),
            person=random.choice(["p1", "p2"]),
            confidentiality=random.choice(["public", "on_match", "restricted"]),
            district=random.choice([None, *AREAS[:2]]),
            zone=random.choice([None, None, "sco"]),
            team=random.choice([None, *TEAMS]),
            co_teams=tuple(random.sample(TEAMS, random.choice([0, 0, 1, 2]))),
            assignee=random.choice([None, "li", "p1"]),
        )


def some_actors(random: Random, count: int) -> Iterator[Actor]:
    for number in range(count):
        roles = random.sample(ROLES, random.choice([1, 1, 2]))
        areas = random.choice([(), (ALL_AREAS,), AREAS[:1], AREAS[1:]])
        teams = random.sample(TEAMS, random.choice([0, 1, 2]))
        name = random.choice(["li", "p1", f"x{number}"])
        yield Actor(name, "", frozenset(roles), "cli", frozenset(areas), frozenset(teams))


@pytest.mark.parametrize("seed", range(3))
def test_the_database_leaves_out_no_row_that_is_theirs(engine: Engine, seed: int) -> None:
    store, random = CaseStore(engine, lambda *_: None), Random(seed)  # noqa: S311
    cases = list(some_cases(random, 60))
    with store.writing() as transaction:
        for case in cases:
            transaction.insert(case, Private({}, "X4K9P2", "key"))
    theirs_at_least_once = 0
    for actor in some_actors(random, 60):
        found = {case.id for case in store.find(rows_of(actor)) if sees(actor, case)}
        assert found == {case.id for case in cases if sees(actor, case)}, actor
        theirs_at_least_once += bool(found)
    assert theirs_at_least_once > 30


def test_filters_keep_what_they_ask_for(engine: Engine) -> None:
    store, random = CaseStore(engine, lambda *_: None), Random(9)  # noqa: S311
    cases = list(some_cases(random, 80))
    with store.writing() as transaction:
        for case in cases:
            transaction.insert(case, Private({}, "X4K9P2", "key"))
    states = (None, CaseState.CLOSED, CaseState.ROUTED)
    for area, team, state in product((None, "370212", "sco"), (None, *TEAMS), states):
        found = {case.id for case in store.find(asked_for(area=area, team=team, state=state))}
        wanted = {
            case.id
            for case in cases
            if (area is None or area in (case.district, case.zone))
            and (team is None or team == case.team or team in case.co_teams)
            and (case.state is state if state else case.is_open)
        }
        assert found == wanted, (area, team, state)
