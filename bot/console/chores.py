"""What the console needs done without anybody asking: the calendar's file, the queue, the sources, ended sessions."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.console.calendar_file import KEY, write_text
from bot.console.parts import ConsoleParts
from bot.console.store.corpus_journal import FELL, CorpusJournal
from bot.console.store.leftovers import forget_leftovers
from bot.console.store.sessions import StaffSessions
from bot.console.store.settings_rows import SettingsRows
from bot.falling import Falling
from bot.housekeeping import Chore
from bot.keepers_notices import tell_of_fall
from intake.cases import SYSTEM
from rag.approved import Fall
from rag.models import ApprovedAnswer

CASES_A_ROUND = 4000
"""What two busy months come to: the page of numbers opens with this one and the one before."""


def console_chores(parts: ConsoleParts) -> tuple[Chore, ...]:
    """The calendar first: a file that was edited by hand counts within half a minute.

    The queue next: reading 20,000 cases takes seconds, which at a start nobody should have to wait for.
    """
    sessions = StaffSessions(parts.engine)
    return (
        Chore("calendar", timedelta(0), lambda _now: int(parts.take_calendar())),
        Chore("queue", timedelta(0), lambda _now: _keep_up(parts)),
        Chore("sources", timedelta(0), parts.rounds.run_due),
        Chore("approved answers", timedelta(0), falling_of(parts).run),
        Chore("question vectors", timedelta(0), lambda _now: parts.vectors.catch_up()),
        Chore("staff sessions", timedelta(hours=1), sessions.forget_expired),
        Chore("sign-ins", timedelta(hours=6), lambda now: forget_leftovers(parts.engine, now)),
    )


def falling_of(parts: ConsoleParts) -> Falling:
    """What falls is put on record where staff look things up, and stands on the board until it is dealt with."""
    journal = CorpusJournal(parts.engine)

    def tell(answer: ApprovedAnswer, fall: Fall, now: datetime) -> None:
        shelf = parts.reader.shelf()
        row = shelf.opened.place.get(fall.document) if shelf else None
        title = shelf.opened.documents[row].document.title if shelf and row is not None else fall.document
        tell_of_fall(parts.engine, parts.kept.get(answer.id), title or "—", parts.needs.register.staff(), now)
        journal.write(FELL, SYSTEM, now, number=answer.id, why=fall.why, document=fall.document or "—")

    return Falling(parts.kept, parts.reader, parts.clock.today, tell)


def _keep_up(parts: ConsoleParts) -> int:
    """Whether anything had happened to a case. What cases come to is reckoned along with it, some in each round."""
    before = parts.board.version
    changed = parts.board.refresh() != before
    parts.ledger.catch_up((entry.case for entry in parts.board.visible(SYSTEM)), CASES_A_ROUND)
    return int(changed)


def put_calendar_back(parts: ConsoleParts) -> bool:
    """Write the calendar's file anew where it is gone and the console has set one: a backup holds the row only."""
    kept = SettingsRows(parts.engine).of(KEY)
    if kept is None or parts.calendar_file.exists():
        return False
    write_text(parts.calendar_file, str(kept.value["toml"]))
    parts.take_calendar()
    return True
