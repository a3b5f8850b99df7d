"""The queue's views: which cases are in each, how many, in what order, and what a search or a filter leaves. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter
from typing import Any

from bot.console.queue_board import KIND, Entry, Sight, rank, standing_of, tight
from intake.cases import Actor, Case
from intake.reading.plain import plain
from intake.review import masked_for, reads
from intake.store.queue_rows import Wanted

VIEWS = ("mine", "new", "team", "soon", "over", "waiting", "all")
SORTS = ("due", "submitted", "updated", "priority")
PER_PAGE = 50
SHOWN_DIGITS = 4
"""As many of a masked number are shown: who may see no more may search for no more."""
TAIL = re.compile(r"[0-9]{4,}")


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
    def narrows(self) -> bool:
        """Whether anything but the view, the words and the answers is asked for."""
        return bool(self.state or self.kind or self.of_kind or self.area or self.team)

    @property
    def sought(self) -> str:
        return plain(self.text).casefold()

    @property
    def digits(self) -> str:
        """The end of a telephone number, where the words may be one."""
        tight = "".join(self.sought.split())
        return tight if TAIL.fullmatch(tight) else ""


def counts(sight: Sight, now: datetime) -> Mapping[str, int]:
    """How many cases stand in each view."""
    warned = [entry.due.at for entry in sight.timed if entry.due is not None and now >= entry.due.warn_at]
    over = sum(now > at for at in warned)
    standing = {view: len(entries) for view, entries in sight.standing.items()}
    return {"all": len(sight.everything), **standing, "over": over, "soon": len(warned) - over}


def views_of(entry: Entry, actor: Actor, now: datetime) -> Iterator[str]:
    """The views a case stands in: of those that are over only 「全部」."""
    yield "all"
    if not entry.case.is_open:
        return
    yield from standing_of(entry, actor)
    if entry.due is not None and entry.due.over(now):
        yield "over"
    elif entry.due is not None and entry.due.soon(now):
        yield "soon"


def of_view(sight: Sight, asked: Asked, now: datetime) -> Iterable[Entry]:
    """The entries of the view that is asked for; those that are over, too, where they or a state are asked for."""
    if asked.view in ("over", "soon"):
        late = asked.view == "over"
        return [entry for entry in sight.timed if entry.due and (entry.due.over(now) if late else entry.due.soon(now))]
    if asked.view == "all" or (asked.view.startswith(KIND) and (asked.ended or asked.state)):
        return sight.everything
    return sight.standing.get(asked.view, ())


def chosen(
    entries: Iterable[Entry],
    asked: Asked,
    actor: Actor,
    *,
    reached: Collection[str] = (),
    answering: Collection[str] | None = None,
) -> list[Entry]:
    """Of the entries of a view those asked for, in order. `reached` are ids of cases whose telephone number ends as
    sought, `answering` those that answer the form as asked (None: not asked)."""
    found: Iterable[Entry] = entries
    if asked.narrows:
        found = [entry for entry in found if _stands(entry.case, asked)]
    if answering is not None:
        found = [entry for entry in found if entry.case.id in answering and reads(actor, entry.case)]
    if asked.sought:
        found = _holding(found, asked, actor, reached)
    return sorted(found, key=_key(asked.sort))


def page_of(found: list[Entry], page: int) -> tuple[list[Entry], int, int]:
    """The rows of a page, the page there is, and how many there are."""
    pages = max(1, -(-len(found) // PER_PAGE))
    page = min(max(1, page), pages)
    return found[(page - 1) * PER_PAGE : page * PER_PAGE], page, pages


def _stands(case: Case, asked: Asked) -> bool:
    return (
        (not asked.state or case.state == asked.state)
        and (not asked.kind or case.kind == asked.kind)
        and (not asked.of_kind or case.kind == asked.of_kind)
        and (not asked.area or asked.area in (case.district, case.zone))
        and (not asked.team or asked.team == case.team or asked.team in case.co_teams)
    )


def _holding(entries: Iterable[Entry], asked: Asked, actor: Actor, reached: Collection[str]) -> list[Entry]:
    """Whose number holds what is sought; of those this actor reads also whose words do, or whose telephone ends so."""
    sought, number = asked.sought, tight(asked.sought)
    shown = len(asked.digits) <= SHOWN_DIGITS

    def told(entry: Entry) -> bool:
        if sought in entry.told:
            return reads(actor, entry.case)
        case = entry.case
        return case.id in reached and reads(actor, case) and (shown or not masked_for(actor, case))

    return [entry for entry in entries if (number and number in entry.number) or told(entry)]


def _key(sort: str) -> Callable[[Entry], Any]:
    if sort == "submitted":
        return lambda entry: (-entry.case.submitted_at.timestamp(), entry.case.id)
    if sort == "updated":
        return lambda entry: (-entry.case.updated_at.timestamp(), entry.case.id)
    if sort == "priority":
        return lambda entry: (rank(entry.case), entry.case.submitted_at, entry.case.id)
    return attrgetter("order")
