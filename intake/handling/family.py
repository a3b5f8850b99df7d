"""Cases that become one, several or another kind: merge, split, re-kind; and what still comes in for a merged one."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from intake.case_numbers import case_number, query_code
from intake.cases import Case, CaseState, Event, Private, Role, Telling
from intake.handling.answers import amended, attach, columns, keep, personal_steps
from intake.handling.attempt import Attempt, Change, refuse, words
from intake.handling.dates import promises
from intake.handling.notices import day_of, of_team, promised
from intake.journey import carry_over
from intake.models import Saying
from intake.quality import score
from intake.review import NotFoundError, sees
from intake.review_rows import holds
from intake.store.cases import Transaction
from intake.store.drafts import Attachment, dump_answers
from intake.store.forms import keep_form
from intake.values import Answered, Answers
from intake.worktime import SHANGHAI

_PART_STATE = {
    CaseState.SUBMITTED: CaseState.SUBMITTED,
    CaseState.ACCEPTED: CaseState.ACCEPTED,
    CaseState.IN_PROGRESS: CaseState.IN_PROGRESS,
    CaseState.DOCKING: CaseState.IN_PROGRESS,
}
MOST_PARTS = 10
MERGED = "merged"
"""The outcome of a merged case until what it was merged into ends."""


def merge(attempt: Attempt, *, into: str, text: str = "", common_need: bool = False) -> Case:
    """Put the case into another, which goes on for both. What its owner sends later lands there.

    Of one organisation or person; across organisations a lead or the coordinator must declare the need common. `text`
    is for staff: it may name the other enterprise.
    """
    text, source = words(text), attempt.case
    named = attempt.transaction.case(into)
    if named is None or not sees(attempt.actor, named):
        raise NotFoundError(Saying("review.not_found", {"reference": into}))
    target = _followed(attempt.transaction, named, source)
    same = _same_owner(source, target)
    if not same and not (common_need and _may_declare(attempt)):
        raise refuse("same_owner")
    body = {"into": target.reference, "source": source.reference}
    case = attempt.moved(
        CaseState.MERGED,
        merged_into=target.id,
        outcome=MERGED,
        closed_at=attempt.now,
        resume_state=None,
        expires_at=None,
    )
    after = attempt.record(Change(case, {"into": target.reference, "common_need": not same}, aside=text, body=body))
    told = attempt.move.notices if target.account != source.account else ("assignee:merged",)
    detail = {"from": source.reference, "common_need": not same}
    attempt.of(target).record(Change(target, detail, aside=text, notices=told, body=body))
    return after


def land_on_target(attempt: Attempt, text: str, files: Sequence[Attachment], answers: Answers) -> Case:
    """What the owner of a merged case sends: on the record of both, with its words. The target's owner sees it only
    where both are one person; then it also answers what was asked there."""
    source, target = attempt.case, target_of(attempt)
    theirs = target.person == source.person
    if answers and not theirs:
        raise refuse("words_only")
    there = attempt.of(target)
    after = target
    detail: dict[str, Any] = {"from": source.reference, "files": len(files)}
    if theirs and target.is_open:
        change = amended(there, answers, len(files))
        keep(there, change)
        after, detail = change.case, {**detail, "changed": dict(change.changed)}
        if target.state is CaseState.NEED_INFO:
            after = replace(after, state=target.resume_state or CaseState.SUBMITTED, resume_state=None)
    attach(there, target, files)
    there.record(Change(after, detail, text, public=theirs))
    here = {"landed_on": target.reference, "files": len(files)}
    return attempt.record(Change(source, here, text, notices=("none",)))


def follow(attempt: Attempt) -> Case:
    """What it was merged into has ended: so has this, the same way. Its owner is told if the other's owner was."""
    source, target = attempt.case, target_of(attempt)
    if target.is_open or source.outcome != MERGED:
        raise refuse("target_over")
    case = replace(source, outcome=target.outcome or str(target.state))
    told = ("none",) if target.account == source.account else attempt.move.notices
    detail = {"into": target.reference, "state": str(target.state), "outcome": case.outcome}
    named = "rejected" if target.state is CaseState.REJECTED else case.outcome
    body = {"outcome": named, "into": target.reference, "why": MERGED}
    return attempt.record(Change(case, detail, notices=told, body=body))


def target_of(attempt: Attempt) -> Case:
    """The case that a merged one ended up in, along the whole chain."""
    *_, last = _chain(attempt.transaction, attempt.case)
    return last


def split(attempt: Attempt, *, parts: Sequence[Mapping[str, str]], text: str = "") -> Case:
    """Make cases of parts of it, each with its own number, title and summary and a copy of answers and files. The case
    itself stays; parts keep its day of submission, its dates and who has it in hand."""
    text, source, private = words(text), attempt.case, attempt.private
    if not 1 <= len(parts) <= MOST_PARTS:
        raise refuse("number_of_parts", most=str(MOST_PARTS))
    if private is None:
        raise refuse("not_erased")
    made = [_part(attempt, private, _headline(attempt, part)) for part in parts]
    references = [part.reference for part in made]
    return attempt.record(Change(source, {"parts": references}, text, notices=("none",)))


