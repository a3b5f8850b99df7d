"""What submitting needs of the database beside the case: a transaction that may collide, and cases to compare."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.exc import IntegrityError

from intake.cases import OPEN
from intake.store.cases import CaseStore, Transaction
from intake.store.tables import cases, org_members

_OPEN = cases.c.state.in_(sorted(OPEN))


class CollisionError(Exception):
    """Somebody else was first: the same number was drawn, the same code named, the same draft sent. Try again."""


@contextmanager
def submitting(store: CaseStore) -> Iterator[Transaction]:
    """A transaction of the case store; CollisionError where a unique constraint refused it. Then nothing was done."""
    try:
        with store.writing() as transaction:
            yield transaction
    except IntegrityError as collision:
        raise CollisionError from collision


def comparable(person: str, kind: str) -> ColumnElement[bool]:
    """Open cases of that kind which the person may be shown as similar: their own, and those that others accepted in
    the same organisation submitted for it, the restricted ones excepted."""
    mine = select(org_members.c.org).where(org_members.c.person == person, org_members.c.state == "accepted")
    colleague = exists().where(
        org_members.c.org == cases.c.org, org_members.c.person == cases.c.person, org_members.c.state == "accepted"
    )
    shared = cases.c.org.in_(mine) & colleague & (cases.c.confidentiality != "restricted")
    return (cases.c.kind == kind) & _OPEN & ((cases.c.person == person) | shared)


def of_others(kind: str, person: str, org: str | None) -> ColumnElement[bool]:
    """Open cases of that kind from other people and organisations, none of them restricted."""
    elsewhere = (cases.c.person != person) & (cases.c.org.is_(None) | (cases.c.org != (org or "")))
    return (cases.c.kind == kind) & _OPEN & elsewhere & (cases.c.confidentiality != "restricted")
