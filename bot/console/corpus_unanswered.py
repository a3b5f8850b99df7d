"""Questions that found no answer (未答问题): what was asked, how often, why there was none. Nobody is named."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from starlette.responses import Response

from bot.console.corpus_pages import LOOKERS
from bot.console.rules import Routes
from bot.console.visit import Visit
from bot.logs import Redactor
from bot.turns import Recorded
from intake.cases import Role
from rag.guardrails import fold
from rag.models import AnswerStatus

routes = Routes()

CAUSES = tuple(str(status) for status in AnswerStatus if status.startswith("unanswerable_"))
DAYS = (7, 30, 90)
MOST_READ = 2_000
"""The latest so many are looked at."""

MOST_SHOWN = 100
LONGEST = 160
_MARKS = re.compile(r"[^\w]+")
_TAILED = re.compile(r"[0-9]*\*{2,}[0-9]*")
"""The record keeps the ends of a masked number; a board for many eyes does not."""

_redact = Redactor()


@dataclass(frozen=True, slots=True)
class Asked:
    """One question, however it was punctuated: its words as last asked, with numbers of people struck out."""

    question: str
    cause: str
    count: int
    last: datetime


@routes.rule("/unanswered", roles=LOOKERS | {Role.COORDINATOR})
def unanswered(visit: Visit) -> Response:
    days = next((number for number in DAYS if str(number) == visit.asked("days")), DAYS[1])
    cause = visit.asked("cause") if visit.asked("cause") in CAUSES else ""
    read = visit.desk.parts.history.unanswered(MOST_READ)
    since = visit.desk.parts.clock.now() - timedelta(days=days)
    recent = [turn for turn in read if turn.created_at >= since]
    board = grouped(turn for turn in recent if cause in ("", turn.status))
    context: dict[str, Any] = {
        "board": board[:MOST_SHOWN],
        "left": max(0, len(board) - MOST_SHOWN),
        "causes": [(name, number) for name, number in Counter(turn.status for turn in recent).most_common()],
        "every_cause": CAUSES,
        "cause": cause,
        "days": days,
        "every_days": DAYS,
        "total": len(recent),
        "capped": len(read) == MOST_READ and len(recent) == MOST_READ,
        "most": MOST_READ,
    }
    return visit.page("corpus_unanswered.html", **context)


def grouped(turns: Iterable[Recorded]) -> list[Asked]:
    """The most asked first, then the latest. `turns` are the newest first."""
    found: dict[tuple[str, str], Asked] = {}
    for turn in turns:
        key = _MARKS.sub("", fold(turn.question)), turn.status
        held = found.get(key)
        shown = held.question if held else _TAILED.sub("***", _redact(turn.question))[:LONGEST]
        last = held.last if held else turn.created_at
        found[key] = Asked(shown, turn.status, held.count + 1 if held else 1, last)
    return sorted(found.values(), key=lambda asked: (-asked.count, -asked.last.timestamp()))
