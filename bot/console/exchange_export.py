"""The cases of a list as a sheet: one row a case, one sheet a kind, every answer of its form and what is known besides.

Rows are whose they are on the page, read again as they are written. Personal values are masked, unless somebody asks
for them in full and may have them; that goes on record with each case, as does reading a restricted one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.clock import SHANGHAI
from bot.console.case_outline import cell
from bot.console.case_words import CaseWords
from bot.console.queue_board import Due, Entry
from bot.console.words import load_words
from bot.needs import Needs
from intake.case_cells import masked, words, written
from intake.case_sheets import SYSTEM, form_columns, sheet_title, system_columns
from intake.cases import Actor, Case
from intake.display import show_value
from intake.models import Form, Step
from intake.outlines import OWN, Outline, may_be_outlined
from intake.review import masked_for, reads, sees, shown_to
from intake.sheets import cell_text
from intake.store.case_exports import Whole, whole_cases
from intake.store.outlines import Outlines
from intake.values import Answered
from intake.workbook.streamed import Head, StreamedBook, Value

MOST_IN_FULL = 200
"""Cases whose contacts are given in full at once: each of them is recorded."""
_LEADING = frozenset(f"{SYSTEM}{name}" for name in ("reference", "kind", "state"))
_SCORES = ("clarity", "quantified", "cooperation", "complete")
_NAMED = frozenset({"title", "summary", "org_name"})


class TooManyInFullError(Exception):
    """More contacts than are given in full at once."""


@dataclass(frozen=True, slots=True)
class Export:
    """Who takes the cases, when, and whether contacts are wanted in full (`reason`: why)."""

    needs: Needs
    actor: Actor
    now: datetime
    full: bool = False
    reason: str = ""

    def pieces(self, entries: Sequence[Entry]) -> Iterator[bytes]:
        """The entries in their order as an XLSX file, piece by piece. To be called when `witness` has been."""
        forms, book = self.needs.formbook.forms, StreamedBook()
        kinds = [kind for kind in dict.fromkeys(entry.case.kind for entry in entries) if kind in forms]
        for kind in kinds:
            yield from self._sheet(book, forms[kind], [entry for entry in entries if entry.case.kind == kind])
        if not kinds:
            yield from book.sheet(str(words()["nothing"]), [Head(str(words()["empty"]), 40)], [])
        yield from book.end()

    def in_full(self, case: Case) -> bool:
        """Whether this case's personal values are given as they are. Those of restricted cases never are."""
        return self.full and not case.restricted and reads(self.actor, case) and not masked_for(self.actor, case)

    def witness(self, entries: Iterable[Entry]) -> int:
        """Put on record what the page would put on record, too: contacts in full, restricted cases read. How many
        contacts are in full. Raises TooManyInFullError before anything is recorded."""
        full = [entry.case for entry in entries if self.in_full(entry.case)]
        if len(full) > MOST_IN_FULL:
            raise TooManyInFullError
        for case in full:
            self.needs.handling.contact(self.actor, case.reference, self.reason)
        for entry in entries:
            if entry.case.restricted and reads(self.actor, entry.case):
                self.needs.handling.view(self.actor, entry.case.reference)
        return len(full)

    def _sheet(self, book: StreamedBook, form: Form, entries: Sequence[Entry]) -> Iterator[bytes]:
        system, answers = system_columns(), form_columns(form)
        leading = [column for column in system if column.key in _LEADING]
        ordered = [*leading, *sorted(answers, key=lambda column: column.key not in _NAMED)]
        ordered += [column for column in system if column not in leading]
        heads = [Head(cell_text(column.heading), column.width) for column in ordered]
        keys = [column.key for column in ordered]
        rows = self._rows(form, entries)
        yield from book.sheet(sheet_title(form), heads, ([safe(row.get(key)) for key in keys] for row in rows))

    def _rows(self, form: Form, entries: Sequence[Entry]) -> Iterator[Mapping[str, Value]]:
        system, steps = _System(self.needs), {step.id: step for step in form.steps}
        dues = {entry.case.id: entry.due for entry in entries}
        outlines = Outlines(self.needs.cases.engine).of_cases(list(dues))
        for whole in whole_cases(self.needs.cases, list(dues)):
            if sees(self.actor, whole.case):
                shown = shown_to(self.actor, whole.case)
                cells = dict(system.cells(shown, whole, dues[whole.case.id], self.now))
                outlined = self._outline(whole.case, outlines.get(whole.case.id, ()))
                yield {**cells, **outlined, **self._answers(steps, whole)}

    def _outline(self, case: Case, kept: Iterable[Outline]) -> Mapping[str, Value]:
        """What a model wrote of the need, with its label."""
        own = next((outline for outline in kept if outline.about == OWN), None)
        if own is None or not may_be_outlined(case) or not reads(self.actor, case):
            return {}
        return {f"{SYSTEM}outline": cell(own, "zh")}

    def _answers(self, steps: Mapping[str, Step], whole: Whole) -> Mapping[str, Value]:
        if not reads(self.actor, whole.case):
            return {"title" if "title" in steps else next(iter(steps)): str(words()["unreadable"])}
        write = written if self.in_full(whole.case) else masked
        given = {**whole.case.answers, **whole.personal}
        cells: dict[str, Value] = {
            name: write(steps[name], answered) for name, answered in given.items() if name in steps
        }
        gone = {name: answered for name, answered in whole.case.answers.items() if name not in steps}
        return cells | ({f"{SYSTEM}other_answers": _others(gone)} if gone else {})


