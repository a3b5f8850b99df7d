"""Needs as sheets, one sheet a kind of need: templates to fill in, and rows read by the readers of the form itself.

A row is a need, a column a question of its form, headed by its label; so a form that changes changes its sheet. What an
export says besides (number, state, dates …) stands in columns that a template has not and an import leaves aside.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from intake.case_cells import case_book, read_cell, words
from intake.formbook import Formbook
from intake.journey import missing_required, options_for, route
from intake.models import Form, Saying, Step
from intake.reading.steps import Circumstances
from intake.reference import Reference
from intake.sheets import LIMITS, Column, Fault, Layout, Limits, SheetError, read, write
from intake.values import Answered
from intake.workbook.grid import sheet_names

MOST_ROWS = 200
"""Needs that are taken from one file: they are registered in one transaction, and on SQLite nobody else writes while it
lasts (two seconds or so)."""
SYSTEM = "sys."
"""Begins the keys of the columns that are the system's own."""
_FIRST = ("title", "summary")
_WIDTHS = {
    "text": 32,
    "lines": 36,
    "tags": 22,
    "multi": 24,
    "enum": 18,
    "bool": 12,
    "date": 22,
    "phone": 20,
    "uscc": 22,
}
_NARROW, _LONG = 16, 200
_NOT_IN_NAMES, _LONGEST_NAME = re.compile(r"[\[\]:*?/\\]"), 31
_CASE_LIMITS = replace(LIMITS, rows=MOST_ROWS)


@dataclass(frozen=True, slots=True)
class CaseLine:
    """A row as it was read, before its answers are judged. `reference` is the number in it, "" where there is none."""

    sheet: str
    number: int
    form: Form
    cells: Mapping[str, str]

    @property
    def reference(self) -> str:
        return self.cells.get(f"{SYSTEM}reference", "").strip()


@dataclass(frozen=True, slots=True)
class CaseFault:
    """What is to be corrected, and on which sheet."""

    sheet: str
    fault: Fault


@dataclass(frozen=True, slots=True)
class CaseTable:
    """What a file came to. Lines with faults are not in `lines`."""

    lines: tuple[CaseLine, ...]
    faults: tuple[CaseFault, ...]


class CaseSheets:
    def __init__(self, formbook: Formbook, reference: Reference) -> None:
        self._reference = reference
        self.forms = {sheet_title(form): form for form in formbook.forms.values()}

    def template(self, kind: str) -> bytes:
        """An empty sheet of this kind, with drop-downs for every choice and a sheet that says how. KeyError."""
        form = next(form for form in self.forms.values() if form.kind == kind)
        layout = layout_of(form)
        return write(replace(layout, columns=form_columns(form)), [])

    def read(self, content: bytes, limits: Limits = _CASE_LIMITS) -> CaseTable:
        """The rows of every sheet of needs in the file. Raises SheetError where it cannot be taken at all."""
        known = {*self.forms, words()["notes_title"], words()["choices_title"]}
        names = sheet_names(content, limits)
        for name in names:
            if name not in known:
                raise SheetError("other_sheet", sheet=name[:40], known="、".join(self.forms))
        mine = [name for name in names if name in self.forms]
        if not mine:
            raise SheetError("no_case_sheet")
        lines: list[CaseLine] = []
        faults: list[CaseFault] = []
        for name in mine:
            table = read(layout_of(self.forms[name]), content, limits)
            lines += [CaseLine(name, line.number, self.forms[name], line.cells) for line in table.lines]
            faults += [CaseFault(name, fault) for fault in table.faults]
            if len(lines) + len(faults) > limits.rows:
                raise SheetError("too_many_rows", limit=str(limits.rows))
        return CaseTable(tuple(lines), tuple(faults))

    def answers(self, line: CaseLine, today: date) -> tuple[dict[str, Answered], list[CaseFault]]:
        """The answers of a row, as the form would take them on that day, or what to correct in it."""
        answers: dict[str, Answered] = {}
        faults: list[CaseFault] = []
        filled = [step for step in line.form.steps if step.type != "file" and line.cells.get(step.id, "").strip()]
        for step in filled:
            found = self._answer(line.form, step, line.cells[step.id], answers, today)
            if isinstance(found, Saying):
                faults.append(_fault(line, step, found))
            else:
                answers |= found
        wrong = {fault.fault.heading for fault in faults}
        open_steps = (step for step in missing_required(line.form, answers) if step.label not in wrong)
        faults += [_fault(line, step, _missing(step)) for step in open_steps]
        return answers, faults

    def _answer(
        self, form: Form, step: Step, text: str, answers: Mapping[str, Answered], today: date
    ) -> dict[str, Answered] | Saying:
        if step not in route(form, answers, "full"):
            if _says_no(step, text):
                return {}
            return Saying("sheet.fault.not_asked", {"when": _when(form, step)})
        name = answers["org_name"].value if "org_name" in answers else None
        options = options_for(step, answers)
        at = Circumstances(
            self._reference, today, org_name=name if isinstance(name, str) else None, options=options or None
        )
        found = read_cell(step, text, at)
        if isinstance(found, Saying):
            return found
        answered, other = found
        more = {f"{step.id}_other": Answered(value=other, text=other)} if other else {}
        return {step.id: answered, **more}


