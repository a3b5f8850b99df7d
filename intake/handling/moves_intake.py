"""From submission to work: accept, ask, reply, remind, time out, reject, route, sign, bounce, adjudicate, start."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from intake.cases import Case, CaseState, Recorded, Role
from intake.handling.answers import amended, attach, keep
from intake.handling.attempt import Attempt, Change, refuse, words
from intake.handling.family import land_on_target
from intake.handling.notices import day, promised
from intake.handling.waiting import waiting_since
from intake.review import BOUNCE_REASONS, REJECT_REASONS
from intake.review_guards import MOST_BOUNCES, SHORTEST_REASON
from intake.store.drafts import Attachment
from intake.values import Answered

_AGAIN = {"assignee": None, "resume_state": None, "expires_at": None}
"""What a case forgets when it goes to another team."""


def accept(attempt: Attempt) -> Case:
    """Claim it: whoever accepts a case has it in hand."""
    case = attempt.moved(CaseState.ACCEPTED, assignee=attempt.actor.id)
    return attempt.record(Change(case, body=promised(case)))


def ask(attempt: Attempt, *, steps: Sequence[str] = (), text: str = "") -> Case:
    """Ask the enterprise about steps of its form, or in words. The event's text is the question."""
    text = words(text)
    labels = {step.id: step.label for step in attempt.form.steps}
    for step in steps:
        if step not in labels:
            raise refuse("not_on_the_form", step=step)
    if not steps and not text:
        raise refuse("asks_something")
    case = attempt.moved(CaseState.NEED_INFO, resume_state=attempt.case.state)
    due = attempt.timing.calendar.add_days(attempt.now, attempt.timing.targets.need_info.days)
    body = {"steps": list(steps), "labels": "、".join(labels[step] for step in steps), "due": day(due)}
    return attempt.record(Change(case, {"steps": list(steps)}, text, body=body))


def reply(
    attempt: Attempt, *, answers: Mapping[str, Answered] | None = None, text: str = "", files: Sequence[Attachment] = ()
) -> Case:
    """Answer what was asked: the case goes on where it stood. Of a merged case it lands on what it was merged into."""
    answers, text = answers or {}, words(text)
    if not answers and not text and not files:
        raise refuse("says_something")
    if attempt.case.state is CaseState.MERGED:
        return land_on_target(attempt, text, files, answers)
    after = amended(attempt, answers, len(files))
    keep(attempt, after)
    attach(attempt, attempt.case, files)
    case = replace(after.case, state=attempt.case.resume_state or CaseState.SUBMITTED, resume_state=None)
    return attempt.record(Change(case, {"changed": dict(after.changed), "files": len(files)}, text))


def remind(attempt: Attempt) -> Case:
    """The reminder that is due."""
    waiting = waiting_since(attempt.events, attempt.timing)
    if waiting is None or not waiting.reminder_due(attempt.now):
        raise refuse("reminder_due")
    body = {"due": day(waiting.until)}
    return attempt.record(Change(attempt.case, {"number": len(waiting.reminded) + 1}, body=body))


def timeout(attempt: Attempt) -> Case:
    """Nothing came: withdrawn, and it can be reopened."""
    waiting = waiting_since(attempt.events, attempt.timing)
    if waiting is None or not waiting.over(attempt.now):
        raise refuse("reminded_twice")
    case = attempt.moved(CaseState.WITHDRAWN, outcome="not_supplied", closed_at=attempt.now, resume_state=None)
    return attempt.record(Change(case))


def reject(attempt: Attempt, *, reason: str, text: str, alternative: str) -> Case:
    """Not taken in: the code, why, and where to go instead. Spam is told nothing."""
    if reason not in REJECT_REASONS:
        raise refuse("reason_code", codes="、".join(REJECT_REASONS))
    text, alternative = words(text, "reason_in_words", SHORTEST_REASON), words(alternative, "alternative")
    case = attempt.moved(CaseState.REJECTED, outcome=reason, closed_at=attempt.now)
    change = Change(case, {"reason": reason}, f"{text}\n{alternative}", body={"reason": reason})
    return attempt.record(replace(change, notices=("none",)) if reason == "spam" else change)


