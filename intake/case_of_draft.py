"""A complete draft as a case, pure: what is the case's and what is personal, its first event, its notices."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from intake.cases import Case, CaseState, Event, Private, Telling, Via, owner
from intake.headline import headline
from intake.journey import submitted_answers
from intake.models import Form
from intake.routing import Team
from intake.sla import Announced
from intake.store.cases import keyed_digest
from intake.store.drafts import Attachment, Draft, dump_answers
from intake.values import Answered, Answers, DateSpan
from intake.worktime import SHANGHAI

DEFAULT_CONFIDENTIALITY = "on_match"
PRIORITIES = ("normal", "soon", "urgent")


def new_case(draft: Draft, form: Form, via: Via, lang: str, now: datetime, reference: str) -> Case:
    """The case as it is submitted, before it has a team, an organisation, a quality and announced dates."""
    given = submitted_answers(form, draft.answers)
    personal = personal_steps(form)
    title, summary = headline(form, given)
    priority = code_of(given, "urgency")
    return Case(
        id=uuid.uuid4().hex,
        reference=reference,
        kind=form.kind,
        form_version=form.version,
        state=CaseState.SUBMITTED,
        person=draft.person,
        account=draft.account,
        channel=via,
        lang=lang,
        title=title,
        summary=summary,
        confidentiality=code_of(given, "confidentiality") or form.default_confidentiality or DEFAULT_CONFIDENTIALITY,
        submitted_at=now,
        updated_at=now,
        answers={step: answered for step, answered in given.items() if step not in personal},
        draft=draft.id,
        legacy_answers={"origin": dict(draft.origin)} if draft.origin else {},
        industry=code_of(given, "industry"),
        district=code_of(given, "district"),
        zone=code_of(given, "zone"),
        priority=priority if priority in PRIORITIES else "normal",
    )


def personal_steps(form: Form) -> frozenset[str]:
    """The steps whose answers are personal values: they are kept apart from the case."""
    return frozenset(step.id for step in form.steps if step.personal)


def personal_answers(form: Form, given: Answers) -> dict[str, Answered]:
    return {step: answered for step, answered in given.items() if step in personal_steps(form)}


def merged_profile(before: Answers, form: Form, given: Answers) -> dict[str, Answered]:
    """The profile after a submission: what was said now over what was said before.

    Answers that depend on others (a zone on its district) go where they were not given now.
    """
    mine = {step.id: step for step in form.steps if step.part in ("profile", "contact")}
    dependent = {step.id for step in mine.values() if step.when}
    if code_of(given, "district") != code_of(before, "district"):
        dependent.add("zone")
    kept = {step: answered for step, answered in before.items() if step not in dependent}
    return {**kept, **{step: answered for step, answered in given.items() if step in mine}}


def first_event(case: Case, given: Answers, private: Private, files: Sequence[Attachment]) -> Event:
    """What was submitted enters the history as a digest under the case's own key, and says nothing without it."""
    answers = json.dumps(dump_answers(given), sort_keys=True, ensure_ascii=False)
    detail = {
        "kind": case.kind, "form_version": case.form_version, "steps": list(given), "files": len(files),
        "answers": keyed_digest(private.digest_key, answers), "team": case.team,
    }  # fmt: skip
    return Event(
        "submit",
        owner(case.person, case.channel),
        case.submitted_at,
        ("owner:receipt", "team:new"),
        to_state=CaseState.SUBMITTED,
        detail=detail,
        public=True,
    )


def tellings(case: Case, team: Team) -> tuple[Telling, ...]:
    """The receipt to its owner (`first_due`, `final_due`: ISO days in Asia/Shanghai), and the new case to the team."""
    body: dict[str, Any] = {"reference": case.reference, "kind": case.kind, "priority": case.priority}
    due = {f"{name}_due": _day(case.announced[name]) for name in ("first", "final") if name in case.announced}
    promised = {**body, "team": team.name, "phone": team.phone or "", **due}
    return (
        Telling(f"{case.id}/receipt", "owner", case.account, "receipt", case.id, promised),
        Telling(f"{case.id}/new", "team", team.id, "new", case.id, body),
    )


def announced_row(announced: Announced) -> Mapping[str, str]:
    """What a case keeps of the dates promised: ISO moments in UTC under first, final, work_starts."""
    moments = {"first": announced.first, "final": announced.final, "work_starts": announced.work_starts}
    return {name: moment.astimezone(UTC).isoformat() for name, moment in moments.items() if moment is not None}


def code_of(given: Answers, step: str) -> str | None:
    """The text or code a step was answered with; None where it was not."""
    value = given[step].value if step in given else None
    return value if isinstance(value, str) else None


def deadline_of(given: Answers) -> date | None:
    value = given["deadline"].value if "deadline" in given else None
    return value.end if isinstance(value, DateSpan) else None


def _day(iso: str) -> str:
    return datetime.fromisoformat(iso).astimezone(SHANGHAI).date().isoformat()
