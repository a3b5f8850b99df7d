"""Cases in words: codes of states, moves and clocks, intake's sentences, working time, who did something."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.channels.web_chat.words import Lang
from bot.phrases import Phrases
from intake.models import Saying
from intake.review import ReviewError
from intake.worktime import WorkCalendar

_PARTS = ("intake", "needs", "needs_quality", "registers", "sheets", "desk", "notices")


@dataclass(frozen=True, slots=True)
class CaseWords:
    lang: Lang
    calendar: WorkCalendar

    def label(self, table: str, code: object) -> str:
        """The word for a code; the code itself where there is none."""
        for part in ("desk", "notices"):
            book, key = Phrases(self.lang, part), f"{table}.{code}"
            if book.has(key):
                return book.say(key)
        return str(code)

    def tell(self, saying: Saying) -> str:
        for part in _PARTS:
            book = Phrases(self.lang, part)
            if book.has(saying.key):
                return book.say(saying.key, **saying.values)
        return saying.key

    def refused(self, error: ReviewError) -> str:
        return self.tell(error.saying)

    def span(self, span: timedelta) -> str:
        """So much working time, in the unit that says most."""
        book, span, day = Phrases(self.lang, "desk"), abs(span), self.calendar.day
        if span >= day:
            return book.say("time.days", count=f"{span / day:.1f}".removesuffix(".0"))
        if span >= timedelta(hours=1):
            return book.say("time.hours", count=f"{span / timedelta(hours=1):.1f}".removesuffix(".0"))
        return book.say("time.minutes", count=span // timedelta(minutes=1))

    def left(self, due: datetime, now: datetime) -> str:
        """剩 2 个工作日, or 已超 3 小时."""
        key = "time.over" if now > due else "time.left"
        first, last = (due, now) if now > due else (now, due)
        return Phrases(self.lang, "desk").say(key, time=self.span(self.calendar.between(first, last)))

    def say(self, key: str, **values: object) -> str:
        """A sentence of the command line's, where the console says the same."""
        return Phrases(self.lang, "desk").say(key, **values)
