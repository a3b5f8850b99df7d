"""A case's life as stretches in one state, read from its events: what the clocks go by."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from intake.cases import ENDED, Case, CaseState, Recorded

PAUSED = frozenset({CaseState.NEED_INFO, CaseState.PUBLISHED, CaseState.ANSWERED})
"""Waiting for the enterprise, or for whoever responds outside. Docking is no pause: there an extension is granted."""
WORKING = frozenset({CaseState.IN_PROGRESS, CaseState.DOCKING})
"""Where the enterprise must see something now and then."""

Pause = tuple[datetime, datetime | None]
"""From when the final clock stands still until when; None: it does now."""

_ANOTHER_TEAM = frozenset({"route", "adjudicate"})  # from routed to routed: a spell of its own
_PROGRESS = frozenset({"dock", "told_offline"})


@dataclass(frozen=True, slots=True)
class Spell:
    """A stretch in one state. `began` is the action it came by ("": the submission); `until` is None while it lasts."""

    state: CaseState
    since: datetime
    until: datetime | None = None
    began: str = ""

    @property
    def fresh(self) -> bool:
        """Submitted, or submitted again by reopening; not sent back by a team."""
        return self.state is CaseState.SUBMITTED and self.began in ("", "reopen")


def spells_of(case: Case, events: Sequence[Recorded]) -> list[Spell]:
    """The case's spells in order, the first since its submission (part of a split case may begin as something else)."""
    first = events[0].to_state if events else None
    spells = [Spell(first or CaseState.SUBMITTED, case.submitted_at)]
    for event in events[1:]:
        state, last = event.to_state, spells[-1]
        if state is None or (state is last.state and event.action not in _ANOTHER_TEAM):
            continue
        spells[-1] = replace(last, until=event.at)
        spells.append(Spell(state, event.at, began=event.action))
    return spells


def last_run(spells: Sequence[Spell]) -> Sequence[Spell]:
    """The spells since the case was last reopened, or all of them."""
    begins = [place for place, spell in enumerate(spells) if spell.began == "reopen"]
    return spells[begins[-1] :] if begins else spells


def ended_at(run: Sequence[Spell]) -> datetime | None:
    """When the case ended; None while it is open."""
    return run[-1].since if run[-1].state in ENDED else None


def pauses_of(run: Iterable[Spell]) -> list[Pause]:
    return [(spell.since, spell.until) for spell in run if spell.state in PAUSED]


def pauses_after(pauses: Iterable[Pause], moment: datetime) -> list[Pause]:
    """What of the pauses lies after a moment."""
    return [(max(since, moment), until) for since, until in pauses if until is None or until > moment]


def stood_still_at(pauses: Sequence[Pause], moment: datetime) -> datetime:
    """When the pause began that reaches up to the moment; the moment itself where none does."""
    for since, until in reversed(pauses):
        if until is not None and until != moment:
            break
        moment = since
    return moment


def granted_at(run: Sequence[Spell], events: Sequence[Recorded]) -> datetime | None:
    """When the final date that was granted last in this run was granted: by an extension, or, for a part of a split
    case, by the split it came from with its date. None where none was."""
    grants = [event.at for number, event in enumerate(events) if _grants(event, number)]
    return max((at for at in grants if at >= run[0].since), default=None)


def _grants(event: Recorded, number: int) -> bool:
    return event.action == "extend" or (event.action == "split" and number == 0)


def last_progress(run: Sequence[Spell], events: Iterable[Recorded]) -> datetime:
    """When the enterprise could last see that its case is worked on: the start of the present stretch of work, or what
    staff did since in its sight. What it does itself is no progress."""
    begun = run[-1].since
    for spell in reversed(run):
        if spell.state not in WORKING:
            break
        begun = spell.since
    seen = (
        event.at for event in events if event.action in _PROGRESS or (event.public and event.actor_kind != "person")
    )
    return max((at for at in seen if at > begun), default=begun)
