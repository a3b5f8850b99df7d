"""Organisations by their code, and who belongs to them: the first to name a code is in, the next waits to be accepted.

The code is public, so knowing it proves nothing: who waits sees nothing of the organisation's.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import ColumnElement, Connection, Row, insert, select, update

from db.rows import add_missing
from intake.cases import Actor, Role
from intake.store.tables import org_members, organisations, register_log

Membership = Literal["accepted", "pending"]


@dataclass(frozen=True, slots=True)
class Organisation:
    """An organisation by its 统一社会信用代码 (None while it was not given). `verified`: staff checked the code."""

    id: str
    uscc: str | None
    name: str
    verified: bool


@dataclass(frozen=True, slots=True)
class Member:
    person: str
    state: Membership
    since: datetime


def by_id(connection: Connection, org: str) -> Organisation | None:
    return _one(connection, organisations.c.id == org)


def of_person(connection: Connection, person: str) -> Organisation | None:
    """The organisation the person was accepted in, the latest joined."""
    joined = organisations.join(org_members, org_members.c.org == organisations.c.id)
    query = (
        select(organisations)
        .select_from(joined)
        .where(org_members.c.person == person, org_members.c.state == "accepted")
        .order_by(org_members.c.created_at.desc(), organisations.c.id)
    )
    return _organisation(connection.execute(query.limit(1)).first())


def membership(connection: Connection, person: str) -> tuple[str, Membership] | None:
    mine = select(org_members).where(org_members.c.person == person).order_by(org_members.c.created_at.desc())
    row = connection.execute(mine.limit(1)).first()
    return None if row is None else (row.org, row.state)


def members(connection: Connection, org: str) -> list[Member]:
    query = select(org_members).where(org_members.c.org == org)
    rows = connection.execute(query.order_by(org_members.c.created_at, org_members.c.person))
    return [Member(row.person, row.state, row.created_at) for row in rows]


def join_organisation(connection: Connection, person: str, name: str, uscc: str | None, now: datetime) -> str:
    """The id of the organisation a person submits for, made where there is none, and the person's place in it.

    Without a code it is the person's own, told by its name. What one waiting to be accepted says changes nothing there.
    """
    org = _named(connection, person, name, uscc)
    if org is None:
        org = _made(connection, name, uscc, now)
    _join(connection, org, person, now)
    if _state(connection, org, person) == "accepted":
        unchecked = (organisations.c.id == org) & organisations.c.verified.is_(False)
        connection.execute(update(organisations).where(unchecked).values(name=name))
    return org


def accept(connection: Connection, org: str, person: str, actor: Actor, now: datetime) -> bool:
    if actor.has(Role.ENTERPRISE) and _state(connection, org, actor.id) != "accepted":
        return False
    waiting = (org_members.c.org == org) & (org_members.c.person == person) & (org_members.c.state == "pending")
    if connection.execute(update(org_members).where(waiting).values(state="accepted")).rowcount == 0:
        return False
    change = {"before": {"state": "pending"}, "after": {"state": "accepted"}}
    row = {"at": now, "actor": actor.id, "what": "org_member", "key": f"{org}/{person}", **change}
    connection.execute(insert(register_log).values(row))
    return True


def verify_organisation(connection: Connection, org: str) -> None:
    """Note that staff checked the organisation's code; inside the caller's transaction."""
    connection.execute(update(organisations).where(organisations.c.id == org).values(verified=True))


def _named(connection: Connection, person: str, name: str, uscc: str | None) -> str | None:
    """The organisation of that code; else the person's own of that name, which learns its code now."""
    if uscc is not None:
        found = connection.scalar(select(organisations.c.id).where(organisations.c.uscc == uscc).with_for_update())
        if found is not None:
            return str(found)
    own = (
        select(organisations.c.id)
        .join(org_members, org_members.c.org == organisations.c.id)
        .where(org_members.c.person == person, org_members.c.state == "accepted", organisations.c.name == name)
    )
    if uscc is not None:
        own = own.where(organisations.c.uscc.is_(None))
    found = connection.scalar(own.order_by(org_members.c.created_at).limit(1))
    if found is not None and uscc is not None:
        connection.execute(update(organisations).where(organisations.c.id == found).values(uscc=uscc))
    return None if found is None else str(found)


def _made(connection: Connection, name: str, uscc: str | None, now: datetime) -> str:
    org = uuid.uuid4().hex
    row = {"id": org, "uscc": uscc, "name": name, "verified": False, "created_at": now}
    add_missing(connection, organisations, [row])
    if uscc is None:
        return org
    # Somebody may have named the same code in the same moment: then theirs is the one that was made.
    return str(connection.scalar(select(organisations.c.id).where(organisations.c.uscc == uscc).with_for_update()))


def _join(connection: Connection, org: str, person: str, now: datetime) -> None:
    nobody = connection.execute(select(org_members.c.person).where(org_members.c.org == org).limit(1)).first() is None
    state: Membership = "accepted" if nobody else "pending"
    add_missing(connection, org_members, [{"org": org, "person": person, "state": state, "created_at": now}])


def _state(connection: Connection, org: str, person: str) -> Membership | None:
    mine = (org_members.c.org == org) & (org_members.c.person == person)
    found: Membership | None = connection.scalar(select(org_members.c.state).where(mine))
    return found


def _one(connection: Connection, condition: ColumnElement[bool]) -> Organisation | None:
    return _organisation(connection.execute(select(organisations).where(condition)).first())


def _organisation(row: Row[tuple[object, ...]] | None) -> Organisation | None:
    return None if row is None else Organisation(row.id, row.uscc, row.name, row.verified)