def rekind(attempt: Attempt, *, kind: str, text: str = "") -> Case:
    """Another kind of need: answers that both forms ask for live on, the others are kept in `legacy_answers`."""
    text, before, private = words(text), attempt.case, attempt.private
    if kind == before.kind or kind not in attempt.formbook.forms:
        raise refuse("another_kind")
    form = attempt.formbook.form(kind)
    personal = private.personal if private else {}
    kept, _ = carry_over({**before.answers, **personal}, attempt.form, form)
    apart = personal_steps(form) | set(personal)
    answers = {step: answered for step, answered in kept.items() if step not in apart}
    left = {step: answered for step, answered in before.answers.items() if step not in answers}
    case = replace(
        before,
        kind=kind,
        form_version=form.version,
        answers=answers,
        legacy_answers={**before.legacy_answers, **dump_answers(left)},
        quality=score(form, kept, len(attempt.transaction.files(before.id))).row(),
        **columns(before, form, {**before.answers, **kept}),
    )
    case = replace(case, announced=promises(attempt, case, case.submitted_at))
    keep_form(attempt.transaction.connection, form, attempt.now)
    detail = {"kind": kind, "from_kind": before.kind, "kept": list(answers), "left": list(left)}
    return attempt.record(Change(case, detail, text, body={"from_kind": before.kind, **promised(case)}))


def _followed(transaction: Transaction, named: Case, source: Case) -> Case:
    """The open case at the end of the chain; GuardError where that would be a circle or is over."""
    if named.id == source.id:
        raise refuse("no_cycle")
    target = named
    for target in _chain(transaction, named):
        if target.id == source.id:
            raise refuse("no_cycle")
    if not target.is_open:
        raise refuse("target_ended")
    return target


def _chain(transaction: Transaction, case: Case) -> Iterator[Case]:
    """The case and what it was merged into, and so on. A circle, which no merge makes, would end it."""
    seen: set[str] = set()
    following: Case | None = case
    while following is not None and following.id not in seen:
        seen.add(following.id)
        yield following
        following = transaction.by_id(following.merged_into) if following.merged_into else None


def _same_owner(one: Case, other: Case) -> bool:
    return one.person == other.person or (one.org is not None and one.org == other.org)


def _may_declare(attempt: Attempt) -> bool:
    return any(holds(role, attempt.actor, attempt.case) for role in (Role.LEAD, Role.COORDINATOR))


def _headline(attempt: Attempt, part: Mapping[str, str]) -> dict[str, str]:
    """Title and summary of a part, as long as the form wants them."""
    given = {}
    for step in ("title", "summary"):
        given[step] = words(part.get(step, ""), "parts")
        asked = next((asked for asked in attempt.form.steps if asked.id == step), None)
        if asked and not (asked.min or 0) <= len(given[step]) <= (asked.max or len(given[step])):
            raise refuse("part_length", label=asked.label, least=str(asked.min or 1), most=str(asked.max or ""))
    return given


def _part(attempt: Attempt, private: Private, headline: Mapping[str, str]) -> Case:
    source, transaction = attempt.case, attempt.transaction
    on_form = {step.id for step in attempt.form.steps}
    given = {step: Answered(value=text, text=text) for step, text in headline.items() if step in on_form}
    part = replace(
        source,
        id=uuid.uuid4().hex,
        reference=_new_number(attempt),
        draft=None,
        state=_PART_STATE[source.state],
        title=headline["title"],
        summary=headline["summary"],
        answers={**source.answers, **given},
        split_from=source.id,
        updated_at=attempt.now,
        merged_into=None,
        external_refs=(),
        redo=0,
        rev=1,
        seq=0,
        head="",
    )
    transaction.insert(part, Private(private.personal, query_code(), secrets.token_hex(32)))
    transaction.attach(part.id, transaction.files(source.id), attempt.actor.id, attempt.now)
    event = Event(
        "split", attempt.actor, attempt.now, attempt.move.notices, to_state=part.state,
        detail={"from": source.reference}, public=True,
    )  # fmt: skip
    part = transaction.first_event(part, event)
    transaction.tell([_receipt(attempt, part)], attempt.now)
    return part


def _receipt(attempt: Attempt, part: Case) -> Telling:
    """As at submission: the number, the team, the dates."""
    body = {"reference": part.reference, "kind": part.kind, "priority": part.priority, "seq": part.seq}
    dates = {f"{name}_due": day_of(part.announced[name]) for name in ("first", "final") if name in part.announced}
    body |= {**of_team(part, attempt.roster), **dates, "split_from": attempt.case.reference}
    return Telling(f"{part.id}/receipt", "owner", part.account, "receipt", part.id, body)


def _new_number(attempt: Attempt) -> str:
    year = attempt.now.astimezone(SHANGHAI).year
    while attempt.transaction.case(number := case_number(year)) is not None:
        pass
    return number
