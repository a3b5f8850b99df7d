"""The SQL of forgetting: what of a person, a case or a draft goes, inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Select, and_, delete, exists, func, or_, select, update

from intake.cases import ENDED
from intake.store.drafts import Draft, dump_answers, locked_draft
from intake.store.outlines import forget_outlines
from intake.store.people import drop_profile
from intake.store.tables import (
    candidates,
    case_events,
    case_files,
    case_private,
    case_texts,
    cases,
    contact_log,
    draft_files,
    drafts,
    org_members,
    organisations,
    profiles,
    staff_notices,
    tasks,
)


def owned_by(person: str) -> ColumnElement[bool]:
    return cases.c.person == person


def long_ended(before: datetime) -> ColumnElement[bool]:
    """Cases that ended before that moment and still have personal values."""
    private = exists().where(case_private.c.case == cases.c.id)
    ended = func.coalesce(cases.c.closed_at, cases.c.updated_at) <= before
    return and_(cases.c.state.in_(sorted(ENDED)), ended, private)


def hold(connection: Connection, person: str) -> None:
    """Keep the person's drafts and cases from others until the transaction ends: what is being submitted is a case by
    then, or stays a draft; what staff are changing is changed by then."""
    connection.execute(select(drafts.c.id).where(drafts.c.person == person).order_by(drafts.c.id).with_for_update())
    connection.execute(select(cases.c.id).where(owned_by(person)).order_by(cases.c.id).with_for_update())


def forget_personal(connection: Connection, case: str) -> None:
    """Personal answers, query code and digest key of a case, and what was written in its history."""
    connection.execute(delete(case_private).where(case_private.c.case == case))
    connection.execute(delete(case_texts).where(case_texts.c.event.in_(_events(case_events.c.case == case))))


def forget_words(connection: Connection, case: str) -> None:
    """All that is beside a case: the above, its files, what a model wrote of it, what staff noted, its notices."""
    forget_personal(connection, case)
    connection.execute(delete(case_files).where(case_files.c.case == case))
    forget_outlines(connection, case)
    connection.execute(delete(staff_notices).where(staff_notices.c.case == case))
    connection.execute(update(tasks).where(tasks.c.case == case).values(result=None))
    mine = select(candidates.c.id).where(candidates.c.case == case)
    connection.execute(update(contact_log).where(contact_log.c.candidate.in_(mine)).values(result=""))


def forget_elsewhere(connection: Connection, person: str) -> None:
    """What the person wrote or sent into cases that are not theirs (a reply after a merger lands on the target)."""
    written = _events(case_events.c.actor == person)
    connection.execute(delete(case_texts).where(case_texts.c.event.in_(written)))
    connection.execute(delete(case_files).where(case_files.c.by == person))


def forget_person(connection: Connection, person: str) -> int:
    """Drafts, profile and memberships; organisations nobody is left in go too. How many drafts there were."""
    mine = select(drafts.c.id).where(drafts.c.person == person)
    connection.execute(delete(draft_files).where(draft_files.c.draft.in_(mine)))
    dropped = connection.execute(delete(drafts).where(drafts.c.person == person)).rowcount
    drop_profile(connection, person)
    left = connection.scalars(select(org_members.c.org).where(org_members.c.person == person)).all()
    connection.execute(delete(org_members).where(org_members.c.person == person))
    deserted = organisations.c.id.in_(list(left)) & ~exists().where(org_members.c.org == organisations.c.id)
    empty = list(connection.scalars(select(organisations.c.id).where(deserted)))
    connection.execute(update(cases).where(cases.c.org.in_(empty)).values(org=None))
    connection.execute(delete(organisations).where(organisations.c.id.in_(empty)))
    return dropped


def files_of(connection: Connection, person: str) -> set[str]:
    """Digests of the files in the person's drafts and cases, and of those they sent elsewhere."""
    in_drafts = select(draft_files.c.digest).join(drafts, drafts.c.id == draft_files.c.draft)
    in_cases = select(case_files.c.digest).join(cases, cases.c.id == case_files.c.case)
    theirs = or_(cases.c.person == person, case_files.c.by == person)
    return {
        *connection.scalars(in_drafts.where(drafts.c.person == person)),
        *connection.scalars(in_cases.where(theirs)),
    }


def strip_drafts(connection: Connection, person: str, steps: Collection[str]) -> None:
    """Take these steps' answers out of the person's drafts, and whatever was pending in them."""
    for row in connection.execute(select(drafts.c.id).where(drafts.c.person == person)).all():
        draft = locked_draft(connection, row.id)
        if draft is not None:
            kept = {step: answered for step, answered in draft.answers.items() if step not in steps}
            values = {"answers": dump_answers(kept), "pending": {}, "reasked": None, "rev": draft.rev + 1}
            connection.execute(update(drafts).where(drafts.c.id == draft.id).values(values))


def idle_draft(connection: Connection, draft: str, before: datetime) -> Draft | None:
    """The draft, locked, if it is still untouched since that moment."""
    stored = locked_draft(connection, draft)
    return stored if stored is not None and stored.updated_at <= before else None


def drop_unused_profiles(connection: Connection, before: datetime) -> int:
    """Profiles not written since that moment, of people with no draft and no case that still has personal values."""
    in_use = (
        select(cases.c.person)
        .join(case_private, case_private.c.case == cases.c.id)
        .union(select(drafts.c.person))
    )  # fmt: skip
    unused = and_(profiles.c.updated_at <= before, profiles.c.person.not_in(in_use))
    return connection.execute(delete(profiles).where(unused)).rowcount


def _events(condition: ColumnElement[bool]) -> Select[tuple[int]]:
    return select(case_events.c.id).where(condition)