def route(attempt: Attempt, *, team: str, text: str = "", co_teams: Sequence[str] = ()) -> Case:
    """Hand it to a team, which signs for it or sends it back. The enterprise hears of the first time only."""
    text, before = words(text), attempt.case
    if team in before.refused_by and not attempt.actor.has(Role.COORDINATOR):
        raise refuse("not_refused")
    return _sent_to(attempt, team, co_teams, text, final=False)


def adjudicate(attempt: Attempt, *, team: str, text: str = "") -> Case:
    """The coordinator decides whose it is; that team cannot send it back."""
    text = words(text)
    if attempt.case.bounces < MOST_BOUNCES and len(text) < SHORTEST_REASON:
        raise refuse("dispute", least=str(SHORTEST_REASON))
    return _sent_to(attempt, team, (), text, final=True)


def sign(attempt: Attempt) -> Case:
    """The team takes it; whoever signs has it in hand unless somebody has."""
    assignee = attempt.case.assignee or attempt.actor.id
    return attempt.record(Change(attempt.moved(CaseState.IN_PROGRESS, assignee=assignee)))


def bounce(attempt: Attempt, *, reason: str, text: str) -> Case:
    """Send it back to who sent it here. At the second time the coordinator is told, who then decides."""
    if reason not in BOUNCE_REASONS:
        raise refuse("reason_code", codes="、".join(BOUNCE_REASONS))
    text, before = words(text, "evidence"), attempt.case
    sent = _last(attempt, "route")
    back = sent.detail.get("from_team") if sent else None
    refused = tuple(dict.fromkeys((*before.refused_by, before.team or "")))
    case = attempt.moved(
        CaseState.SUBMITTED,
        bounces=before.bounces + 1,
        refused_by=refused,
        team=None if back in refused else back,
        assignee=None,
    )
    decides = ("coordinator:bounced",) if case.bounces >= MOST_BOUNCES else ()
    return attempt.record(
        Change(
            case,
            {"reason": reason, "team": before.team, "number": case.bounces},
            text,
            notices=(*attempt.move.notices, *decides),
            body={"reason": reason, "number": case.bounces},
            router=sent.actor if sent and sent.actor_kind == "staff" else None,
        )
    )


def start(attempt: Attempt) -> Case:
    return attempt.record(Change(attempt.moved(CaseState.IN_PROGRESS)))


def _sent_to(attempt: Attempt, team: str, co_teams: Sequence[str], text: str, *, final: bool) -> Case:
    for named in (team, *co_teams):
        known = attempt.roster.team(named)
        if known is None or not known.active:
            raise refuse("active_team", team=named)
    before = attempt.case
    helping = tuple(dict.fromkeys(named for named in (*before.co_teams, *co_teams) if named != team))
    case = attempt.moved(CaseState.ROUTED, team=team, co_teams=helping, final_team=final, **_AGAIN)
    detail: dict[str, Any] = {"team": team, "from_team": before.team, "co_teams": list(co_teams)}
    if final and before.bounces < MOST_BOUNCES:
        detail["dispute"] = True
    return attempt.record(Change(case, detail, aside=text, notices=_once_to_owner(attempt), body=promised(case)))


def _once_to_owner(attempt: Attempt) -> tuple[str, ...]:
    """Being passed on again is between teams: the enterprise was told that a team has it."""
    told = any("owner:routed" in event.notices for event in attempt.events)
    return tuple(notice for notice in attempt.move.notices if not (told and notice == "owner:routed"))


def _last(attempt: Attempt, action: str) -> Recorded | None:
    return next((event for event in reversed(attempt.events) if event.action == action), None)
