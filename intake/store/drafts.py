"""Drafts: a form being filled in by a person. Each change is committed before anybody is told of it."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Connection, Engine, Row, delete, select, update

from db.engine import reading, settle, writing
from intake.journey import Pace, Standing
from intake.store.tables import draft_files, drafts
from intake.values import Answered

_answers: TypeAdapter[dict[str, Answered]] = TypeAdapter(dict[str, Answered])
_ID_LETTERS = "abcdefghjkmnpqrstvwxyz23456789"


class StaleDraftError(Exception):
    """Somebody else changed the draft since it was read, or it is gone. Read it again."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A form being filled in. One person has at most one a kind, and at most one that is not parked.

    `pending` is what the dialog waits for besides an answer (an unsure text, proposals, a half-picked choice): plain
    JSON, the dialog's own. `origin` is where the need came from (an unanswered question and what was replied).
    `last_message` is the id of the last message that changed it: the same message again must change nothing.
    """

    id: str
    person: str
    account: str
    kind: str
    form_version: int
    answers: Mapping[str, Answered]
    created_at: datetime
    updated_at: datetime
    reasked: str | None = None
    pace: Pace = "fast"
    failures: int = 0
    pending: Mapping[str, Any] = field(default_factory=dict)
    origin: Mapping[str, Any] = field(default_factory=dict)
    parked: bool = False
    last_message: str | None = None
    reminders: int = 0
    rev: int = 1

    @property
    def standing(self) -> Standing:
        return Standing(self.answers, self.reasked, self.pace)

    def at(self, standing: Standing) -> Draft:
        """The draft with another standing; failures and what was pending begin anew."""
        return replace(
            self, answers=standing.answers, reasked=standing.reasked, pace=standing.pace, failures=0, pending={}
        )


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that belongs to a draft or a case; `digest` addresses it in the file store."""

    digest: str
    name: str
    media_type: str
    size: int
    step: str = "attachments"


class Drafts:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def begin(
        self,
        person: str,
        account: str,
        kind: str,
        form_version: int,
        now: datetime,
        *,
        answers: Mapping[str, Answered] | None = None,
        origin: Mapping[str, Any] | None = None,
        message: str | None = None,
    ) -> Draft:
        """A new draft of this kind, active; the one there is of this kind, if there is one. Others are parked."""
        with writing(self._engine) as connection:
            _park_all(connection, person)
            found = _one(connection, (drafts.c.person == person) & (drafts.c.kind == kind))
            if found is not None:
                return _saved(connection, replace(found, parked=False, account=account), message, now)
            draft = Draft(
                _new_id(), person, account, kind, form_version, dict(answers or {}), now, now,
                origin=dict(origin or {}), last_message=message,
            )  # fmt: skip
            connection.execute(drafts.insert().values(_row(draft)))
        return draft

    def active(self, person: str) -> Draft | None:
        """The draft being filled in at the moment."""
        with reading(self._engine) as connection:
            return _one(connection, (drafts.c.person == person) & drafts.c.parked.is_(False))

    def all(self, person: str) -> list[Draft]:
        """All drafts of a person, the latest first."""
        mine = select(drafts).where(drafts.c.person == person).order_by(drafts.c.updated_at.desc())
        with reading(self._engine) as connection:
            return [_draft(row) for row in connection.execute(mine)]

    def get(self, draft: str) -> Draft | None:
        with reading(self._engine) as connection:
            return _one(connection, drafts.c.id == draft)

    def save(self, draft: Draft, now: datetime, message: str | None = None) -> Draft:
        """Commit a changed draft and return it with its next `rev`. StaleDraftError unless `rev` is the one stored."""
        with writing(self._engine) as connection:
            if not draft.parked:
                _park_all(connection, draft.person, but=draft.id)
            return _saved(connection, draft, message, now)

    def drop(self, draft: str) -> None:
        """Forget a draft with its list of files, for good."""
        with writing(self._engine) as connection:
            drop_draft(connection, draft)
        settle(self._engine)

    def attach(self, draft: str, file: Attachment, now: datetime) -> list[Attachment]:
        """Add a file (the same content once) and return all of them."""
        with writing(self._engine) as connection:
            there = {a.digest for a in _attached(connection, draft)}
            if file.digest not in there:
                connection.execute(
                    draft_files.insert().values(
                        draft=draft, digest=file.digest, step=file.step, name=file.name,
                        media_type=file.media_type, size=file.size, at=now,
                    )
                )  # fmt: skip
            return _attached(connection, draft)

    def attached(self, draft: str) -> list[Attachment]:
        with reading(self._engine) as connection:
            return _attached(connection, draft)

    def detach(self, draft: str, digest: str) -> None:
        mine = (draft_files.c.draft == draft) & (draft_files.c.digest == digest)
        with writing(self._engine) as connection:
            connection.execute(delete(draft_files).where(mine))

    def idle_since(self, moment: datetime) -> list[Draft]:
        """Drafts untouched since then, the oldest first."""
        idle = select(drafts).where(drafts.c.updated_at <= moment).order_by(drafts.c.updated_at)
        with reading(self._engine) as connection:
            return [_draft(row) for row in connection.execute(idle)]

    def reminded(self, draft: str, count: int) -> None:
        """Note that a person was reminded of a draft; this does not count as touching it."""
        with writing(self._engine) as connection:
            connection.execute(update(drafts).where(drafts.c.id == draft).values(reminders=count))


