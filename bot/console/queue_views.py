"""The queue's views: which cases are in each, how many, in what order, and what a search or a filter leaves. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.console.queue_board import Due, Entry
from intake.cases import Actor, Case, CaseState
from intake.reading.plain import plain
from intake.review import masked_for, reads
from intake.store.queue_rows import Wanted

VIEWS = ("mine", "new", "team", "soon", "over", "waiting", "all")
KIND = "kind."
SORTS = ("due", "submitted", "updated", "priority")
PER_PAGE = 50
SHOWN_DIGITS = 4
"""As many of a masked number are shown: who may see no more may search for no more."""
TAIL = re.compile(r"[0-9]{4,}")

_RANK = {"urgent": 0, "soon": 1}

Fits = Callable[[Entry], bool]


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody wants to see. `ended` also takes those that are over; `answers` filter by steps of the kind."""

    view: str = "new"
    kind: str = ""
    state: str = ""
    area: str = ""
    team: str = ""
    text: str = ""
    sort: str = "due"
    ended: bool = False
    page: int = 1
    answers: tuple[Wanted, ...] = field(default=())

    @property
    def of_kind(self) -> str:
        return self.view.removeprefix(KIND) if self.view.startswith(KIND) else self.kind

    @property
    def sought(self) -> str:
        return plain(self.text).casefold()

    @property
    def digits(self) -> str:
        """The end of a telephone number, where the words may be one."""
        tight = "".join(self.sought.split())
        return tight if TAIL.fullmatch(tight) else ""


def counts(entries: Iterable[Entry], actor: Actor, now: datetime) -> Mapping[str, int]:
    """How many cases stand in each view."""
    found: Counter[str] = Counter()
    for entry in entries:
        found.update(views_of(entry, actor, now))
    return found


def views_of(entry: Entry, actor: Actor, now: datetime) -> Iterator[str]:
    """The views a case stands in: of those that are over only 「全部」."""
    yield "all"
    case, due = entry.case, entry.due
    if not case.is_open:
        return
    yield KIND + case.kind
    if case.assignee == actor.id:
        yield "mine"
    elif case.assignee is None and case.team in actor.teams:
        yield "team"
    if case.state is CaseState.SUBMITTED:
        yield "new"
    elif case.state is CaseState.NEED_INFO:
        yield "waiting"
    if due is not None and not due.paused and not due.waiting and now >= due.warn_at:
        yield "over" if now > due.at else "soon"


def chosen(
    entries: Iterable[Entry],
    asked: Asked,
    actor: Actor,
    now: datetime,
    *,
    reached: Collection[str] = (),
    answering: Collection[str] | None = None,
) -> list[Entry]:
    """The entries asked for, in order. `reached` are ids of cases whose telephone number ends as sought, `answering`
    those that answer the form as asked (None: not asked)."""
    found = [entry for entry in entries if _stands(entry, asked, actor, now)]
    if answering is not None:
        found = [entry for entry in found if entry.case.id in answering and reads(actor, entry.case)]
    if asked.sought:
        found = [entry for entry in found if _holds(entry, asked, actor, reached)]
    return sorted(found, key=_order(asked.sort))


def page_of(found: list[Entry], page: int) -> tuple[list[Entry], int, int]:
    """The rows of a page, the page there is, and how many there are."""
    pages = max(1, -(-len(found) // PER_PAGE))
    page = min(max(1, page), pages)
    return found[(page - 1) * PER_PAGE : page * PER_PAGE], page, pages


def _stands(entry: Entry, asked: Asked, actor: Actor, now: datetime) -> bool:
    case = entry.case
    if asked.state and case.state != asked.state:
        return False
    if asked.kind and case.kind != asked.kind:
        return False
    if asked.area and asked.area not in (case.district, case.zone):
        return False
    if asked.team and asked.team != case.team and asked.team not in case.co_teams:
        return False
    if asked.view.startswith(KIND) and (asked.ended or asked.state):
        return case.kind == asked.of_kind
    return asked.view in views_of(entry, actor, now)


def _holds(entry: Entry, asked: Asked, actor: Actor, reached: Collection[str]) -> bool:
    case = entry.case
    if asked.sought.replace("-", "").replace(" ", "") in case.reference.casefold().replace("-", ""):
        return True
    if not reads(actor, case):
        return False
    if asked.sought in entry.told:
        return True
    return case.id in reached and (len(asked.digits) <= SHOWN_DIGITS or not masked_for(actor, case))


def _order(sort: str) -> Callable[[Entry], Any]:
    if sort == "submitted":
        return lambda entry: (-entry.case.submitted_at.timestamp(), entry.case.id)
    if sort == "updated":
        return lambda entry: (-entry.case.updated_at.timestamp(), entry.case.id)
    if sort == "priority":
        return lambda entry: (_rank(entry.case), entry.case.submitted_at, entry.case.id)
    return lambda entry: (*_urgency(entry.due), _rank(entry.case), entry.case.submitted_at, entry.case.id)


def _urgency(due: Due | None) -> tuple[int, float]:
    """What runs for the staff, then what is waited for, then what stands still, then what is over."""
    if due is None:
        return 3, 0.0
    return (2 if due.paused else 1 if due.waiting else 0), due.at.timestamp()


def _rank(case: Case) -> int:
    return _RANK.get(case.priority, 2)
