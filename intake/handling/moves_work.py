"""From work to its end: docking, publishing, answering, confirming, doing again, reopening, withdrawing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from urllib.parse import urlsplit

from intake.cases import PLATFORM, Case, CaseState, Role
from intake.handling.attempt import Attempt, Change, refuse, words
from intake.handling.dates import promises
from intake.handling.notices import day, promised
from intake.review import OUTCOMES
from intake.store.candidates import of_case
from intake.worktime import SHANGHAI

LONGEST_CITATION = 200
SCORES = range(1, 6)


def dock(attempt: Attempt) -> Case:
    """Parties are being tried (intake/docking.py records them)."""
    count = len(of_case(attempt.transaction.connection, attempt.case.id))
    if not count:
        raise refuse("candidate")
    return attempt.record(Change(attempt.moved(CaseState.DOCKING), {"count": count}, body={"count": count}))


def undock(attempt: Attempt) -> Case:
    return attempt.record(Change(attempt.moved(CaseState.IN_PROGRESS)))


def publish(attempt: Attempt, *, ref: str, url: str, expires: date) -> Case:
    """Published elsewhere by hand: under which number, where, and until which day (included)."""
    ref, url = words(ref), words(url, "link")
    if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).netloc:
        raise refuse("link")
    if expires <= attempt.now.astimezone(SHANGHAI).date():
        raise refuse("expiry")
    over = datetime.combine(expires + timedelta(days=1), time.min, SHANGHAI)
    published = {"system": PLATFORM, "ref": ref, "url": url, "expires": expires.isoformat()}
    case = attempt.moved(CaseState.PUBLISHED, expires_at=over, external_refs=(*attempt.case.external_refs, published))
    shown = {"ref": ref, "url": url, "expires": expires.isoformat()}
    return attempt.record(Change(case, shown, body=shown))


def response(attempt: Attempt, *, text: str) -> Case:
    """Somebody answered what was published."""
    text = words(text, "reason")
    case = attempt.moved(CaseState.DOCKING, expires_at=None)
    return attempt.record(Change(case, text=text, body={"why": "response", "count": 0}))


def expire(attempt: Attempt) -> Case:
    case = attempt.moved(CaseState.DOCKING, expires_at=None)
    return attempt.record(Change(case, body={"why": "expired", "count": 0}))


def answer(attempt: Attempt, *, outcome: str, text: str, citations: Sequence[str] = ()) -> Case:
    """The answer, for the enterprise to confirm. What is said about a policy names where it stands."""
    if outcome not in OUTCOMES:
        raise refuse("outcome", codes="、".join(OUTCOMES))
    text = words(text, "answer")
    cited = [citation for citation in (words(citation) for citation in citations) if citation]
    if attempt.case.kind == "policy_help" and not cited:
        raise refuse("citation")
    if any(len(citation) > LONGEST_CITATION for citation in cited):
        raise refuse("too_long", most=str(LONGEST_CITATION))
    due = attempt.timing.calendar.add_days(attempt.now, attempt.timing.targets.confirm.days)
    case = attempt.moved(CaseState.ANSWERED, outcome=outcome, expires_at=None)
    detail = {"outcome": outcome, "citations": cited}
    return attempt.record(Change(case, detail, text, body={"outcome": outcome, "due": day(due)}))


def confirm(attempt: Attempt, *, score: int | None = None, text: str = "") -> Case:
    """Done: by the enterprise, or because it did not object in time."""
    text, lapsed = words(text), attempt.actor.has(Role.SYSTEM)
    if lapsed:
        clock = attempt.timing.clocks(attempt.case, attempt.events, attempt.now).confirm
        if clock is None or attempt.now < clock.due:
            raise refuse("confirm_time")
    if score is not None and score not in SCORES:
        raise refuse("score", least=str(SCORES[0]), most=str(SCORES[-1]))
    case = attempt.moved(CaseState.CLOSED, closed_at=attempt.now)
    body = {"outcome": case.outcome or "", "timeout": lapsed}
    return attempt.record(Change(case, {"score": score, "timeout": lapsed}, text, body=body))


def dissatisfied(attempt: Attempt, *, text: str) -> Case:
    """It is to be done again (重新办理). From the second time on the coordinator is told, too."""
    text = words(text, "reason")
    case = attempt.moved(CaseState.IN_PROGRESS, redo=attempt.case.redo + 1, outcome=None)
    told = attempt.move.notices if case.redo > 1 else attempt.move.notices[:-1]
    return attempt.record(Change(case, {"number": case.redo}, text, notices=told, body={"number": case.redo}))


def reopen(attempt: Attempt, *, text: str) -> Case:
    """Back to whoever had it in hand; to the queue where nobody had. Its new final date is announced anew."""
    text, before = words(text, "reason"), attempt.case
    held = before.assignee is not None or before.state is CaseState.CLOSED
    announced = promises(attempt, replace(before, due_override=None), attempt.now)
    case = attempt.moved(
        CaseState.IN_PROGRESS if held else CaseState.SUBMITTED,
        closed_at=None,
        outcome=None,
        resume_state=None,
        expires_at=None,
        due_override=None,
        extensions=0,
        announced=announced,
    )
    return attempt.record(Change(case, {"outcome": before.outcome}, text, body=promised(case)))


def withdraw(attempt: Attempt, *, text: str = "") -> Case:
    case = attempt.moved(
        CaseState.WITHDRAWN, outcome="withdrawn", closed_at=attempt.now, resume_state=None, expires_at=None
    )
    return attempt.record(Change(case, text=words(text)))
