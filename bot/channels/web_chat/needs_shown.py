"""Small things of the needs pages as people read them: a state's colour, dates in words, sizes, our own links. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from intake.cases import CaseState

SHANGHAI = ZoneInfo("Asia/Shanghai")
_WEEKDAYS = "一二三四五六日"
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_TONES = {
    CaseState.NEED_INFO: "warn",
    CaseState.ANSWERED: "warn",
    CaseState.CLOSED: "good",
    CaseState.REJECTED: "gone",
    CaseState.WITHDRAWN: "gone",
    CaseState.MERGED: "gone",
}
_OWN = re.compile(r"(?<![\w/])/needs(?:/[a-z]+(?:/[A-Za-z0-9_-]+)?)?(?![\w/])")


def case_tone(state: CaseState) -> str:
    """warn where the enterprise has to do something, good or gone where it is over, else soon."""
    return _TONES.get(state, "soon")


def due_words(at: datetime, lang: str) -> str:
    """2026年11月25日（周三）17:30 in Shanghai."""
    here = at.astimezone(SHANGHAI)
    if lang == "zh":
        weekday = _WEEKDAYS[here.weekday()]
        return f"{here.year}年{here.month}月{here.day}日（周{weekday}）{here:%H:%M}"
    return f"{_DAYS[here.weekday()]} {here.day} {_MONTHS[here.month - 1]} {here.year}, {here:%H:%M}"


def file_size(size: int) -> str:
    """In kB up to a megabyte, else in MB."""
    return f"{size / 2**20:.1f} MB" if size >= 2**20 else f"{max(1, round(size / 1024))} kB"


@dataclass(frozen=True, slots=True)
class Run:
    """A run of text; `link` where it is an address of ours."""

    text: str
    link: bool = False


def own_links(text: str) -> list[Run]:
    """The text in runs, the addresses of our needs pages among them marked. The runs joined are the text."""
    runs: list[Run] = []
    at = 0
    for found in _OWN.finditer(text):
        runs += [Run(text[at : found.start()]), Run(found[0], link=True)]
        at = found.end()
    return [run for run in [*runs, Run(text[at:])] if run.text]
