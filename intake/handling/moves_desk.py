"""What is done to a case without moving it on: dates, urging, who has it, notes, corrections, checks and calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from urllib.parse import urlsplit

from intake.cases import BOT, HUMAN, PLATFORM, Actor, Case, CaseState, Role
from intake.handling.answers import amended, attach, keep
from intake.handling.attempt import Attempt, Change, refuse, words
from intake.handling.family import target_of
from intake.handling.notices import day
from intake.review_guards import URGE_EVERY_DAYS
from intake.review_rows import holds
from intake.store.drafts import Attachment
from intake.store.organisations import verify_organisation
from intake.store.tasks import finish_task, task_of
from intake.values import Answered

PROPOSALS = ("publish", "extend", "close", "other")
VERIFIED = "uscc_verified"
LONGEST_NUMBER, LONGEST_LINK = 60, 500
"""Of what another platform gave, in characters."""


def extend(attempt: Attempt, *, until: date, text: str) -> Case:
    """A later final date, granted before the old one is over. The old date stays in the event."""
    text, before = words(text, "reason"), attempt.case
    final = attempt.timing.clocks(before, attempt.events, attempt.now).final
    if final is None or final.met_at is not None:
        raise refuse("no_final")
    if final.breached or attempt.now >= final.due:
        raise refuse("before_due", due=day(final.due))
    later = attempt.timing.calendar.closing(until)
    if later <= final.due or day(later) == day(final.due):
        raise refuse("later_day", due=day(final.due))
    case = replace(
        before,
        due_override=later,
        extensions=before.extensions + 1,
        announced={**before.announced, "final": later.isoformat()},
    )
    detail = {"before": final.due.isoformat(), "until": later.isoformat(), "number": case.extensions}
    return attempt.record(Change(case, detail, text, body={"final_due": day(later), "before": day(final.due)}))


def propose(attempt: Attempt, *, what: str, text: str) -> Case:
    """A specialist asks the lead for what only leads grant."""
    if what not in PROPOSALS:
        raise refuse("proposal", codes="、".join(PROPOSALS))
    return attempt.record(Change(attempt.case, {"what": what}, words(text, "reason"), body={"what": what}))


def urge(attempt: Attempt, *, text: str = "") -> Case:
    """催办. The enterprise may once in three working days; a merged case's urging lands on what it was merged into."""
    text, case = words(text), attempt.case
    if holds(Role.ENTERPRISE, attempt.actor, case) and Role.ENTERPRISE in attempt.move.roles:
        _check_urged(attempt)
        case = replace(case, urged_at=attempt.now)
    if case.state is not CaseState.MERGED:
        return attempt.record(Change(case, text=text))
    target = target_of(attempt)
    if not target.is_open:
        raise refuse("target_ended")
    mine = target.person == case.person
    attempt.of(target).record(Change(target, {"from": case.reference}, text, public=mine))
    return attempt.record(Change(case, {"landed_on": target.reference}, text, notices=("none",)))


def assign(attempt: Attempt, *, staff: str, text: str = "") -> Case:
    """Give it to a colleague, or take it."""
    text, before = words(text), attempt.case
    if before.assignee is None and staff != attempt.actor.id and not _passes_on(attempt):
        raise refuse("hand_over")
    person = attempt.roster.person(staff)
    if person is None or not person.active or not _fits(attempt, staff):
        raise refuse("colleague", staff=staff)
    detail = {"staff": staff, "before": before.assignee}
    return attempt.record(Change(replace(before, assignee=staff), detail, text))


def release(attempt: Attempt, *, text: str = "") -> Case:
    """Give it back to the team."""
    text, before = words(text), attempt.case
    return attempt.record(Change(replace(before, assignee=None), {"before": before.assignee}, text))


def note(attempt: Attempt, *, text: str = "", public: bool = False, files: Sequence[Attachment] = ()) -> Case:
    """Words on the record: of staff for themselves or for the enterprise to see; the enterprise's own always are."""
    by_owner = attempt.move.roles == {Role.ENTERPRISE}
    text = words(text, None if by_owner and files else "says_something" if by_owner else "reason")
    attach(attempt, attempt.case, files)
    return attempt.record(Change(attempt.case, {"files": len(files)}, text, public=public or by_owner))


