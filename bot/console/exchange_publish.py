"""What may go to the national platform (科创中国): needs whose owners agreed, without contacts, with what is lacking.

Nothing is sent from here: there is no interface to send it to. Somebody enters it there, writes the number it was given
into the sheet, and hands the sheet back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.console.case_words import CaseWords
from bot.console.exchange_export import safe
from bot.console.queue_board import Entry
from bot.needs import Needs
from intake.case_cells import case_book, words, written
from intake.cases import PLATFORM, Actor, Case
from intake.display import show_value
from intake.headline import without_people
from intake.models import Form
from intake.review import reads, sees
from intake.review_guards import publish_refused, unready
from intake.sheets import Column, Layout, cell_text
from intake.store.case_exports import Whole, agreed_to_publish, whole_cases
from intake.values import Answered
from intake.workbook.streamed import Head, StreamedBook, Value

_APART = frozenset({"title", "summary", "keywords", "deadline", "urgency", "urgency_reason", "attachments"})
_NEEDED = frozenset({"reference", "platform_ref", "platform_url"})


@dataclass(frozen=True, slots=True)
class Publishing:
    needs: Needs
    actor: Actor
    now: datetime

    def fit(self, entries: Sequence[Entry]) -> list[Entry]:
        """Those that may be published at all: open, read by this actor, agreed to, not restricted."""
        agreed = agreed_to_publish(self.needs.cases)
        return [
            entry
            for entry in entries
            if entry.case.id in agreed and not entry.case.restricted and self._may(entry.case)
        ]

    def pieces(self, entries: Sequence[Entry]) -> Iterator[bytes]:
        """One row a need, of all kinds on one sheet."""
        book, layout = StreamedBook(), publishable_layout()
        heads = [Head(cell_text(column.heading), column.width) for column in layout.columns]
        rows = (
            [safe(cells.get(column.key)) for column in layout.columns]
            for whole in whole_cases(self.needs.cases, [entry.case.id for entry in entries])
            if self._may(whole.case) and publish_refused(whole.case) is None
            for cells in (self._cells(whole),)
        )
        yield from book.sheet(layout.title, heads, rows)
        yield from book.end()

    def _may(self, case: Case) -> bool:
        return case.is_open and not case.erased and sees(self.actor, case) and reads(self.actor, case)

    def _cells(self, whole: Whole) -> Mapping[str, Value]:
        case, form = whole.case, self.needs.formbook.form(whole.case.kind)
        given = {**case.answers, **whole.personal}
        public = case.confidentiality == "public"
        last = next((each for each in reversed(case.external_refs) if each.get("system") == PLATFORM), {})
        lacking = unready(("publishable",), case, self.actor, self.now)

        def clean(text: str) -> str:
            return without_people(text, form, given)

        return {
            "reference": case.reference,
            "kind": form.label,
            "title": clean(case.title),
            "summary": clean(case.summary),
            "keywords": clean(_cell(form, case.answers, "keywords")),
            "told": clean("\n".join(_told(form, case.answers))),
            "deadline": _cell(form, case.answers, "deadline"),
            "industry": _cell(form, case.answers, "industry"),
            "district": _cell(form, case.answers, "district"),
            "org_type": _cell(form, case.answers, "org_type"),
            "org_name": _cell(form, case.answers, "org_name") if public else "",
            "lacking": CaseWords("zh", self.needs.timing.calendar).tell(lacking) if lacking else "",
            "platform_ref": last.get("ref", ""),
            "platform_url": last.get("url", ""),
        }


def publishable_layout() -> Layout:
    """The sheet of what may be published; only numbers and what the platform gave back are needed to read it."""
    book, told = case_book()["publishable"], words()
    columns = tuple(replace(Column(**entry), optional=entry["key"] not in _NEEDED) for entry in book["columns"])
    return Layout(
        book["title"], columns, told["notes_title"], tuple(told["notes_headings"]), (told["yes"], told["no"]),
        told["choices_title"],
    )  # fmt: skip


def _cell(form: Form, answers: Mapping[str, Answered], name: str) -> str:
    step = next((step for step in form.steps if step.id == name), None)
    answered = answers.get(name)
    return "" if step is None or answered is None or answered.value is None else str(written(step, answered))


def _told(form: Form, answers: Mapping[str, Answered]) -> Iterator[str]:
    """The need itself, a line a question; nothing of who asks."""
    shape = str(words()["other_answer"])
    for step in form.steps:
        answered = answers.get(step.id)
        if step.part != "need" or step.personal or step.id in _APART or answered is None or answered.value is None:
            continue
        if text := "、".join(show_value(answered.value, step.options).values.values()) or str(written(step, answered)):
            yield shape.format(label=step.label, text=text)