def drop_draft(connection: Connection, draft: str) -> None:
    """Remove a draft inside the caller's transaction."""
    connection.execute(delete(draft_files).where(draft_files.c.draft == draft))
    connection.execute(delete(drafts).where(drafts.c.id == draft))


def locked_draft(connection: Connection, draft: str) -> Draft | None:
    """The draft as stored, kept from other writers until the caller's transaction ends."""
    row = connection.execute(select(drafts).where(drafts.c.id == draft).with_for_update()).first()
    return None if row is None else _draft(row)


def attachments_of(connection: Connection, draft: str) -> list[Attachment]:
    """The draft's files, inside the caller's transaction."""
    return _attached(connection, draft)


def dump_answers(answers: Mapping[str, Answered]) -> dict[str, Any]:
    """Answers as JSON, in their order."""
    return {step: answered.model_dump(mode="json") for step, answered in answers.items()}


def load_answers(stored: Mapping[str, Any]) -> dict[str, Answered]:
    return _answers.validate_python(stored)


def _park_all(connection: Connection, person: str, but: str = "") -> None:
    others = (drafts.c.person == person) & (drafts.c.id != but) & drafts.c.parked.is_(False)
    connection.execute(update(drafts).where(others).values(parked=True, rev=drafts.c.rev + 1))


def _saved(connection: Connection, draft: Draft, message: str | None, now: datetime) -> Draft:
    after = replace(draft, rev=draft.rev + 1, updated_at=now, last_message=message or draft.last_message)
    mine = (drafts.c.id == draft.id) & (drafts.c.rev == draft.rev)
    if connection.execute(update(drafts).where(mine).values(_row(after))).rowcount != 1:
        raise StaleDraftError(draft.id)
    return after


def _one(connection: Connection, condition: Any) -> Draft | None:
    row = connection.execute(select(drafts).where(condition)).first()
    return None if row is None else _draft(row)


def _attached(connection: Connection, draft: str) -> list[Attachment]:
    mine = select(draft_files).where(draft_files.c.draft == draft).order_by(draft_files.c.at, draft_files.c.digest)
    return [_attachment(row) for row in connection.execute(mine)]


def _attachment(row: Row[Any]) -> Attachment:
    return Attachment(row.digest, row.name, row.media_type, row.size, row.step)


def _new_id() -> str:
    """Short enough for a Telegram button beside a step and a revision; unguessable enough to be unique, not secret."""
    return "".join(secrets.choice(_ID_LETTERS) for _ in range(12))


def _row(draft: Draft) -> dict[str, Any]:
    names: Iterable[str] = (column.name for column in drafts.columns)
    return {name: getattr(draft, name) for name in names} | {
        "answers": dump_answers(draft.answers),
        "pending": dict(draft.pending),
        "origin": dict(draft.origin),
    }


def _draft(row: Row[Any]) -> Draft:
    fields = dict(row._mapping)
    return Draft(**{**fields, "answers": load_answers(fields["answers"])})