def message(attempt: Attempt, *, text: str, take_over: bool = False) -> Case:
    """Words to the enterprise, on its channel. With `take_over` the assistant is silent there from now on."""
    case = replace(attempt.case, handler=HUMAN) if take_over else attempt.case
    return attempt.record(Change(case, {"take_over": take_over}, words(text, "reason")))


def take_over(attempt: Attempt) -> Case:
    """A person answers the enterprise from now on: what it writes is noted here, and the assistant is silent."""
    return attempt.record(Change(replace(attempt.case, handler=HUMAN)))


def hand_back(attempt: Attempt) -> Case:
    """The assistant answers again."""
    return attempt.record(Change(replace(attempt.case, handler=BOT)))


def correct(attempt: Attempt, *, answers: Mapping[str, Answered], text: str = "") -> Case:
    """Change answers: the enterprise its own, or staff on its behalf, as told on the telephone."""
    text = words(text)
    after = amended(attempt, answers)
    if not after.changed:
        raise refuse("says_something")
    keep(attempt, after)
    return attempt.record(Change(after.case, {"changed": dict(after.changed)}, text))


def verify_uscc(attempt: Attempt) -> Case:
    """Staff compared the organisation's code with the register of the state."""
    case = attempt.case
    if case.org is not None:
        verify_organisation(attempt.transaction.connection, case.org)
    return attempt.record(Change(replace(case, tags=tuple(dict.fromkeys((*case.tags, VERIFIED))))))


def platform(attempt: Attempt, *, ref: str, url: str = "") -> Case:
    """The number a need was given on the national platform, and perhaps where it stands there. Earlier ones stay."""
    ref, url = words(ref, "platform_number"), words(url)
    if len(ref) > LONGEST_NUMBER or len(url) > LONGEST_LINK:
        raise refuse("platform_number")
    if url and (urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).netloc):
        raise refuse("link")
    numbered = {"system": PLATFORM, "ref": ref} | ({"url": url} if url else {})
    case = replace(attempt.case, external_refs=(*attempt.case.external_refs, numbered))
    return attempt.record(Change(case, {name: numbered[name] for name in ("ref", "url") if name in numbered}))


def told_offline(attempt: Attempt, *, text: str) -> Case:
    """The enterprise was told by telephone or in person; what it was told is on its timeline."""
    return attempt.record(Change(attempt.case, text=words(text, "reason")))


def called(attempt: Attempt, *, task: int, result: str) -> Case:
    """A task 「电话联系」 of this case is done; what came of it is for staff."""
    result, connection = words(result, "reason"), attempt.transaction.connection
    open_task = task_of(connection, task)
    if open_task is None or open_task.case != attempt.case.id:
        raise refuse("open_task")
    if not finish_task(connection, task, attempt.actor.id, result, attempt.now):
        raise refuse("open_task")
    return attempt.record(Change(attempt.case, {"task": task}, result))


def _check_urged(attempt: Attempt) -> None:
    last = attempt.case.urged_at
    if last is None:
        return
    again = attempt.timing.calendar.add_days(last, URGE_EVERY_DAYS)
    if attempt.now < again:
        raise refuse("not_urged_lately", day=day(again), days=str(URGE_EVERY_DAYS))


def _passes_on(attempt: Attempt) -> bool:
    return any(holds(role, attempt.actor, attempt.case) for role in (Role.LEAD, Role.COORDINATOR))


def _fits(attempt: Attempt, staff: str) -> bool:
    """In the case's team, or the actor, who may stand in for one who is; for the coordinator anybody."""
    actor: Actor = attempt.actor
    if staff == actor.id or holds(Role.COORDINATOR, actor, attempt.case):
        return True
    return any(member.staff.id == staff for member in attempt.roster.members(attempt.case.team))
