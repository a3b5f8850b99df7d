"""Draws somebody's own cases: the list, one case with its timeline, what staff ask for, what may be done now."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.dialogs.buttons import of_case, of_menu
from bot.dialogs.desk import Desk
from bot.dialogs.moments import clock, day, month_day
from bot.dialogs.receipts import Receipts
from bot.dialogs.turn import Speaker
from bot.dialogs.words import Words, lines, paragraphs
from bot.messages import Choice, Reply
from intake.cases import OPEN, Case, CaseState, Recorded
from intake.models import Form, Step
from intake.reading.sensitive import without_numbers
from intake.review import allowed

MOST_LISTED = 10
MOST_EVENTS = 12
_BUTTONS = {
    "reply": "reply", "confirm": "c", "dissatisfied": "n", "reopen": "o", "note": "a", "urge": "u", "withdraw": "w",
}  # fmt: skip
"""What an owner may do → the button for it, in this order."""


class TrackDrawing:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._receipts = Receipts(desk)

    def listed(self, speaker: Speaker) -> Reply:
        """One's own cases, the latest first; the one that waits for its owner is marked."""
        words, cases = self._desk.words(speaker), self.own(speaker)
        if not cases:
            choices = (of_menu("menu", words.say("menu.open")), of_menu("drafts", words.say("menu.drafts")))
            return Reply("form_cases", words.say("cases.none"), choices)
        rows = [self._row(number, case, words) for number, case in enumerate(cases[:MOST_LISTED], start=1)]
        more = words.say("cases.more", count=len(cases) - MOST_LISTED) if len(cases) > MOST_LISTED else ""
        buttons = [
            of_case(case.reference, "v", words.say("cases.open", number=number, title=_short(case.title)))
            for number, case in enumerate(cases[:MOST_LISTED], start=1)
        ]
        buttons.append(of_menu("menu", words.say("menu.open")))
        return Reply("form_cases", lines(words.say("cases.head"), *rows, more), tuple(buttons))

    def own(self, speaker: Speaker) -> list[Case]:
        return [case for case in self._desk.needs.cases.of_person(speaker.person) if not case.erased]

    def state(self, case: Case, words: Words) -> str:
        """The state as its owner is told it."""
        team = self._team(case, words)
        target = self._target(case)
        into = target.reference if target else ""
        return words.say(f"state.{case.state}", team=team, into=into, count=self._docked(case))

    def case(self, case: Case, speaker: Speaker, before: str = "") -> Reply:
        """A case as its owner sees it."""
        words = self._desk.words(speaker)
        kind = self._desk.formbook.forms.get(case.kind)
        head = words.say(
            "cases.case_head", reference=case.reference, form=kind.label if kind else case.kind, title=case.title
        )
        state = words.say("cases.state", state=self.state(case, words), at=month_day(case.updated_at, words))
        text = paragraphs(
            before,
            lines(head, state, *self._promises(case, words)),
            self.asked_text(case, words),
            lines(words.say("cases.timeline"), *self._timeline(case, words)),
        )
        return Reply("form_case", text, tuple(self._choices(case, speaker, words)))

    def asked(self, case: Case) -> tuple[tuple[Step, ...], str]:
        """The steps staff ask about, and their words; nothing while nobody asks."""
        if case.state is not CaseState.NEED_INFO:
            return (), ""
        events = self._desk.needs.cases.events(case.id)
        latest = next((event for event in reversed(events) if event.action == "ask"), None)
        if latest is None:
            return (), ""
        form = self._form(case)
        wanted = set(latest.detail.get("steps", ()))
        return tuple(step for step in form.steps if step.id in wanted) if form else (), latest.text

    def asked_text(self, case: Case, words: Words) -> str:
        steps, text = self.asked(case)
        if not steps and not text:
            return ""
        rows = [words.say("cases.asked_line", label=step.label, ask=step.ask) for step in steps]
        return lines(words.say("cases.asked"), *rows, words.say("cases.asked_words", text=text) if text else "")

    def may(self, case: Case, speaker: Speaker) -> set[str]:
        """What the owner may do to it now."""
        return {move.action for move in allowed(speaker.actor(), case, self._desk.now())}

    def _form(self, case: Case) -> Form | None:
        return self._desk.formbook.forms.get(case.kind)

    def _row(self, number: int, case: Case, words: Words) -> str:
        waits = case.state in (CaseState.NEED_INFO, CaseState.ANSWERED)
        return words.say(
            "cases.line_waiting" if waits else "cases.line",
            number=number,
            reference=case.reference,
            title=_short(case.title),
            state=self.state(case, words),
            at=month_day(case.submitted_at, words),
        )

    def _promises(self, case: Case, words: Words) -> Iterator[str]:
        """The team, and the dates that were announced, while they still mean something."""
        if case.team and case.state in OPEN:
            team = self._desk.needs.register.team(case.team)
            contact = team.phone or self._desk.ask.contact
            yield words.say("receipt.team", team=team.name, contact=contact)
        receipt = self._desk.needs.submission.receipt(case)
        if case.state is CaseState.SUBMITTED:
            yield words.say("cases.first_due", day=day(receipt.first_due, words))
        due = case.due_override or receipt.final_due
        if due is not None and case.state in OPEN - {CaseState.ANSWERED}:
            yield words.say("cases.final_due", day=day(due, words))

    def _timeline(self, case: Case, words: Words) -> Iterator[str]:
        events = [event for event in self._desk.needs.cases.events(case.id) if event.public]
        if len(events) > MOST_EVENTS:
            yield words.say("cases.earlier", count=len(events) - MOST_EVENTS)
        for event in events[-MOST_EVENTS:]:
            yield words.say("cases.event", at=clock(event.at, words), what=self._event(event, case, words))

    def _event(self, event: Recorded, case: Case, words: Words) -> str:
        """What happened in a line. What staff or the person wrote with it stands behind it."""
        own = f"event.{event.action}_own"
        key = own if event.actor == case.person and words.has(own) else f"event.{event.action}"
        what = words.say(key if words.has(key) else "event.other", team=self._team(case, words))
        outcome = event.detail.get("outcome") if event.action == "answer" else None
        result = words.say("cases.outcome", outcome=words.notice(f"outcome.{outcome}")) if outcome else ""
        told = without_numbers(event.text) if event.actor == case.person else event.text
        said = words.say("cases.said", text=told) if told else ""
        cited = event.detail.get("citations") or ()
        sources = words.say("cases.cited", sources=words.listed(map(str, cited))) if cited else ""
        return f"{what}{result}{said}{sources}"

    def _choices(self, case: Case, speaker: Speaker, words: Words) -> Iterator[Choice]:
        target = self._target(case)
        if target is not None and target.person == case.person:
            yield of_case(target.reference, "v", words.say("cases.see_target", reference=target.reference))
        may = self.may(case, speaker)
        for action, what in _BUTTONS.items():
            if action in may and not (action == "note" and "reply" in may):
                yield of_case(case.reference, what, words.say(f"action.{action}"))
        if "correct" in may:
            yield from self._receipts.supplement_buttons(case, words)
        yield of_menu("mine", words.say("menu.mine"))

    def _team(self, case: Case, words: Words) -> str:
        return self._desk.needs.register.team(case.team).name if case.team else words.say("cases.some_team")

    def _target(self, case: Case) -> Case | None:
        """The case this one was merged into."""
        return self._desk.needs.cases.by_id(case.merged_into) if case.merged_into else None

    def _docked(self, case: Case) -> int:
        return len(self._desk.needs.docking.candidates(case)) if case.state is CaseState.DOCKING else 0


def buttons_for(cases: Sequence[Case], what: str, words: Words) -> list[Choice]:
    """One button a case."""
    return [
        of_case(case.reference, what, words.say("cases.open", number=number, title=_short(case.title)))
        for number, case in enumerate(cases, start=1)
    ]


def _short(title: str, longest: int = 20) -> str:
    return title if len(title) <= longest else f"{title[:longest]}…"
