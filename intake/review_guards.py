"""What must hold for a move besides role and state: each guard by name, and those that the case alone decides.

The words stand in docs/cases.md. A guard that is in READY needs the case, the actor and the time only, so that an
action which cannot succeed is not offered; the others look at what was handed in, and intake/handling checks them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from intake.cases import HUMAN, Actor, Case, Role
from intake.models import Saying
from intake.review_rows import holds

MOST_BOUNCES = 2
MOST_EXTENSIONS = 2
PUBLISHABLE_QUALITY = 12
REOPEN_DAYS = 30
URGE_EVERY_DAYS = 3
SHORTEST_REASON = 10

GUARDS: Mapping[str, str] = {
    "submission": "required answers there, consent given, the draft submitted once (checked by `intake/submission.py`)",
    "unassigned": "nobody else has claimed it",
    "asks_something": "at least one step of the form is named, or a question written",
    "says_something": "at least one answer, some words or a file",
    "on_the_form": "the answers belong to the case's form, and nothing required goes missing",
    "reminded_twice": "10 working days have passed and both reminders were sent, the last a working day ago",
    "reminder_due": "the 5th or the 9th working day has come, and its reminder was not sent",
    "reason_and_way_on": f"a reason code, words of at least {SHORTEST_REASON} characters, and what to do instead",
    "active_team": "the team is in the register and active",
    "not_refused": "the team has not refused this case, unless the coordinator sends it",
    "not_disputed": f"refused fewer than {MOST_BOUNCES} times: after that the coordinator decides",
    "may_bounce": f"refused fewer than {MOST_BOUNCES} times, and the team was not chosen by the coordinator",
    "reason_code": "a reason code and the evidence in words",
    "dispute": f"refused {MOST_BOUNCES} times, or a reason of at least {SHORTEST_REASON} characters",
    "assigned": "somebody is assigned",
    "candidate": "at least one candidate party is recorded",
    "publishable": f"not restricted, publishing agreed to, quality at least {PUBLISHABLE_QUALITY} of 20, for "
    "technology the ownership of intellectual property answered, no telephone number or e-mail in title or summary",
    "link_and_expiry": "where it was published, and until which day, which lies ahead",
    "expired": "its last day is over",
    "outcome_and_text": "an outcome and the answer in words; for policy_help at least one citation",
    "confirm_time": "nobody objected for 5 working days (asked of the system only)",
    "reason": "a reason in words",
    "within_30_days": f"ended no more than {REOPEN_DAYS} days ago",
    "not_erased": "its owner has not had it erased",
    "same_owner": "both of one organisation or person, or a lead or the coordinator declares a common need (共性需求)",
    "no_cycle": "the target is open, is another case, and does not end up in this one",
    "target_over": "what it was merged into has ended, and its owner was not told so",
    "parts": "each part has a title and a summary as the form wants them",
    "another_kind": "another kind, one that has a form",
    "before_due": "there is a final date, and it is not over",
    "few_extensions": f"extended fewer than {MOST_EXTENSIONS} times",
    "later_day": "the new day is later than the date that holds now; a reason in words",
    "not_urged_lately": f"not urged by the enterprise in the last {URGE_EVERY_DAYS} working days",
    "hand_over": "a specialist takes it or passes on their own; a lead or the coordinator any",
    "colleague": "active, and a member of the case's team (for the coordinator: anybody active)",
    "code_given": "the organisation's code was given",
    "open_task": "the task belongs to the case and is not done",
    "with_bot": "the assistant answers the enterprise, nobody of the staff has taken over",
    "with_person": "somebody of the staff has taken over from the assistant",
    "publish_agreed": "not restricted, and publishing agreed to",
    "platform_number": "the number it was given on the national platform",
}

Ready = Callable[[Case, Actor, datetime], Saying | None]

_CONTACT = re.compile(
    r"(?<![0-9])(?:\+?86[ -]?)?(?:1[3-9](?:[ -]?[0-9]){9}|0[0-9]{2,3}[ -]?[0-9]{7,8})(?![0-9])|\S@\S+\.\S"
)


def unready(guard: tuple[str, ...], case: Case, actor: Actor, now: datetime) -> Saying | None:
    """Why a move with these guards cannot be made now, as far as the case tells; None where it may."""
    for name in guard:
        check = READY.get(name)
        problem = check(case, actor, now) if check else None
        if problem is not None:
            return problem
    return None


def refusal(name: str, **values: str) -> Saying:
    """What a guard says when it does not hold."""
    return Saying(f"review.guard.{name}", values)


def _unassigned(case: Case, actor: Actor, _now: datetime) -> Saying | None:
    return refusal("unassigned") if case.assignee not in (None, actor.id) else None


def _assigned(case: Case, _actor: Actor, _now: datetime) -> Saying | None:
    return refusal("assigned") if case.assignee is None else None


def _hand_over(case: Case, actor: Actor, _now: datetime) -> Saying | None:
    if case.assignee in (None, actor.id) or any(holds(role, actor, case) for role in (Role.LEAD, Role.COORDINATOR)):
        return None
    return refusal("hand_over")


def _not_disputed(case: Case, _actor: Actor, _now: datetime) -> Saying | None:
    return refusal("not_disputed") if case.bounces >= MOST_BOUNCES else None


def _may_bounce(case: Case, _actor: Actor, _now: datetime) -> Saying | None:
    if case.final_team:
        return refusal("final_team")
    return refusal("may_bounce") if case.bounces >= MOST_BOUNCES else None


def publish_refused(case: Case) -> Saying | None:
    """Why the case may go to no platform at all, whatever else it lacks; None where its owner agreed."""
    if case.restricted:
        return refusal("publish_restricted")
    return None if _is_yes(case, "publish_consent") else refusal("publish_consent")


def _publish_agreed(case: Case, _actor: Actor, _now: datetime) -> Saying | None:
    return publish_refused(case)


def _publishable(case: Case, _actor: Actor, _now: datetime) -> Saying | None:
    if refused := publish_refused(case):
        return refused
    if case.quality.get("total", 0) < PUBLISHABLE_QUALITY:
        return refusal("publish_quality", total=str(case.quality.get("total", 0)), least=str(PUBLISHABLE_QUALITY))
    if case.kind == "technology" and not _is_given(case, "ip_ownership"):
        return refusal("publish_ownership")
    return refusal("publish_contact") if _CONTACT.search(f"{case.title} {case.summary}") else None


def _expired(case: Case, _actor: Actor, now: datetime) -> Saying | None:
    return refusal("expired") if case.expires_at is None or now < case.expires_at else None


def _within_30_days(case: Case, _actor: Actor, now: datetime) -> Saying | None:
    ended = case.closed_at or case.updated_at
    return refusal("within_30_days", days=str(REOPEN_DAYS)) if now - ended > timedelta(days=REOPEN_DAYS) else None


def _not_erased(case: Case, _actor: Actor, _now: datetime) -> Saying | None:
    return refusal("not_erased") if case.erased else None


def _few_extensions(case: Case, _actor: Actor, _now: datetime) -> Saying | None:
    return refusal("few_extensions", most=str(MOST_EXTENSIONS)) if case.extensions >= MOST_EXTENSIONS else None


def _code_given(case: Case, _actor: Actor, _now: datetime) -> Saying | None:
    return None if _is_given(case, "uscc") else refusal("code_given")


def _with_bot(case: Case, _actor: Actor, _now: datetime) -> Saying | None:
    return refusal("with_bot") if case.handler == HUMAN else None


def _with_person(case: Case, _actor: Actor, _now: datetime) -> Saying | None:
    return None if case.handler == HUMAN else refusal("with_person")


def _is_given(case: Case, step: str) -> bool:
    return step in case.answers and case.answers[step].state == "given"


def _is_yes(case: Case, step: str) -> bool:
    return step in case.answers and case.answers[step].value is True


READY: Mapping[str, Ready] = {
    "unassigned": _unassigned,
    "assigned": _assigned,
    "hand_over": _hand_over,
    "not_disputed": _not_disputed,
    "may_bounce": _may_bounce,
    "publishable": _publishable,
    "publish_agreed": _publish_agreed,
    "expired": _expired,
    "within_30_days": _within_30_days,
    "not_erased": _not_erased,
    "few_extensions": _few_extensions,
    "code_given": _code_given,
    "with_bot": _with_bot,
    "with_person": _with_person,
}
