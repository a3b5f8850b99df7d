"""Start here for staff: the one table of what may be done to a case, by whom, when, who is told and what clocks do.

Design §4.2; the numbers are its rows. Chat, web, command line and console ask `can` and show `allowed`; intake/handling
carries a move out. No other change of state exists. docs/cases.md is this table (`python -m intake.review_page`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from intake.cases import OPEN, Actor, Case, CaseState, Role
from intake.models import Saying
from intake.review_guards import unready
from intake.review_rows import holds, masked_for, of_its_team, reads, sees, shown_to

__all__ = [
    "BOUNCE_REASONS", "EVENTS", "MOVES", "OUTCOMES", "REJECT_REASONS", "GuardError", "Move", "NotAllowedError",
    "NotFoundError", "ReviewError", "allowed", "can", "masked_for", "moves_of", "reads", "sees", "shown_to",
]  # fmt: skip

REJECT_REASONS = ("out_of_scope", "not_eligible", "too_vague", "duplicate", "other_channel", "forbidden", "spam")
BOUNCE_REASONS = ("wrong_area", "wrong_task", "duplicate", "too_vague")
"""属地不符 · 职能不符 · 重复 · 信息不足."""

OUTCOMES = (
    "solved", "signed", "intent", "policy_answered", "other_channel", "not_ripe", "given_up", "not_solved",
    "topic_adopted", "topic_merged", "topic_reserved", "topic_declined", "carrier_built",
)  # fmt: skip
"""What an answer may come to. Others are set by moves: a reason of rejection, "withdrawn", "not_supplied", "merged"."""


class ReviewError(Exception):
    """A move that was not made, and nothing changed; `saying` tells why (bot/wording/intake.*.toml, [review])."""

    def __init__(self, saying: Saying) -> None:
        super().__init__(saying.key)
        self.saying = saying


class NotFoundError(ReviewError):
    """There is no such case, or it is not for this actor to see: both look the same."""


class NotAllowedError(ReviewError):
    """The actor sees the case, but may not do this to it, or not as it stands."""


class GuardError(ReviewError):
    """The move is theirs to make, but something is missing."""


@dataclass(frozen=True, slots=True)
class Move:
    """A row of the table.

    `target` None: the state stays, or the one before comes back; `or_target` is where it goes instead where nobody had
    the case in hand. `own_team`: staff must be in the team that has the
    case, not one that helps. `guard` names what must hold (intake/review_guards.py). `notices` are "recipient:kind";
    ("none",) is a decision, too. `clock` says what it does to the clocks. `public`: on the enterprise's timeline.
    """

    number: int
    action: str
    sources: frozenset[CaseState]
    target: CaseState | None
    roles: frozenset[Role]
    guard: tuple[str, ...]
    notices: tuple[str, ...]
    clock: str
    public: bool
    own_team: bool = False
    or_target: CaseState | None = None


_E, _C, _S, _L, _X, _B = (
    Role.ENTERPRISE, Role.CLERK, Role.SPECIALIST, Role.LEAD, Role.COORDINATOR, Role.SYSTEM,
)  # fmt: skip
_SUBMITTED, _NEED_INFO, _ACCEPTED = CaseState.SUBMITTED, CaseState.NEED_INFO, CaseState.ACCEPTED
_ROUTED, _IN_PROGRESS, _DOCKING = CaseState.ROUTED, CaseState.IN_PROGRESS, CaseState.DOCKING
_PUBLISHED, _ANSWERED, _CLOSED = CaseState.PUBLISHED, CaseState.ANSWERED, CaseState.CLOSED
_REJECTED, _WITHDRAWN, _MERGED = CaseState.REJECTED, CaseState.WITHDRAWN, CaseState.MERGED
_STAFF = (_C, _S, _L, _X)
_BUT_MERGED = frozenset(CaseState) - {_MERGED}


def _move(
    number: int,
    action: str,
    sources: set[CaseState] | frozenset[CaseState],
    target: CaseState | None,
    roles: tuple[Role, ...],
    *,
    guard: tuple[str, ...] = (),
    told: tuple[str, ...] = ("none",),
    clock: str = "none",
    public: bool = False,
    own_team: bool = False,
    or_target: CaseState | None = None,
) -> Move:
    return Move(
        number, action, frozenset(sources), target, frozenset(roles), guard, told, clock, public, own_team, or_target
    )


MOVES: tuple[Move, ...] = (
    _move(1, "submit", set(), _SUBMITTED, (_E,), guard=("submission",), told=("owner:receipt", "team:new"),
          clock="first response and final begin", public=True),
    _move(2, "accept", {_SUBMITTED}, _ACCEPTED, (_C, _L, _X), guard=("unassigned",), told=("owner:accepted",),
          clock="first response is met", public=True),
    _move(3, "ask", {_SUBMITTED, _ACCEPTED, _IN_PROGRESS}, _NEED_INFO, (_C, _S, _L), guard=("asks_something",),
          told=("owner:need_info",), clock="final pauses; 10 working days to reply", public=True),
    _move(4, "reply", {_NEED_INFO}, None, (_E,), guard=("says_something", "on_the_form"), told=("assignee:replied",),
          clock="final goes on, later by what it paused", public=True),
    _move(5, "remind", {_NEED_INFO}, None, (_B,), guard=("reminder_due",), told=("owner:need_info_reminder",),
          public=True),
    _move(5, "timeout", {_NEED_INFO}, _WITHDRAWN, (_B,), guard=("reminded_twice",), told=("owner:timeout",),
          clock="all stop", public=True),
    _move(6, "reject", {_SUBMITTED}, _REJECTED, (_C, _L, _X), guard=("reason_and_way_on",), told=("owner:rejected",),
          clock="all stop", public=True),
    _move(7, "route", {_SUBMITTED, _ACCEPTED}, _ROUTED, (_C, _L, _X, _B),
          guard=("not_disputed", "active_team", "not_refused"), told=("team:new", "owner:routed"),
          clock="first response is met; sign-off begins; final goes on", public=True),
    _move(8, "sign", {_ROUTED}, _IN_PROGRESS, (_S, _L), clock="sign-off is met", public=True, own_team=True),
    _move(9, "bounce", {_ROUTED}, _SUBMITTED, (_L,), guard=("may_bounce", "reason_code"), told=("router:bounced",),
          clock="none is set back", own_team=True),
    _move(10, "adjudicate", OPEN, _ROUTED, (_X,), guard=("dispute", "active_team"),
          told=("team:adjudicated", "old_team:adjudicated", "owner:routed"),
          clock="sign-off begins; final goes on", public=True),
    _move(11, "start", {_ACCEPTED}, _IN_PROGRESS, (_S, _L), guard=("assigned",), clock="progress begins", public=True),
    _move(12, "dock", {_IN_PROGRESS}, _DOCKING, (_S, _L), guard=("candidate",), told=("owner:docking",),
          clock="none pauses", public=True),
    _move(12, "undock", {_DOCKING}, _IN_PROGRESS, (_S, _L)),
    _move(13, "publish", {_IN_PROGRESS, _DOCKING}, _PUBLISHED, (_L,), guard=("publishable", "link_and_expiry"),
          told=("owner:published",), clock="final pauses until the expiry at the latest", public=True),
    _move(14, "response", {_PUBLISHED}, _DOCKING, (_S, _L), guard=("reason",), told=("owner:docking",),
          clock="final goes on", public=True),
    _move(14, "expire", {_PUBLISHED}, _DOCKING, (_B,), guard=("expired",), told=("owner:docking",),
          clock="final goes on", public=True),
    _move(15, "answer", {_IN_PROGRESS, _DOCKING, _PUBLISHED}, _ANSWERED, (_S, _L), guard=("outcome_and_text",),
          told=("owner:answered",), clock="final pauses; 5 working days to confirm", public=True),
    _move(16, "confirm", {_ANSWERED}, _CLOSED, (_E, _B), guard=("confirm_time",), told=("owner:closed",),
          clock="all stop", public=True),
    _move(17, "dissatisfied", {_ANSWERED}, _IN_PROGRESS, (_E,), guard=("reason",),
          told=("assignee:dissatisfied", "lead:dissatisfied", "coordinator:dissatisfied"),
          clock="final goes on; the case counts as done again", public=True),
    _move(18, "reopen", {_CLOSED, _REJECTED, _WITHDRAWN}, _IN_PROGRESS, (_E,),
          guard=("not_erased", "within_30_days", "reason"), told=("team:reopened", "owner:reopened"),
          clock="a new final begins; the old one stands in the history", public=True, or_target=_SUBMITTED),
    _move(18, "reopen", {_CLOSED, _REJECTED, _WITHDRAWN}, _IN_PROGRESS, (_L, _X), guard=("not_erased", "reason"),
          told=("team:reopened", "owner:reopened"),
          clock="a new final begins; the old one stands in the history", public=True, or_target=_SUBMITTED),
    _move(19, "withdraw", OPEN, _WITHDRAWN, (_E,), told=("assignee:withdrawn",), clock="all stop", public=True),
    _move(20, "merge", OPEN, _MERGED, _STAFF, guard=("no_cycle", "same_owner"),
          told=("owner:merged", "assignee:merged"), clock="all stop; the target's count", public=True),
    _move(20, "reply", {_MERGED}, None, (_E,), guard=("says_something",), told=("assignee:replied",),
          clock="none: it lands on the target", public=True),
    _move(20, "urge", {_MERGED}, None, (_E,), guard=("not_urged_lately",), told=("assignee:urged", "lead:urged"),
          clock="none: it lands on the target", public=True),
    _move(20, "follow", {_MERGED}, None, (_B,), guard=("target_over",), told=("owner:closed",), public=True),
    _move(21, "rekind", OPEN, None, (_C, _L), guard=("another_kind",), told=("owner:rekinded",),
          clock="targets of the new kind", public=True),
    _move(22, "extend", OPEN, None, (_L,), guard=("few_extensions", "before_due", "later_day"),
          told=("owner:extended",), clock="final is due later; the old date stands in the history", public=True),
    _move(22, "propose", OPEN, None, (_S,), guard=("reason",), told=("lead:proposed",)),
    _move(23, "urge", OPEN, None, (_E,), guard=("not_urged_lately",), told=("assignee:urged", "lead:urged"),
          public=True),
    _move(23, "urge", OPEN, None, (_L, _X), told=("assignee:urged", "lead:urged")),
    _move(24, "assign", OPEN, None, (_S, _L, _X), guard=("hand_over", "colleague"), told=("assignee:assigned",)),
    _move(24, "release", OPEN, None, (_S, _L, _X), guard=("assigned", "hand_over")),
    _move(25, "split", {_SUBMITTED, _ACCEPTED, _IN_PROGRESS, _DOCKING}, None, _STAFF, guard=("parts",),
          told=("owner:receipt",), clock="the parts keep the day of submission", public=True),
    _move(26, "note", _BUT_MERGED, None, _STAFF, guard=("reason",), clock="progress begins anew where it is public"),
    _move(26, "note", OPEN, None, (_E,), guard=("says_something",), told=("assignee:replied",), public=True),
    _move(27, "correct", OPEN, None, (_E,), guard=("on_the_form",), told=("assignee:replied",), public=True),
    _move(27, "correct", OPEN, None, (_C, _S, _L), guard=("on_the_form",), public=True),
    _move(28, "verify_uscc", OPEN, None, _STAFF, guard=("code_given",)),
    _move(29, "told_offline", _BUT_MERGED, None, _STAFF, guard=("reason",), public=True),
    _move(29, "called", _BUT_MERGED, None, _STAFF, guard=("open_task",)),
    _move(30, "message", OPEN, None, _STAFF, guard=("reason",), told=("owner:message",),
          clock="progress begins anew", public=True),
    _move(31, "take_over", OPEN, None, _STAFF, guard=("with_bot", "not_erased"), told=("owner:taken_over",),
          clock="progress begins anew", public=True),
    _move(31, "hand_back", OPEN, None, _STAFF, guard=("with_person",), told=("owner:handed_back",),
          clock="progress begins anew", public=True),
    _move(32, "platform", OPEN, None, _STAFF, guard=("publish_agreed", "platform_number")),
)  # fmt: skip
"""1–24 are the design's rows; from 25 on: what else is done to a case without changing its state."""

