"""Answers of a case changed after submission: which, what follows from them, and digests of them for the history."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from intake.cases import Case, Private
from intake.handling.attempt import Attempt, refuse
from intake.headline import headline
from intake.journey import missing_required, submitted_answers
from intake.models import Form
from intake.quality import score
from intake.store.cases import keyed_digest
from intake.store.drafts import Attachment, dump_answers
from intake.store.organisations import join_organisation
from intake.values import Answered, Answers

MOST_FILES = 20
"""Of one case: what is submitted and what is added later."""

_ORGANISATION = ("org_name", "uscc")


@dataclass(frozen=True, slots=True)
class Amended:
    """A case with changed answers. `changed`: step → keyed digests of the answer before and after, None for none."""

    case: Case
    private: Private | None
    changed: Mapping[str, Mapping[str, str | None]]


def amended(attempt: Attempt, answers: Answers, more_files: int = 0) -> Amended:
    """The attempt's case with these answers over those it has; nothing is stored yet.

    Answers whose step is hidden by the change go to `legacy_answers`, unless they are personal. GuardError where an
    answer is to no step of the form, or something required would go missing.
    """
    case, private, form = attempt.case, attempt.private, attempt.form
    before = {**case.answers, **(private.personal if private else {})}
    after = _after(form, before, answers)
    personal = personal_steps(form)
    kept = {step: answered for step, answered in after.items() if step not in personal}
    hidden = {step: answered for step, answered in before.items() if step not in after and step not in personal}
    changed_case = replace(
        case,
        answers=kept,
        legacy_answers={**case.legacy_answers, **dump_answers(hidden)},
        org=_organisation(attempt, before, after),
        quality=score(form, after, len(attempt.transaction.files(case.id)) + more_files).row(),
        **columns(case, form, after),
    )
    changed_private = private and replace(private, personal={s: a for s, a in after.items() if s in personal})
    return Amended(changed_case, changed_private, _changed(private, before, after))


def personal_steps(form: Form) -> frozenset[str]:
    return frozenset(step.id for step in form.steps if step.personal)


def columns(case: Case, form: Form, answers: Answers) -> dict[str, Any]:
    """The fields of a case that are answers, too."""
    title, summary = headline(form, answers)
    return {
        "title": title,
        "summary": summary,
        "confidentiality": _code(answers, "confidentiality") or case.confidentiality,
        "industry": _code(answers, "industry"),
        "district": _code(answers, "district"),
        "zone": _code(answers, "zone"),
        "priority": _code(answers, "urgency") or case.priority,
    }


def keep(attempt: Attempt, after: Amended) -> None:
    """Store the personal answers, where they are not erased."""
    if after.private is not None:
        attempt.transaction.keep_private(attempt.case.id, after.private)


def attach(attempt: Attempt, case: Case, files: Sequence[Attachment]) -> None:
    """Add files to a case, the same content once. GuardError where there would be too many."""
    there = {file.digest for file in attempt.transaction.files(case.id)}
    fresh = [file for file in {file.digest: file for file in files}.values() if file.digest not in there]
    if len(there) + len(fresh) > MOST_FILES:
        raise refuse("too_many_files", most=str(MOST_FILES))
    attempt.transaction.attach(case.id, fresh, attempt.actor.id, attempt.now)


def _after(form: Form, before: Answers, answers: Answers) -> dict[str, Answered]:
    """The answers on the route then, in its order, and those that only an older version of the form knew."""
    known = {step.id for step in form.steps}
    for step in answers:
        if step not in known:
            raise refuse("not_on_the_form", step=step)
    merged = {**before, **answers}
    missing = {step.id for step in missing_required(form, before)}
    for open_step in missing_required(form, merged):
        if open_step.id not in missing:
            raise refuse("goes_missing", label=open_step.label)
    older = {step: answered for step, answered in before.items() if step not in known}
    return {**submitted_answers(form, merged), **older}


def _organisation(attempt: Attempt, before: Answers, after: Answers) -> str | None:
    """The case's organisation, joined anew by its owner where name or code changed."""
    if all(before.get(step) == after.get(step) for step in _ORGANISATION):
        return attempt.case.org
    name, case = _code(after, "org_name"), attempt.case
    if name is None:
        return case.org
    return join_organisation(attempt.transaction.connection, case.person, name, _code(after, "uscc"), attempt.now)


def _changed(private: Private | None, before: Answers, after: Answers) -> dict[str, dict[str, str | None]]:
    steps = [step for step in {**before, **after} if before.get(step) != after.get(step)]
    return {
        step: {"before": _digest(private, before.get(step)), "after": _digest(private, after.get(step))}
        for step in steps
    }


def _digest(private: Private | None, answered: Answered | None) -> str | None:
    if answered is None or private is None:
        return None
    return keyed_digest(private.digest_key, json.dumps(answered.model_dump(mode="json"), sort_keys=True))


def _code(answers: Answers, step: str) -> str | None:
    value = answers[step].value if step in answers else None
    return value if isinstance(value, str) else None
