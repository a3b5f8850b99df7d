"""A title and a summary for a need whose form asks for none: its own first words, without names and numbers."""

from __future__ import annotations

import re

from intake.models import FREE_TEXT_TYPES, Form, Step
from intake.values import Answers

LONGEST_TITLE, LONGEST_SUMMARY = 40, 120
_CLAUSE = re.compile(r"[^。;；!！?？\n,，]+")
_NUMBER = re.compile(
    r"(?:\+?86[\s-]?)?(?:\(?0[0-9]{2,3}\)?[\s-]?)?[0-9](?:[\s-]?[0-9]){6,}(?:\s*(?:转|-|分机)\s*[0-9]{1,6})?"
)
_EMAIL = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+")
_LEFT_OUT = "…"
_SHORTEST_CLAUSE = 4


def headline(form: Form, answers: Answers) -> tuple[str, str]:
    """Title and summary: as answered, else from the main text, else the form's own label."""
    told = without_people(main_text(form, answers), form, answers)
    return (
        _answered(answers, "title") or _title(told) or form.label,
        _answered(answers, "summary") or told[:LONGEST_SUMMARY].strip() or form.label,
    )


def main_text(form: Form, answers: Answers) -> str:
    """What the form's own first free text says; empty where it was not answered."""
    step = main_step(form)
    value = answers[step.id].value if step is not None and step.id in answers else None
    return value if isinstance(value, str) else ""


def main_step(form: Form) -> Step | None:
    """The form's own first required free text, the one a need is told in; None where it asks for none."""
    own = (step for step in form.steps if step.part == "need" and step.type in FREE_TEXT_TYPES)
    return next((step for step in own if step.required == "R" and step.id not in ("title", "summary")), None)


def without_people(text: str, form: Form, answers: Answers) -> str:
    """The text with telephone numbers, addresses, and the contact's and the organisation's names left out."""
    bare = _EMAIL.sub(_LEFT_OUT, _NUMBER.sub(_LEFT_OUT, text))
    for name in _names(form, answers):
        bare = bare.replace(name, _LEFT_OUT)
    return bare


def _names(form: Form, answers: Answers) -> list[str]:
    personal = [step.id for step in form.steps if step.personal and step.type == "text"]
    values = (answers[step].value for step in (*personal, "org_name", "on_behalf_name") if step in answers)
    return sorted((value for value in values if isinstance(value, str) and len(value) > 1), key=len, reverse=True)


def _title(told: str) -> str:
    clauses = [clause.group().strip(f" {_LEFT_OUT}") for clause in _CLAUSE.finditer(told)]
    return next((clause for clause in clauses if len(clause) >= _SHORTEST_CLAUSE), "")[:LONGEST_TITLE].strip()


def _answered(answers: Answers, step: str) -> str:
    value = answers[step].value if step in answers else None
    return value if isinstance(value, str) else ""
