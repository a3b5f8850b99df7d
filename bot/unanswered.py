"""The board of questions without an answer: misses that mean the same in one row, why, how often, and what was done.

Nobody is named: askers are counted, numbers of people are struck out, and of a question only its words are kept.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from hashlib import blake2b
from typing import Literal

from bot.history import Miss
from bot.logs import Redactor
from bot.turns import Recorded
from bot.unanswered_marks import Mark, Marked
from rag.grouping import Vectors, grouped, no_vector
from rag.models import AnswerStatus
from rag.sameness import key_of

MOST_READ = 2_000
"""The latest so many misses are looked at."""

LONGEST = 160
Trend = Literal["new", "more", "same", "less"]

CAUSES = (
    "nothing", "evidence", "kind", "names", "contradicted", "verification", "retired", "unnamed", "no_coverage",
    "other_region", "off_topic", "no_promise",
)  # fmt: skip
"""Why there was no answer: see the wording files. The first eight are of a search that did not do."""

_OF_STATUS = {
    AnswerStatus.NO_COVERAGE: "no_coverage",
    AnswerStatus.OTHER_REGION: "other_region",
    AnswerStatus.OFF_TOPIC: "off_topic",
    AnswerStatus.NO_PROMISE: "no_promise",
}
_OF_REASON = {"scheme": "names", "strangers": "names"}
_TAILED = re.compile(r"[0-9]*\*{2,}[0-9]*")
"""The record keeps the ends of a masked number; a board for many eyes does not."""

_redact = Redactor()


@dataclass(frozen=True, slots=True)
class Cluster:
    """Misses that mean the same, within the days asked for.

    `key` names it in links: it is that of its latest wording. `question` is that wording, `wordings` all of them, the
    most asked first, with numbers of people struck out; `askers` is how many different accounts asked. `recent` counts
    the later half of the days, `before` the earlier. `nearest` are passages that came nearest, as they were recorded.
    `district` is where all of them were asked for, or "". `mark` is the last thing that was done about it.
    """

    key: str
    question: str
    wordings: tuple[str, ...]
    keys: frozenset[str]
    count: int
    askers: int
    first: datetime
    last: datetime
    recent: int
    before: int
    causes: tuple[tuple[str, int], ...]
    nearest: tuple[str, ...]
    district: str
    mark: Marked | None

    @property
    def cause(self) -> str:
        return self.causes[0][0]

    @property
    def trend(self) -> Trend:
        if not self.before:
            return "new"
        return "same" if self.recent == self.before else "more" if self.recent > self.before else "less"

    @property
    def dealt_with(self) -> bool:
        """Whether it is out of the way: marked, and not asked since."""
        return self.mark is not None and self.mark.state is not Mark.REOPENED and self.last <= self.mark.at


def clusters(
    misses: Iterable[Miss],
    marks: Sequence[Marked],
    now: datetime,
    days: int,
    today: date,
    vector: Vectors = no_vector,
) -> list[Cluster]:
    """The most asked first, then the latest. `misses` are the newest first, `marks` too."""
    since = now - timedelta(days=days)
    recent = [miss for miss in reversed(list(misses)) if miss.turn.created_at >= since]
    groups = grouped([miss.turn.question for miss in recent], today, vector)
    halfway = now - timedelta(days=days) / 2
    found = [_cluster([recent[number] for number in group], marks, halfway) for group in groups]
    return sorted(found, key=lambda one: (-one.count, -one.last.timestamp(), one.key))


def of_key(board: Iterable[Cluster], key: str) -> Cluster | None:
    """The cluster that a link names: by any of its wordings, since more may have been asked meanwhile."""
    return next((one for one in board if any(short_key(held) == key for held in one.keys)), None)


def cause_of(turn: Recorded) -> str:
    """Why a turn found no answer: from its status, else from the reason recorded with it."""
    try:
        status = AnswerStatus(turn.status)
    except ValueError:
        status = AnswerStatus.NOT_FOUND
    if status in _OF_STATUS:
        return _OF_STATUS[status]
    found = turn.found or {}
    reason = str(found.get("reason") or ("evidence" if found.get("hits") else "nothing"))
    reason = _OF_REASON.get(reason, reason)
    return reason if reason in CAUSES else "evidence"


def short_key(key: str) -> str:
    return blake2b(key.encode(), digest_size=6).hexdigest()


@lru_cache(maxsize=8192)
def shown(question: str) -> str:
    """A question as many eyes may see it."""
    return _TAILED.sub("***", _redact(question))[:LONGEST]


def _cluster(misses: list[Miss], marks: Sequence[Marked], halfway: datetime) -> Cluster:
    """Of misses that mean the same, the oldest first."""
    turns = [miss.turn for miss in misses]
    keys = frozenset(key_of(turn.question) for turn in turns)
    wordings = Counter(shown(turn.question) for turn in reversed(turns))
    districts = {(turn.focus.district if turn.focus else None) or "" for turn in turns}
    later = sum(turn.created_at >= halfway for turn in turns)
    return Cluster(
        key=short_key(key_of(turns[-1].question)),
        question=shown(turns[-1].question),
        wordings=tuple(wording for wording, _ in wordings.most_common()),
        keys=keys,
        count=len(turns),
        askers=len({miss.asker for miss in misses}),
        first=turns[0].created_at,
        last=turns[-1].created_at,
        recent=later,
        before=len(turns) - later,
        causes=tuple(Counter(cause_of(turn) for turn in reversed(turns)).most_common()),
        nearest=_nearest(turns),
        district=districts.pop() if len(districts) == 1 else "",
        mark=next((mark for mark in marks if mark.keys & keys), None),
    )


def _nearest(turns: Sequence[Recorded]) -> tuple[str, ...]:
    """Of the latest turn that recorded what came nearest."""
    for turn in reversed(turns):
        if passages := (turn.found or {}).get("nearest"):
            return tuple(str(passage) for passage in passages)
    return ()
