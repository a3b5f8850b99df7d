"""What intake keeps about a person, as plain JSON in the words of its forms (PIPL 45: to see and to copy)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from intake.cases import Case, Recorded
from intake.formbook import Formbook
from intake.models import Form
from intake.outlines import OWN
from intake.store.cases import CaseStore
from intake.store.drafts import Attachment, Draft, Drafts
from intake.store.forms import form_of
from intake.store.outlines import Outlines
from intake.store.people import People
from intake.values import Answers
from intake.worktime import SHANGHAI

Json = dict[str, Any]


def exported(person: str, store: CaseStore, people: People, book: Formbook, now: datetime) -> Json:
    """Moments are ISO 8601 in Asia/Shanghai. Of a case's history: what is on the timeline, and what the person did."""
    drafts = Drafts(store.engine)
    labels = _all_labels(book.forms.values())
    return {
        "person": person,
        "exported_at": _at(now),
        "profile": _answers(people.profile(person), labels),
        "organisation": _organisation(people, person),
        "consents": [
            {"notice": consent.key, "given": consent.given, "via": consent.via, "at": _at(consent.at)}
            for consent in people.consents(person)
        ],
        "drafts": [_draft(draft, drafts.attached(draft.id), book) for draft in drafts.all(person)],
        "cases": [_case(case, store, book, person) for case in store.of_person(person)],
    }


def _organisation(people: People, person: str) -> Json | None:
    """Its name only where the person is accepted in it."""
    found = people.membership(person)
    if found is None:
        return None
    org = people.organisation(found[0]) if found[1] == "accepted" else None
    known = {"name": org.name, "uscc": org.uscc, "verified": org.verified} if org else {}
    return {"membership": found[1], **known}


def _draft(draft: Draft, files: Sequence[Attachment], book: Formbook) -> Json:
    labels = _all_labels([book.forms[draft.kind]] if draft.kind in book.forms else [])
    return {
        "kind": draft.kind,
        "created_at": _at(draft.created_at),
        "updated_at": _at(draft.updated_at),
        "answers": _answers(draft.answers, labels),
        "pending": dict(draft.pending),
        "origin": dict(draft.origin),
        "files": _files(files),
    }


def _case(case: Case, store: CaseStore, book: Formbook, person: str) -> Json:
    private = store.private(case.id)
    labels = _labels(case, store, book)
    return {
        "reference": case.reference,
        "query_code": private.query_code if private else "",
        "kind": case.kind,
        "state": str(case.state),
        "outcome": case.outcome,
        "title": case.title,
        "summary": case.summary,
        "confidentiality": case.confidentiality,
        "channel": case.channel,
        "submitted_at": _at(case.submitted_at),
        "closed_at": None if case.closed_at is None else _at(case.closed_at),
        "answers": _answers(case.answers, labels),
        "earlier_answers": dict(case.legacy_answers),
        **_outlined(case, store),
        "personal": _answers(private.personal if private else {}, labels),
        "files": _files(store.files(case.id)),
        "events": [_event(event) for event in store.events(case.id) if event.public or event.actor == person],
    }


def _outlined(case: Case, store: CaseStore) -> Json:
    """What a model wrote of this need, with its label; not what it wrote of others beside it."""
    own = next((outline for outline in Outlines(store.engine).of(case.id) if outline.about == OWN), None)
    if own is None:
        return {}
    return {"ai_outline": {"label": "AI生成", "at": _at(own.at), "lines": [line.text for line in own.lines]}}


def _labels(case: Case, store: CaseStore, book: Formbook) -> dict[str, str]:
    """The form's present labels, and those of the form the case was submitted in."""
    kept = form_of(store.engine, case.kind, case.form_version)
    return _all_labels(form for form in (book.forms.get(case.kind), kept) if form is not None)


def _all_labels(forms: Iterable[Form]) -> dict[str, str]:
    return {step.id: step.label for form in forms for step in form.steps}


def _answers(answers: Answers, labels: Mapping[str, str]) -> list[Json]:
    return [
        {"step": step, "label": labels.get(step, step), **answered.model_dump(mode="json")}
        for step, answered in answers.items()
    ]


def _event(event: Recorded) -> Json:
    states = {"from": event.from_state and str(event.from_state), "to": event.to_state and str(event.to_state)}
    return {"at": _at(event.at), "by": event.actor_kind, "action": event.action, **states, "text": event.text}


def _files(files: Sequence[Attachment]) -> list[Json]:
    return [{"name": file.name, "media_type": file.media_type, "size": file.size} for file in files]


def _at(moment: datetime) -> str:
    return moment.astimezone(SHANGHAI).isoformat(timespec="seconds")