EVENTS = {
    "read": "staff read a restricted case; once a day and person",
    "unmask": "staff were shown its telephone numbers; once a day and person",
    "warn": "a clock has used 80 % of its time, or is over: who was told, once for each clock",
    "candidate": "a party is being tried for the case (intake/docking.py)",
    "candidate_status": "how far it has come with a party; public where the owner is told",
    "candidate_contact": "a party was reached: how, and what came of it",
    "candidate_removed": "a party that was added by mistake was taken away",
    "outline": "a language model was asked for an outline of it, which is kept beside the case (bot/outlining.py)",
    "erase": "its owner had everything erased: words, contact, key (intake/privacy.py)",
    "expire_personal": "contact and messages were kept as long as promised, and were erased",
}
"""Events that are no moves: the case stays as it is, its revision too."""


def moves_of(action: str) -> tuple[Move, ...]:
    return tuple(move for move in MOVES if move.action == action)


def can(actor: Actor, action: str, case: Case) -> bool:
    """The one rule: whether the actor's role, the rows it gives them and the case's state admit this action."""
    return any(_admits(move, actor, case) for move in moves_of(action))


def allowed(actor: Actor, case: Case, now: datetime) -> tuple[Move, ...]:
    """What the actor may do to the case as it stands: one row an action, those that cannot succeed left out."""
    ready = (move for move in admitted(actor, case) if unready(move.guard, case, actor, now) is None)
    return tuple({move.action: move for move in ready}.values())


def admitted(actor: Actor, case: Case, action: str | None = None) -> Iterator[Move]:
    """The rows of the table that `can` finds, guards not looked at."""
    return (move for move in MOVES if action in (None, move.action) and _admits(move, actor, case))


def _admits(move: Move, actor: Actor, case: Case) -> bool:
    return case.state in move.sources and any(_serves(role, move, actor, case) for role in move.roles)


def _serves(role: Role, move: Move, actor: Actor, case: Case) -> bool:
    return holds(role, actor, case) and (not move.own_team or of_its_team(actor, case))
