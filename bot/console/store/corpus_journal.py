"""Who published what, in the history of the registers: one line where a refresh begins, one where it ends."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine

from db.engine import writing
from intake.cases import Actor
from intake.store import register_rows
from intake.store.register_history import Change, Changes

WHAT = "corpus"
BEGUN, PUBLISHED, SAME, FAILED, BACK = "index_begun", "index_done", "index_same", "index_failed", "rolled_back"
KEPT, APPROVED, REVOKED, FELL = "answer_kept", "answer_approved", "answer_revoked", "answer_fell"
"""What became of an answer that staff wrote."""

_OF_AN_INDEX = frozenset({BEGUN, PUBLISHED, SAME, FAILED, BACK})
_LAST = 200


@dataclass(frozen=True, slots=True)
class Published:
    """Who had a release serve, and when; `back` where it had served before."""

    by: str
    at: datetime
    back: bool


class CorpusJournal:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def write(self, done: str, actor: Actor, now: datetime, *, release: str = "", **told: Any) -> None:
        """`release`: the id of the one that serves now, where it is another than before; `told` is shown as it is."""
        after = {"done": done, **told}
        with writing(self._engine) as connection:
            register_rows.log(connection, WHAT, release or "index", None, after, actor, now)

    def published(self, release: str) -> Published | None:
        """The last time somebody had this release serve; None where it was done at the command line."""
        for change in Changes(self._engine).of(WHAT, release, limit=1):
            return Published(change.actor, change.at, _done(change) == BACK)
        return None

    def interrupted(self) -> Change | None:
        """The refresh that began last, if nothing says that it ended: the process did. Ask it while none runs."""
        last = next((line for line in self._lines() if _done(line) in _OF_AN_INDEX), None)
        return last if last is not None and _done(last) == BEGUN else None

    def _lines(self) -> Iterable[Change]:
        return Changes(self._engine).page(what=WHAT, limit=_LAST)[0]


def _done(change: Change) -> str:
    return str((change.after or {}).get("done", ""))
