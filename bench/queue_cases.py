"""Cases by the ten thousand: the demonstration's twelve, lived through by real moves, copied row by row.

A copy has a number, an organisation, a district, a team, a handler, a telephone and dates of its own; what was answered
and what happened is its original's. Copies have no chain of hashes and are for measuring only.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Engine, insert, select

from bot.accounts import Accounts
from bot.clock import Clock
from bot.demo.demonstration import Demonstration
from bot.needs import Needs
from db.engine import reading, writing
from intake.case_numbers import case_number
from intake.cases import SYSTEM, Role
from intake.staff import Staff
from intake.store.tables import case_events, case_private, cases, organisations

ORGANISATIONS = 3_000
HANDLERS = 6
"""To each team."""

DAYS = 120
"""So far back the copies were submitted."""

_AT_ONCE = 1_000
_TIMES = ("submitted_at", "updated_at", "due_override", "expires_at", "urged_at", "closed_at")

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Original:
    case: Row
    private: Row
    events: Sequence[Row]


def fill(engine: Engine, needs: Needs, clock: Clock, count: int, seed: int = 7) -> None:
    """So many cases in a fresh database, the same ones for the same seed and moment."""
    Demonstration(needs, Accounts(engine, clock), clock.now).load()
    dice = random.Random(seed)  # noqa: S311  # a benchmark's cases, no secret
    teams = [team for team in needs.register.teams() if team.active]
    handlers = {team.id: [f"{team.id}-{number}" for number in range(HANDLERS)] for team in teams}
    for team in teams:
        for account in handlers[team.id]:
            person = Staff(account, f"经办{account}", frozenset({Role.CLERK, Role.SPECIALIST}), frozenset({team.area}))
            needs.register.put_staff(person, SYSTEM, clock.now())
            needs.register.join(team.id, account, SYSTEM, clock.now(), lead=False, liaison=False)
    originals = _originals(engine)
    with writing(engine) as connection:
        _organisations(connection, clock)
        numbers: set[str] = set()
        while len(numbers) < count:
            numbers.add(case_number(clock.today().year, dice.choice))
        copies = [_copy(dice, originals, teams, handlers, number) for number in sorted(numbers)]
        _insert(connection, copies)


def _originals(engine: Engine) -> list[Original]:
    with reading(engine) as connection:
        found = connection.execute(select(cases)).mappings().all()
        return [
            Original(
                dict(row),
                dict(connection.execute(select(case_private).where(case_private.c.case == row["id"])).mappings().one()),
                [dict(event) for event in connection.execute(_events_of(row["id"])).mappings()],
            )
            for row in found
        ]


def _events_of(case: str) -> Any:
    return select(case_events).where(case_events.c.case == case).order_by(case_events.c.seq)


def _organisations(connection: Connection, clock: Clock) -> None:
    rows = [
        {
            "id": f"bench-org-{number}",
            "uscc": f"913702000BEN{number:05d}I",
            "name": f"青岛海测{number}号新材料有限公司",
            "verified": False,
            "created_at": clock.now(),
        }
        for number in range(ORGANISATIONS)
    ]
    connection.execute(insert(organisations), rows)


def _copy(
    dice: random.Random,
    originals: Sequence[Original],
    teams: Sequence[Any],
    handlers: Mapping[str, list[str]],
    key: str,
) -> Original:
    original, team, org = dice.choice(originals), dice.choice(teams), dice.randrange(ORGANISATIONS)
    case, back = dict(original.case), timedelta(minutes=dice.randrange(DAYS * 24 * 60))
    case |= {name: case[name] - back for name in _TIMES if case[name] is not None}
    case["answers"] = _answers(case["answers"], org)
    case |= {
        "id": f"bench-{key}",
        "reference": key,
        "draft": None,
        "org": f"bench-org-{org}",
        "title": f"{case['title']} 第{dice.randrange(10**6)}号",
        "team": team.id if case["team"] else None,
        "assignee": dice.choice(handlers[team.id]) if case["assignee"] else None,
        "district": team.area if team.tier == "district" else case["district"],
        "tags": [],
        "merged_into": None,
        "split_from": None,
    }
    private = dict(original.private)
    private |= {"case": case["id"], "personal": _personal(private["personal"], dice)}
    events = [
        {**{name: value for name, value in event.items() if name != "id"}, "case": case["id"], "at": event["at"] - back}
        for event in original.events
    ]
    return Original(case, private, events)


def _answers(answers: Row, org: int) -> Row:
    named = {"org_name": f"青岛海测{org}号新材料有限公司", "uscc": f"913702000BEN{org:05d}I"}
    return {
        step: {**answered, "value": named[step], "text": named[step]} if step in named else answered
        for step, answered in answers.items()
    }


def _personal(personal: Row, dice: random.Random) -> Row:
    def other(answered: Any) -> Any:
        value = answered.get("value") if isinstance(answered, dict) else None
        if isinstance(value, dict) and "e164" in value:
            return {**answered, "value": {**value, "e164": f"+865320{dice.randrange(10**7):07d}"}}
        return answered

    return {step: other(answered) for step, answered in personal.items()}


def _insert(connection: Connection, copies: Sequence[Original]) -> None:
    for some in _parts(copies):
        connection.execute(insert(cases), [copy.case for copy in some])
        connection.execute(insert(case_private), [copy.private for copy in some])
        connection.execute(insert(case_events), [event for copy in some for event in copy.events])


def _parts(copies: Sequence[Original]) -> Iterator[Sequence[Original]]:
    for start in range(0, len(copies), _AT_ONCE):
        yield copies[start : start + _AT_ONCE]
