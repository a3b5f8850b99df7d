"""What a person is told once their need stands: number, code, team, dates, what comes next, and what would help it."""

from __future__ import annotations

from collections.abc import Iterator

from bot.dialogs.buttons import of_case, of_menu
from bot.dialogs.desk import Desk
from bot.dialogs.moments import clock, day, working_days
from bot.dialogs.turn import Speaker
from bot.dialogs.words import Words, lines, paragraphs
from bot.messages import Choice, Reply
from intake.cases import OPEN, Case
from intake.journey import supplements
from intake.models import Step
from intake.receipts import Receipt
from intake.values import Answered

BEST = 20
"""The most a need's quality comes to."""


class Receipts:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def reply(self, receipt: Receipt, speaker: Speaker) -> Reply:
        words, case = self._desk.words(speaker), receipt.case
        head = words.say("receipt.again" if receipt.repeated else "receipt.done", reference=case.reference)
        text = paragraphs(
            lines(head, self._code(receipt, words)),
            lines(*self._who_and_when(receipt, words)),
            words.say("receipt.next"),
            self._copy(receipt, words),
            self._what_would_help(case, words),
        )
        choices = (
            of_case(case.reference, "v", words.say("receipt.progress")),
            *self.supplement_buttons(case, words),
            *self._parked(speaker, words),
        )
        self._desk.receipt_shown(speaker, case.reference)
        return Reply("form_submitted", text, choices)

    def _code(self, receipt: Receipt, words: Words) -> str:
        return words.say("receipt.code", code=receipt.query_code) if receipt.query_code else ""

    def _who_and_when(self, receipt: Receipt, words: Words) -> Iterator[str]:
        """The team and the dates, in working days and as days of the calendar."""
        calendar, start = self._desk.needs.timing.calendar, receipt.case.submitted_at
        if receipt.team_name:
            contact = receipt.team_phone or self._desk.ask.contact
            yield words.say("receipt.team", team=receipt.team_name, contact=contact)
        if receipt.work_starts is not None:
            yield words.say("receipt.work_starts", moment=clock(receipt.work_starts, words))
        first = working_days(start, receipt.first_due, calendar)
        yield words.say("receipt.first", days=first, day=day(receipt.first_due, words))
        if receipt.final_due is not None:
            final = working_days(start, receipt.final_due, calendar)
            yield words.say("receipt.final", days=final, day=day(receipt.final_due, words))

    def _copy(self, receipt: Receipt, words: Words) -> str:
        rows = (words.say("card.line_plain", label=line.label, shown=words.tell(line.shown)) for line in receipt.lines)
        return lines(words.say("receipt.copy"), *rows)

    def _what_would_help(self, case: Case, words: Words) -> str:
        """「补充可提高对接成功率（9/20 → 14/20）」, where something is open that would."""
        steps = self.supplements(case)
        total = case.quality.get("total")
        if not steps or not isinstance(total, int) or total >= BEST:
            return ""
        after = min(BEST, total + sum(step.gain for step in steps))
        labels = words.listed(step.label for step in steps)
        return words.say("receipt.supplement", before=total, after=after, labels=labels)

    def supplement_buttons(self, case: Case, words: Words) -> Iterator[Choice]:
        for step in self.supplements(case):
            yield of_case(case.reference, f"s.{step.id}", words.say("receipt.add", label=step.label))

    def supplements(self, case: Case) -> tuple[Step, ...]:
        """The open steps most worth answering; none once the case has ended."""
        if case.state not in OPEN or case.kind not in self._desk.formbook.forms:
            return ()
        answers: dict[str, Answered] = dict(case.answers)
        return supplements(self._desk.formbook.form(case.kind), answers)

    def _parked(self, speaker: Speaker, words: Words) -> Iterator[Choice]:
        """A way back to what else was begun."""
        if any(draft.kind in self._desk.formbook.forms for draft in self._desk.needs.drafts.all(speaker.person)):
            yield of_menu("drafts", words.say("menu.drafts"))
