"""The table of moves as a page: docs/cases.md is what `python -m intake.review_page` prints; a test compares them."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator

from intake.cases import ENDED, CaseState, Role
from intake.review import EVENTS, MOVES, Move
from intake.review_guards import GUARDS

_ROLES = {
    Role.ENTERPRISE: "E", Role.CLERK: "C", Role.SPECIALIST: "S",
    Role.LEAD: "L", Role.COORDINATOR: "X", Role.SYSTEM: "B",
}  # fmt: skip
_GROUPS: dict[frozenset[CaseState], str] = {
    frozenset(CaseState) - ENDED: "any open",
    frozenset(CaseState) - {CaseState.MERGED}: "any but merged",
}

_HEAD = """\
# What may be done to a case

Written from the table in `intake/review.py` by `python -m intake.review_page`; a test keeps the two equal. A door, the
command line or a console asks `can` and shows `allowed`. No other change of state exists.

Who: **E** the enterprise's person who submitted, **C** clerk of a district or zone (区市、功能区), **S** specialist of
a team, **L** its lead, **X** the city's coordinator (市级统筹), **B** the system. Staff may hold several roles.

## Whose cases

| role | sees | telephone numbers |
|---|---|---|
| E | their own | in full |
| C | of their districts and zones, and what their teams have or help with; restricted ones by team | once assigned |
| S | what is assigned to them, and what their teams have or help with | once assigned |
| L | the same | in full |
| X | all; of a restricted one that is not with their team neither title nor answers | in full, where they read it |
| auditor | all, and changes none | masked |
| admin, editor | none | – |

What somebody may not see is "not found", never "forbidden". Deputies of those who are away count as members of their
teams. That staff read a restricted case, or were shown numbers in full, goes on record.

## Moves

1–24 are numbered as in the design; from 25 on stands what changes no state. `assignee` falls back to the team, then to
the coordinator; `router` is who sent the case to the team; nobody is told of what they did themselves. A reply brings
back the state before the question. What comes in for a merged case lands on what it was merged into.
"""

_SENT = """\

## Who is told what

- The enterprise, in the channel it submitted in: {owner}. Never notes, nor that teams sent its case back or handed it
  over inside; that it is routed only the first time; and of spam that is rejected nothing.
- Staff and teams: {staff}.
- A notice holds numbers, names of teams, days and codes; words are read from the history when it is shown.
"""


def page() -> str:
    """The whole page, in Markdown."""
    parts = [_HEAD, *_table(), *_guards(), _told(), *_events()]
    return "\n".join(part.rstrip("\n") for part in parts) + "\n"


def _table() -> Iterator[str]:
    yield ""
    yield "| # | move | from | to | who | must hold | told | clocks | on the timeline |"
    yield "|---|---|---|---|---|---|---|---|---|"
    yield from (_row(move) for move in MOVES)


def _row(move: Move) -> str:
    told = [notice for notice in move.notices if notice != "none"]
    cells = (
        str(move.number),
        f"`{move.action}`",
        _sources(move),
        _target(move),
        " ".join(letter for role, letter in _ROLES.items() if role in move.roles) + _of_team(move),
        ", ".join(move.guard) or "–",
        ", ".join(told) or "–",
        move.clock,
        "yes" if move.public else "no",
    )
    return f"| {' | '.join(cells)} |"


def _sources(move: Move) -> str:
    if not move.sources:
        return "a draft"
    listed = ", ".join(f"`{state}`" for state in CaseState if state in move.sources)
    return _GROUPS.get(move.sources, listed)


def _target(move: Move) -> str:
    if move.or_target:
        return f"`{move.target}`; `{move.or_target}` where nobody had it"
    if move.target:
        return f"`{move.target}`"
    return "before" if move.action == "reply" and CaseState.NEED_INFO in move.sources else "stays"


def _of_team(move: Move) -> str:
    return " of the team" if move.own_team else ""


def _guards() -> Iterator[str]:
    yield "\n## What must hold\n"
    yield from (f"- **{name}**: {words}" for name, words in GUARDS.items())


def _told() -> str:
    kinds = {
        (who, kind) for move in MOVES for notice in move.notices for who, _, kind in [notice.partition(":")] if kind
    }
    alerts = {("lead", "breach"), ("assignee", "due_warning")}
    owner = sorted(kind for who, kind in kinds if who == "owner")
    staff = sorted({kind for who, kind in kinds | alerts if who != "owner"})
    return _SENT.format(owner=_listed(owner), staff=_listed(staff))


def _listed(kinds: Iterable[str]) -> str:
    return ", ".join(f"`{kind}`" for kind in kinds)


def _events() -> Iterator[str]:
    yield "\n## Events that are no moves\n"
    yield from (f"- `{name}`: {words}" for name, words in EVENTS.items())


if __name__ == "__main__":
    sys.stdout.write(page())
