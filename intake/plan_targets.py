"""The seven figures of Qingdao's plan of 2020 for a 「科创中国」 pilot city, and what has been entered towards them.

An entry stands for what it names: one station, or a list with its number; for the share, one group of organisations
with how many of them use the platform. A figure is the sum of the entries in force. Nothing entered is not nought: it
is unknown (未填报); nought is entered as such.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from urllib.parse import urlsplit

EARLIEST = date(2020, 1, 1)
MOST = 1_000_000
LONGEST_NAME, LONGEST_EVIDENCE, LONGEST_LINK = 100, 1000, 500


@dataclass(frozen=True, slots=True)
class Aim:
    """A target: a number of things, or a share in percent. Its words are `aim.<key>` of the console's wording."""

    key: str
    least: int
    kind: Literal["count", "share"] = "count"


AIMS = (
    Aim("platform_use", 80, "share"),
    Aim("consortia", 30),
    Aim("society_stations", 30),
    Aim("overseas_stations", 10),
    Aim("offshore_bases", 30),
    Aim("studies", 6),
    Aim("events", 10),
)
"""In the order of the plan: 80 % of high-tech firms, institutes, universities and associations use the platform; 30
consortia and institutes; 30 stations of national societies; 10 overseas innovation stations; 30 offshore bases for
overseas talent; 6 studies by think tanks; 10 exhibitions and contests (../shared/seed/action-plan-2020.txt)."""


class EntryError(ValueError):
    """An entry that cannot be kept; `faults` are (field, key of a sentence)."""

    def __init__(self, faults: Sequence[tuple[str, str]]) -> None:
        super().__init__(", ".join(f"{name}: {key}" for name, key in faults))
        self.faults = tuple(faults)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What an entry rests on: words, and perhaps a link or a file of the file store."""

    words: str
    link: str = ""
    file_digest: str | None = None
    file_name: str = ""
    file_size: int = 0


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody enters. `number` of things; of a share, how many of `whole`. `day`: as of when it is so."""

    target: str
    name: str
    number: int
    whole: int | None
    day: date
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry as it was kept. `replaces` is the number of the one it corrects; where it is `withdrawn`, it takes that
    one back, and its evidence says why."""

    id: int
    said: Said
    replaces: int | None
    withdrawn: bool
    entered_by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Stand:
    """Where a target stands. `value` is None while nothing is entered: a number, or of a share percent."""

    aim: Aim
    value: float | None
    entries: tuple[Entry, ...]

    @property
    def met(self) -> bool:
        return self.value is not None and self.value >= self.aim.least


def aim_of(key: str) -> Aim | None:
    return next((aim for aim in AIMS if aim.key == key), None)


def in_force(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """Those that neither were corrected nor taken back, in the order they were entered."""
    known = list(entries)
    replaced = {entry.replaces for entry in known}
    return tuple(entry for entry in known if entry.id not in replaced and not entry.withdrawn)


def stand_of(aim: Aim, entries: Iterable[Entry]) -> Stand:
    """What the entries of this target in force come to."""
    mine = in_force(entry for entry in entries if entry.said.target == aim.key)
    total = sum(entry.said.number for entry in mine)
    if not mine:
        return Stand(aim, None, ())
    if aim.kind == "count":
        return Stand(aim, total, mine)
    whole = sum(entry.said.whole or 0 for entry in mine)
    return Stand(aim, total / whole * 100 if whole else None, mine)


def check(said: Said, others: Iterable[Entry], today: date) -> None:
    """Raises EntryError. `others` are the target's entries in force, without the one that is being corrected."""
    aim = aim_of(said.target)
    if aim is None:
        raise EntryError([("target", "missing")])
    faults = [*_words(said), *_numbers(aim, said)]
    if not EARLIEST <= said.day <= today:
        faults.append(("day", "day_range"))
    if said.name.casefold() in {entry.said.name.casefold() for entry in others}:
        faults.append(("name", "twice"))
    if faults:
        raise EntryError(faults)


def _words(said: Said) -> Iterable[tuple[str, str]]:
    if not 1 <= len(said.name) <= LONGEST_NAME:
        yield "name", "name_length"
    if not 2 <= len(said.evidence.words) <= LONGEST_EVIDENCE:
        yield "evidence", "evidence_length"
    link = said.evidence.link
    if link and (len(link) > LONGEST_LINK or not _is_link(link)):
        yield "link", "link"


def _is_link(link: str) -> bool:
    try:
        parts = urlsplit(link)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc) and link.isprintable() and " " not in link


def _numbers(aim: Aim, said: Said) -> Iterable[tuple[str, str]]:
    if not 0 <= said.number <= MOST:
        yield "number", "number_range"
    if aim.kind == "share":
        if said.whole is None or not 1 <= said.whole <= MOST:
            yield "whole", "whole_range"
        elif said.number > said.whole:
            yield "number", "part_of_whole"
