"""Cases and their history: insert one, change one by compare-and-set, append to its chain of events, find them.

Each event's hash covers the one before it, and the case keeps the last; so a changed, dropped or added event shows.
What people wrote is not in an event but beside it (case_texts), as a digest keyed with the case's own key: when the
texts and the key are erased, the chain still verifies and says nothing about them.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Row, Select, select, update

from db.engine import reading, writing
from intake.cases import Actor, Case, CaseState, Event, Private, Recorded, Telling
from intake.store.drafts import Attachment, dump_answers, load_answers
from intake.store.outlines import forget_outlines
from intake.store.tables import case_events, case_files, case_private, case_texts, cases

Tell = Callable[[Connection, Telling, datetime], None]
"""Writes a notice inside the transaction that gives rise to it."""

GENESIS = "0" * 64
_TUPLES = ("co_teams", "refused_by", "external_refs", "tags")
_STATES = ("state", "resume_state")
_SAID = ("kind", "title", "summary", "answers", "confidentiality", "erased")
"""What a need says. Where one of these changes, what a model wrote of it is dropped."""


class StaleCaseError(Exception):
    """The case was changed by somebody else since it was read: `case` is how it stands now."""

    def __init__(self, case: Case) -> None:
        super().__init__(case.reference)
        self.case = case


@dataclass(frozen=True, slots=True)
class Transaction:
    """What may be done to cases inside one transaction. Made by `CaseStore.writing`."""

    connection: Connection
    _tell: Tell

    def case(self, reference: str) -> Case | None:
        """The case, locked until the end of the transaction on PostgreSQL (SQLite has one writer anyway)."""
        return _one(self.connection, cases.c.reference == reference, lock=True)

    def by_id(self, case: str) -> Case | None:
        return _one(self.connection, cases.c.id == case, lock=True)

    def of_draft(self, draft: str) -> Case | None:
        return _one(self.connection, cases.c.draft == draft)

    def private(self, case: str) -> Private | None:
        return _private(self.connection, case)

    def find(self, condition: ColumnElement[bool]) -> list[Case]:
        return _find(self.connection, condition)

    def events(self, case: str) -> list[Recorded]:
        """The history of a case (its id) in order."""
        return _events(self.connection, case)

    def files(self, case: str) -> list[Attachment]:
        return _files(self.connection, case)

    def insert(self, case: Case, private: Private) -> None:
        """A new case and what of it can be erased. The first event is appended apart."""
        self.connection.execute(cases.insert().values(_row(case)))
        self.connection.execute(
            case_private.insert().values(
                case=case.id,
                personal=dump_answers(private.personal),
                query_code=private.query_code,
                digest_key=private.digest_key,
            )
        )

    def keep_private(self, case: str, private: Private) -> None:
        """Change the personal answers of a case."""
        mine = case_private.c.case == case
        self.connection.execute(update(case_private).where(mine).values(personal=dump_answers(private.personal)))

    def change(self, case: Case, event: Event) -> Case:
        """Store a changed case and its event. Raises StaleCaseError unless `case.rev` is the revision stored."""
        stored = self.by_id(case.id)
        if stored is None:
            raise LookupError(case.reference)
        if stored.rev != case.rev:
            raise StaleCaseError(stored)
        recorded = self._append(stored, event)
        after = replace(case, rev=case.rev + 1, seq=recorded.seq, head=recorded.hash, updated_at=event.at)
        self.connection.execute(update(cases).where(cases.c.id == case.id).values(_row(after)))
        if any(getattr(stored, name) != getattr(after, name) for name in _SAID):
            forget_outlines(self.connection, case.id)
        return after

    def first_event(self, case: Case, event: Event) -> Case:
        """The event a new case begins with; does not raise its revision."""
        recorded = self._append(case, event)
        after = replace(case, seq=recorded.seq, head=recorded.hash)
        changes = {"seq": after.seq, "head": after.head}
        self.connection.execute(update(cases).where(cases.c.id == case.id).values(changes))
        return after

    def witness(self, case: Case, event: Event) -> Case:
        """An event that changes nothing of the case (it was read, a clock ran out): its revision stays."""
        stored = self.by_id(case.id)
        if stored is None:
            raise LookupError(case.reference)
        return self.first_event(stored, event)

    def tell(self, notices: Iterable[Telling], at: datetime) -> None:
        for notice in notices:
            self._tell(self.connection, notice, at)

    def attach(self, case: str, files: Iterable[Attachment], by: str, at: datetime) -> None:
        rows = [
            {
                "case": case, "step": file.step, "digest": file.digest, "name": file.name,
                "media_type": file.media_type, "size": file.size, "by": by, "at": at,
            }
            for file in files
        ]  # fmt: skip
        if rows:
            self.connection.execute(case_files.insert(), rows)

    def _append(self, case: Case, event: Event) -> Recorded:
        private = _private(self.connection, case.id)
        digest = keyed_digest(private.digest_key, event.text) if private and event.text else ""
        row = {
            "case": case.id, "seq": case.seq + 1, "at": event.at,
            "actor_kind": _kind_of(event.actor), "actor": event.actor.id, "via": event.actor.via,
            "action": event.action, "from_state": event.from_state, "to_state": event.to_state,
            "detail": dict(event.detail), "notices": list(event.notices), "public": event.public,
            "text_digest": digest, "prev_hash": case.head or GENESIS,
        }  # fmt: skip
        row["hash"] = event_hash(row)
        key = self.connection.execute(case_events.insert().values(row)).inserted_primary_key
        assert key is not None  # noqa: S101  # the table has a primary key
        if event.text:
            self.connection.execute(case_texts.insert().values(event=key[0], body=event.text))
        return _recorded_of(row, int(key[0]), event.text)


class CaseStore:
    def __init__(self, engine: Engine, tell: Tell) -> None:
        self._engine = engine
        self._tell = tell

    @property
    def engine(self) -> Engine:
        """For what is read beside cases."""
        return self._engine

    @contextmanager
    def writing(self) -> Iterator[Transaction]:
        """One transaction: all of it, or none."""
        with writing(self._engine) as connection:
            yield Transaction(connection, self._tell)

    def get(self, reference: str) -> Case | None:
        return self._first(cases.c.reference == reference)

    def by_id(self, case: str) -> Case | None:
        return self._first(cases.c.id == case)

    def of_draft(self, draft: str) -> Case | None:
        """The case that was made of a draft, however often it is submitted."""
        return self._first(cases.c.draft == draft)

    def private(self, case: str) -> Private | None:
        """None once it was erased."""
        with reading(self._engine) as connection:
            return _private(connection, case)

    def find(self, condition: ColumnElement[bool] | None = None) -> list[Case]:
        """The cases a condition on `intake.store.tables.cases` holds for, the oldest first."""
        with reading(self._engine) as connection:
            return _find(connection, condition)

    def of_person(self, person: str) -> list[Case]:
        """What a person submitted, the latest first."""
        return self.find(cases.c.person == person)[::-1]

    def events(self, case: str) -> list[Recorded]:
        """The history of a case in order, with the texts that are still there."""
        with reading(self._engine) as connection:
            return _events(connection, case)

    def files(self, case: str) -> list[Attachment]:
        with reading(self._engine) as connection:
            return _files(connection, case)

    def _first(self, condition: ColumnElement[bool]) -> Case | None:
        with reading(self._engine) as connection:
            return _one(connection, condition)


def verify_chain(case: Case, events: Sequence[Recorded]) -> bool:
    """Whether the history is whole: numbered without a gap, each hash right, the last one the case's."""
    previous = GENESIS
    for number, event in enumerate(events, start=1):
        row = {name: getattr(event, name) for name in _HASHED if name != "case"} | {"case": case.id}
        if event.seq != number or event.prev_hash != previous or event_hash(row) != event.hash:
            return False
        previous = event.hash
    return previous == (case.head or GENESIS)