class _System:
    """What the system knows of a case, in the words of the console."""

    def __init__(self, needs: Needs) -> None:
        self._words = CaseWords("zh", needs.timing.calendar)
        self._page = load_words()["zh"]
        self._labels = {kind: form.label for kind, form in needs.formbook.forms.items()}
        self._teams = {team.id: team.name for team in needs.register.teams()}
        self._staff = {person.id: person.name for person in needs.register.staff()}

    def cells(self, case: Case, whole: Whole, due: Due | None, now: datetime) -> Iterator[tuple[str, Value]]:
        """Key and cell; `case` is as the reader may have it."""
        quality: Mapping[str, Any] = case.quality
        found: dict[str, Value] = {
            "reference": case.reference,
            "kind": self._labels.get(case.kind, case.kind),
            "state": self._words.label("state", case.state),
            "outcome": self._words.label("outcome", case.outcome) if case.outcome else None,
            "channel": self._page(f"case.via.{case.channel}") if self._page.has(f"case.via.{case.channel}") else "",
            "priority": self._words.label("priority", case.priority),
            "team": self._teams.get(case.team or "", case.team),
            "co_teams": "、".join(self._teams.get(team, team) for team in case.co_teams),
            "assignee": self._staff.get(case.assignee or "", case.assignee),
            "submitted": _wall(case.submitted_at),
            "first_due": _promised(case, "first"),
            "final_due": _promised(case, "final"),
            "updated": _wall(case.updated_at),
            "closed": _wall(case.closed_at),
            "quality": quality.get("total"),
            **{name: quality.get(name) for name in _SCORES},
            "bounces": case.bounces,
            "redo": case.redo,
            "extensions": case.extensions,
            "files": whole.files,
            "external": "、".join(_external(each) for each in case.external_refs),
            "merged_into": whole.merged_into,
            "split_from": whole.split_from,
            "tags": "、".join(case.tags),
            "form_version": case.form_version,
            **self._clock(due, now),
        }
        return ((f"{SYSTEM}{name}", value) for name, value in found.items())

    def _clock(self, due: Due | None, now: datetime) -> dict[str, Value]:
        if due is None:
            return {}
        state = "paused" if due.paused else "over" if due.over(now) else "waiting" if due.waiting else "running"
        return {
            "clock": self._words.label("clock", due.clock),
            "clock_due": _wall(due.at),
            "clock_state": str(words()[f"clock_{state}"]),
        }


def _others(gone: Mapping[str, Answered]) -> str:
    """Answers to questions that the form has no more, by their ids."""
    shape = str(words()["other_answer"])
    told = ((name, answered.value) for name, answered in gone.items() if answered.value is not None)
    return "\n".join(
        shape.format(label=name, text="、".join(show_value(value).values.values())) for name, value in told
    )


def safe(value: Value) -> Value:
    """A cell as it may stand in a file: no text of it is a formula."""
    return cell_text(value) if isinstance(value, str) else value


def _wall(moment: datetime | None) -> datetime | None:
    """As a clock on the wall in Qingdao shows it."""
    return None if moment is None else moment.astimezone(SHANGHAI).replace(tzinfo=None)


def _promised(case: Case, name: str) -> datetime | None:
    told = case.announced.get(name)
    return _wall(datetime.fromisoformat(told)) if told else None


def _external(reference: Mapping[str, str]) -> str:
    return " ".join(part for part in (reference.get("ref"), reference.get("url")) if part)