def layout_of(form: Form) -> Layout:
    """The sheet of a kind, the system's own columns among its columns. Choices may be left out, none are added."""
    told = words()
    optional = tuple(replace(column, optional=column.key not in _needed(form)) for column in form_columns(form))
    columns = (*optional, *(replace(column, optional=True) for column in system_columns()))
    return Layout(
        sheet_title(form), columns, told["notes_title"], tuple(told["notes_headings"]), (told["yes"], told["no"]),
        told["choices_title"],
    )  # fmt: skip


def sheet_title(form: Form) -> str:
    """What a sheet of this kind is called: the form's label without the signs that a sheet's name may not have."""
    return _NOT_IN_NAMES.sub("、", form.label)[:_LONGEST_NAME]


def form_columns(form: Form) -> tuple[Column, ...]:
    """A column for each question that a cell can answer: the title and what it is about first, then as in the form."""
    steps = sorted(form.steps, key=lambda step: _FIRST.index(step.id) if step.id in _FIRST else len(_FIRST))
    return tuple(_column(form, step) for step in steps if step.type != "file")


def system_columns() -> tuple[Column, ...]:
    """What the system knows of a case, in the order of the data file."""
    return tuple(Column(**{**entry, "key": SYSTEM + entry["key"]}) for entry in case_book()["system"])


def _needed(form: Form) -> frozenset[str]:
    return frozenset(step.id for step in form.steps if step.required == "R")


def _column(form: Form, step: Step) -> Column:
    choices = tuple(option.label for option in step.options)
    if step.type == "bool":
        choices = (words()["yes"],) if step.must_be_yes else (words()["yes"], words()["no"])
    elif choices and step.way_out is not None:
        choices = (*choices, step.way_out.label)
    return Column(
        key=step.id,
        heading=step.label,
        required=step.required == "R",
        choices=choices,
        several=step.type == "multi",
        dates=step.type == "date",
        note=" ".join(_note(form, step)),
        example=step.example,
        width=_WIDTHS.get(step.type, _NARROW) if (step.max or 0) < _LONG else 60,
    )


def _note(form: Form, step: Step) -> Iterator[str]:
    told = words()
    yield from (text for text in (step.ask, step.help) if text)
    if when := _when(form, step):
        yield when
    if step.must_be_yes:
        yield told["must_be_yes"]
    if step.type in ("multi", "lines"):
        yield told["several" if step.type == "multi" else "lines"]
    elif step.options:
        yield told["pick"]
    if step.type == "date":
        yield told["day"]
    if step.way_out is not None:
        yield told["way_out"].format(label=step.way_out.label)


def _when(form: Form, step: Step) -> str:
    """When the question is asked, in words; "" for one that always is."""
    return "".join(_condition(form, condition.step, condition.any_of) for condition in step.when)


def _condition(form: Form, name: str, codes: Sequence[str]) -> str:
    told, asked = words(), form.step(name)
    if not codes:
        return str(told["when_any"]).format(label=asked.label)
    labels = {option.code: option.label for option in asked.options} | {"yes": told["yes"], "no": told["no"]}
    answers = str(told["or"]).join(labels.get(code, code) for code in codes)
    return str(told["when"]).format(label=asked.label, answers=answers)


def _says_no(step: Step, text: str) -> bool:
    """Whether it is the 否 or 「不在…」 that somebody writes where they are not asked: it changes nothing."""
    nothing = {option.label for option in step.options if option.code == "none"} | {words()["no"]}
    return text.strip() in nothing


def _missing(step: Step) -> Saying:
    return Saying("sheet.fault.must_be_yes" if step.must_be_yes else "sheet.fault.required")


def _fault(line: CaseLine, step: Step, saying: Saying) -> CaseFault:
    return CaseFault(line.sheet, Fault(line.number, step.label, saying))


def in_order(faults: Iterable[CaseFault]) -> tuple[CaseFault, ...]:
    """By sheet, then by row."""
    return tuple(sorted(faults, key=lambda each: (each.sheet, each.fault.row)))
