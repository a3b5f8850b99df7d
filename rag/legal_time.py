"""Legal time: what a policy is worth on a day. Pure; published, effective, expiry and judged dates are four things.

A date kept as YYYY or YYYY-MM is a span of days: outside it the answer is certain, inside it 待核实.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from rag.models import PolicyState
from rag.policies import JudgedStatus, Policy

OPEN_START = 0
OPEN_END = 99991231

STATE_OF: dict[JudgedStatus, PolicyState] = {
    JudgedStatus.DRAFT: PolicyState.DRAFT,
    JudgedStatus.IN_FORCE: PolicyState.IN_FORCE,
    JudgedStatus.PARTLY_EXPIRED: PolicyState.PARTLY_EXPIRED,
    JudgedStatus.CLOSED: PolicyState.CLOSED,
    JudgedStatus.EXPIRED: PolicyState.EXPIRED,
    JudgedStatus.LAPSED: PolicyState.REPEALED,  # 已失效 is what a repeal list calls it, with or without a last day
    JudgedStatus.REPEALED: PolicyState.REPEALED,
    JudgedStatus.SUPERSEDED: PolicyState.SUPERSEDED,
    JudgedStatus.UNVERIFIED: PolicyState.UNVERIFIED,
}
"""The one table from the facts' status words to the states readers see."""

_ENDS_BY_REPLACEMENT = {PolicyState.REPEALED, PolicyState.SUPERSEDED}


@dataclass(frozen=True, slots=True)
class Standing:
    """A policy's state on a day. `judged` is the day of the judgement behind it; `reason_key` says what decided:

    judged · stale · judged_unverified · partly_before · not_yet · start_uncertain · start_unknown · past_end ·
    end_uncertain · end_unknown · before_end. `stale` is True only where an old judgement turned into 待核实.
    """

    state: PolicyState
    judged: date
    stale: bool
    reason_key: str


@dataclass(frozen=True, slots=True)
class Days:
    """The span of days a partial date may mean, both ends included."""

    first: date
    last: date


def days(partial: str) -> Days:
    """2025 → all of 2025, 2025-04 → all of April, 2025-04-26 → that day. Raises ValueError for 2025-02-30."""
    parts = [int(part) for part in partial.split("-")]
    if len(parts) == 3:
        day = date(parts[0], parts[1], parts[2])
        return Days(day, day)
    first_month, last_month = (parts[1], parts[1]) if len(parts) == 2 else (1, 12)
    last_day = monthrange(parts[0], last_month)[1]
    return Days(date(parts[0], first_month, 1), date(parts[0], last_month, last_day))


def state_on(policy: Policy, day: date, stale_after_days: int = 90) -> Standing:
    """What the policy is worth on `day`. 待核实 is never turned into 现行有效 by dates alone.

    A judgement 有效 (or 部分到期) more than `stale_after_days` before `day` is 待核实. For a day before the judgement,
    a retired policy was in force if its start and end are known and `day` lies between them.
    """
    judged = STATE_OF[policy.status]
    if (early := _before_start(policy, day)) is not None:
        return early
    if judged is PolicyState.DRAFT:
        return _standing(policy, PolicyState.DRAFT, "judged")
    if judged is PolicyState.UNVERIFIED:
        return _unverified(policy, day)
    if judged.retired:
        return _retired(policy, day, judged)
    return _current(policy, day, judged, stale_after_days)


def standings(policies: Iterable[Policy], day: date, stale_after_days: int = 90) -> dict[str, Standing]:
    """`state_on` of each policy, by id."""
    return {policy.id: state_on(policy, day, stale_after_days) for policy in policies}


def applicability(policy: Policy) -> tuple[int, int]:
    """The widest span (start, end) in which the policy may apply, as YYYYMMDD; 0 and 99991231 where open.

    For narrowing a search; what it is worth inside the span is for `state_on` to say.
    """
    begin, end = _start(policy), _last_days(policy)
    return (as_int(begin.first) if begin else OPEN_START, as_int(end.last) if end else OPEN_END)


def as_int(day: date) -> int:
    """YYYYMMDD, the only form in which vector stores compare dates."""
    return day.year * 10_000 + day.month * 100 + day.day


def _before_start(policy: Policy, day: date) -> Standing | None:
    """未施行 before the first possible day; 待核实 while it is open whether the first day has come; else None."""
    begin = _start(policy)
    if begin is None:
        return None
    if day < begin.first:
        return _standing(policy, PolicyState.NOT_YET, "not_yet")
    if day < begin.last:
        return _standing(policy, PolicyState.UNVERIFIED, "start_uncertain")
    return None


def _unverified(policy: Policy, day: date) -> Standing:
    """Nobody could say: only an expiry date that was read, and not concluded by us, says more."""
    end = _last_days(policy)
    if end is not None and day > end.last and "expires" not in policy.inferred:
        return _standing(policy, PolicyState.EXPIRED, "past_end")
    return _standing(policy, PolicyState.UNVERIFIED, "judged_unverified")


def _retired(policy: Policy, day: date, judged: PolicyState) -> Standing:
    end = _last_days(policy)
    if end is None:
        if day >= policy.status_asof:
            return _standing(policy, judged, "judged")
        return _standing(policy, PolicyState.UNVERIFIED, "end_unknown")
    if day > end.last or day >= policy.status_asof > end.first:
        return _standing(policy, judged, "past_end")
    if day > end.first:
        return _standing(policy, PolicyState.UNVERIFIED, "end_uncertain")
    return _while_it_lasted(policy, "before_end")


def _current(policy: Policy, day: date, judged: PolicyState, stale_after_days: int) -> Standing:
    end = _last_days(policy)
    if end is not None and day > end.last:
        return _standing(policy, PolicyState.EXPIRED, "past_end")
    if end is not None and day > end.first and day > policy.status_asof:
        return _standing(policy, PolicyState.UNVERIFIED, "end_uncertain")
    if (day - policy.status_asof).days > stale_after_days:
        return Standing(PolicyState.UNVERIFIED, policy.status_asof, stale=True, reason_key="stale")
    if day >= policy.status_asof:
        return _standing(policy, judged, "judged")
    if judged is PolicyState.PARTLY_EXPIRED:
        return _standing(policy, PolicyState.UNVERIFIED, "partly_before")
    return _while_it_lasted(policy, "judged")


def _while_it_lasted(policy: Policy, reason_key: str) -> Standing:
    """In force on an earlier day, if it is known that it had begun by then."""
    if _start(policy) is None:
        return _standing(policy, PolicyState.UNVERIFIED, "start_unknown")
    return _standing(policy, PolicyState.IN_FORCE, reason_key)


def _start(policy: Policy) -> Days | None:
    """When it began: the effective date, else the day of issue. What was judged to exist had begun by then."""
    known = policy.effective or policy.issued
    if known is None:
        return None
    begin = days(known)
    if begin.first <= policy.status_asof < begin.last and policy.status is not JudgedStatus.UNVERIFIED:
        return Days(begin.first, policy.status_asof)
    return begin


def _last_days(policy: Policy) -> Days | None:
    """When its last day is. 有效期至 counts that day in; what was repealed or replaced ended the day before."""
    if policy.expires is None:
        return None
    end = days(policy.expires)
    if STATE_OF[policy.status] in _ENDS_BY_REPLACEMENT:
        return Days(end.first - timedelta(days=1), end.last - timedelta(days=1))
    return end


def _standing(policy: Policy, state: PolicyState, reason_key: str) -> Standing:
    return Standing(state, policy.status_asof, stale=False, reason_key=reason_key)