def broken_chains(connection: Connection) -> list[str]:
    """The references of the cases whose history is not whole; [] where every one is."""
    ordered = _history().order_by(case_events.c.case, case_events.c.seq)
    histories = groupby(connection.execute(ordered.execution_options(yield_per=500)), key=lambda row: row.case)
    left = {case.id: case for case in _find(connection, None)}
    broken = []
    for key, rows in histories:
        case = left.pop(key)
        if not verify_chain(case, [_recorded(row) for row in rows]):
            broken.append(case.reference)
    return broken + [case.reference for case in left.values() if not verify_chain(case, [])]


_HASHED = (
    "case", "seq", "at", "actor_kind", "actor", "via", "action", "from_state", "to_state", "detail", "notices",
    "public", "text_digest", "prev_hash",
)  # fmt: skip


def event_hash(row: Mapping[str, Any]) -> str:
    """SHA-256 over the event's fields as canonical JSON, the hash before it among them."""
    fields = {name: _canonical(row[name]) for name in _HASHED}
    return hashlib.sha256(json.dumps(fields, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def _canonical(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, tuple):
        return list(value)
    return value if value is None or not isinstance(value, CaseState) else str(value)


def keyed_digest(key: str, text: str) -> str:
    """What stands in an event for words that can be erased: without the key it tells nothing."""
    return hmac.new(key.encode(), text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def _kind_of(actor: Actor) -> str:
    if actor.id == "system":
        return "system"
    return "person" if {str(role) for role in actor.roles} == {"enterprise"} else "staff"


def _row(case: Case) -> dict[str, Any]:
    row = {column.name: getattr(case, column.name) for column in cases.columns}
    row["answers"] = dump_answers(case.answers)
    for name in _TUPLES:
        row[name] = [dict(entry) if isinstance(entry, Mapping) else entry for entry in row[name]]
    for name in ("legacy_answers", "quality", "announced"):
        row[name] = dict(row[name])
    return row


def _case(row: Row[Any]) -> Case:
    fields = dict(row._mapping)
    fields["answers"] = load_answers(fields["answers"])
    for name in _TUPLES:
        fields[name] = tuple(fields[name])
    for name in _STATES:
        fields[name] = CaseState(fields[name]) if fields[name] else None
    return Case(**fields)


def _history() -> Select[Any]:
    texts = case_events.outerjoin(case_texts, case_texts.c.event == case_events.c.id)
    return select(case_events, case_texts.c.body).select_from(texts)


def _events(connection: Connection, case: str) -> list[Recorded]:
    query = _history().where(case_events.c.case == case).order_by(case_events.c.seq)
    return [_recorded(row) for row in connection.execute(query)]


def _files(connection: Connection, case: str) -> list[Attachment]:
    mine = select(case_files).where(case_files.c.case == case).order_by(case_files.c.id)
    return [Attachment(row.digest, row.name, row.media_type, row.size, row.step) for row in connection.execute(mine)]


def _one(connection: Connection, condition: ColumnElement[bool], *, lock: bool = False) -> Case | None:
    query = select(cases).where(condition)
    row = connection.execute(query.with_for_update() if lock else query).first()
    return None if row is None else _case(row)


def _find(connection: Connection, condition: ColumnElement[bool] | None) -> list[Case]:
    query = select(cases).order_by(cases.c.submitted_at, cases.c.id)
    return [_case(row) for row in connection.execute(query if condition is None else query.where(condition))]


def _private(connection: Connection, case: str) -> Private | None:
    row = connection.execute(select(case_private).where(case_private.c.case == case)).first()
    return None if row is None else Private(load_answers(row.personal), row.query_code, row.digest_key)


def _recorded(row: Row[Any]) -> Recorded:
    return _recorded_of(dict(row._mapping), row.id, row.body or "")


def _recorded_of(row: Mapping[str, Any], key: int, text: str) -> Recorded:
    fields = {name: row[name] for name in _HASHED if name != "case"} | {"hash": row["hash"]}
    for name in ("from_state", "to_state"):
        fields[name] = CaseState(fields[name]) if fields[name] else None
    fields["notices"] = tuple(fields["notices"])
    return Recorded(id=key, text=text, **fields)
