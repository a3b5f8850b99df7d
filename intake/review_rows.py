"""Whose rows are whose: which cases an actor sees, whose content they read, and when telephone numbers are masked.

The rules of design §4.4. What is not seen does not exist for the actor. A row may be seen without its content: the
coordinator must be able to send on a case that only its handlers may read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from intake.cases import ALL_AREAS, Actor, Case, Role

Rule = Callable[[Actor, Case], bool]


def sees(actor: Actor, case: Case) -> bool:
    """Whether the case exists for this actor. Admins and editors see no case; what is hidden nobody sees."""
    return not case.hidden and any(ROWS[role](actor, case) for role in actor.roles if role in ROWS)


def reads(actor: Actor, case: Case) -> bool:
    """Whether its title, answers, texts and files are for this actor: not all who see a restricted case read it."""
    return any(CONTENT[role](actor, case) for role in actor.roles if role in CONTENT)


def masked_for(actor: Actor, case: Case) -> bool:
    """Whether telephone numbers are shown with their middle digits hidden: until it is theirs to handle."""
    return not any(_UNMASKED[role](actor, case) for role in actor.roles if role in _UNMASKED)


def shown_to(actor: Actor, case: Case) -> Case:
    """The case as this actor may have it: without its content where that is not for them."""
    if reads(actor, case):
        return case
    return replace(case, title="", summary="", answers={}, legacy_answers={}, external_refs=(), tags=())


def holds(role: Role, actor: Actor, case: Case) -> bool:
    """Whether the case is among the rows that this one role gives the actor."""
    rule = ROWS.get(role)
    return role in actor.roles and rule is not None and rule(actor, case)


def of_its_team(actor: Actor, case: Case) -> bool:
    """In the team that has the case, not in one that helps."""
    return case.team is not None and case.team in actor.teams


def works_on(actor: Actor, case: Case) -> bool:
    """Assigned to it, or in its team or one that helps."""
    return case.assignee == actor.id or not actor.teams.isdisjoint({case.team, *case.co_teams} - {None})


def _owns(actor: Actor, case: Case) -> bool:
    return case.person == actor.id


def _in_area(actor: Actor, case: Case) -> bool:
    return ALL_AREAS in actor.areas or not actor.areas.isdisjoint({case.district, case.zone} - {None})


def _clerks(actor: Actor, case: Case) -> bool:
    """Own jurisdiction, routed to them, handled with them. Of their jurisdiction's restricted ones only the latter."""
    return works_on(actor, case) or (_in_area(actor, case) and not case.restricted)


def _everything(_actor: Actor, _case: Case) -> bool:
    return True


def _mine(actor: Actor, case: Case) -> bool:
    return case.assignee == actor.id


def _not_restricted_elsewhere(actor: Actor, case: Case) -> bool:
    return not case.restricted or works_on(actor, case)


ROWS: Mapping[Role, Rule] = {
    Role.ENTERPRISE: _owns,
    Role.CLERK: _clerks,
    Role.SPECIALIST: works_on,
    Role.LEAD: works_on,
    Role.COORDINATOR: _everything,
    Role.AUDITOR: _everything,
    Role.SYSTEM: _everything,
}
CONTENT: Mapping[Role, Rule] = {**ROWS, Role.COORDINATOR: _not_restricted_elsewhere}
_UNMASKED: Mapping[Role, Rule] = {
    Role.ENTERPRISE: _owns,
    Role.CLERK: _mine,
    Role.SPECIALIST: _mine,
    Role.LEAD: works_on,
    Role.COORDINATOR: _not_restricted_elsewhere,
    Role.SYSTEM: _everything,
}
