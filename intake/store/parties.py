"""The register of parties: list, search, put, retire, and take a whole import or none of it. Every change is logged."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, Engine, select, update
from sqlalchemy.exc import IntegrityError

from db.engine import reading, writing
from db.rows import add_missing
from intake.cases import Actor
from intake.parties import Party, PartyError, PartyType, mentioned, normal_name
from intake.store.candidates import Candidates
from intake.store.outlines import forget_party_outlines
from intake.store.party_rows import has_name, logged, name_key, one, party_of, row_of, unchanged
from intake.store.register_rows import log
from intake.store.society_matrix import SocietyMatrix
from intake.store.tables import parties

_ID_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class PartyRow:
    """A party as a line of an import gives it; an `id` names the one that is to change, else its name does."""

    number: int
    party: Party


@dataclass(frozen=True, slots=True)
class RowFault:
    """Why a line cannot be taken: a key of wording/registers under sheet.fault, and its values."""

    number: int
    key: str
    values: Mapping[str, str]


class RowsRefusedError(Exception):
    """Nothing of an import was taken; `faults` say what to correct, in the order of the lines."""

    def __init__(self, faults: Sequence[RowFault]) -> None:
        super().__init__(f"{len(faults)} faults")
        self.faults = tuple(faults)


@dataclass(frozen=True, slots=True)
class Taken:
    """What an import came to."""

    added: int
    changed: int
    same: int


class Parties:
    """The register, with the society matrix and the candidates that point into it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.matrix = SocietyMatrix(engine)
        self.candidates = Candidates(engine)

    def all(self, *, retired: bool = False) -> list[Party]:
        """By name; those that were retired only if asked for."""
        query = select(parties).order_by(parties.c.name)
        with reading(self._engine) as connection:
            rows = connection.execute(query if retired else query.where(parties.c.active.is_(True)))
            return sorted((party_of(row._mapping) for row in rows), key=lambda party: party.name)

    def search(
        self,
        text: str = "",
        *,
        type: PartyType | None = None,  # noqa: A002  # the field's name
        industry: str | None = None,
        district: str | None = None,
        retired: bool = False,
    ) -> list[Party]:
        """Those that all of these hold for; every word of `text` stands in the name or in the fields."""
        words = text.split()
        return [
            party
            for party in self.all(retired=retired)
            if type in (None, party.type)
            and (industry is None or industry in party.industries)
            and district in (None, party.district)
            and len(mentioned(words, f"{party.name} {party.fields}")) == len(words)
        ]

    def get(self, party: str) -> Party | None:
        with reading(self._engine) as connection:
            return one(connection, parties.c.id == party)

    def named(self, words: str) -> Party:
        """The party with this id or this name, retired or not. Raises PartyError (unknown)."""
        with reading(self._engine) as connection:
            found = one(connection, parties.c.id == words.strip()) or one(connection, has_name(words))
        if found is None:
            raise PartyError("unknown", party=words)
        return found

    def put(self, party: Party, actor: Actor, now: datetime) -> Party:
        """Add a party (its id is "") or replace the one with its id.

        Raises PartyError: name_taken; unknown; changed_meanwhile where it is not as it was read (its `updated_at`).
        """
        party = replace(party, name=normal_name(party.name))
        try:
            with writing(self._engine) as connection:
                other = one(connection, has_name(party.name))
                if other is not None and other.id != party.id:
                    raise PartyError("name_taken", name=other.name)
                return _put(connection, party, actor, now)
        except IntegrityError as fault:  # somebody else came first with the same name
            raise PartyError("name_taken", name=party.name) from fault

    def retire(self, party: str, actor: Actor, now: datetime) -> Party:
        """It is suggested and chosen no more; cases keep it. Raises PartyError (unknown)."""
        return self.put(replace(self.named(party), active=False), actor, now)

    def take(self, rows: Sequence[PartyRow], actor: Actor, now: datetime) -> Taken:
        """All rows of an import, or none: raises RowsRefusedError with what to correct."""
        try:
            with writing(self._engine) as connection:
                there = {row.id: party_of(row._mapping) for row in connection.execute(select(parties))}
                wanted = matched(there.values(), rows)
                changing = [party for party in wanted if not unchanged(party, there.get(party.id))]
                for party in changing:
                    _put(connection, replace(party, name=normal_name(party.name)), actor, now)
        except IntegrityError as fault:  # somebody else added one of these names while this ran
            raise RowsRefusedError([RowFault(rows[0].number, "changed_meanwhile", {})]) from fault
        added = sum(not party.id for party in changing)
        return Taken(added, len(changing) - added, len(wanted) - len(changing))

    def note_export(self, count: int, actor: Actor, now: datetime) -> None:
        """That the register, contacts included, was written to a file."""
        with writing(self._engine) as connection:
            log(connection, "party.export", "*", None, {"parties": count}, actor, now)

    def seed(self, societies: Sequence[Party], actor: Actor, now: datetime) -> int:
        """Add these (with ids) where the register holds no society at all, a retired one included; how many."""
        with writing(self._engine) as connection:
            if one(connection, parties.c.type == str(PartyType.SOCIETY)) is not None:
                return 0
            add_missing(connection, parties, [row_of(replace(party, updated_at=now)) for party in societies])
            log(connection, "party.seed", "*", None, {"parties": len(societies)}, actor, now)
        return len(societies)


def matched(there: Iterable[Party], rows: Iterable[PartyRow]) -> list[Party]:
    """The parties of an import with the ids of those they stand for. Pure. Raises RowsRefusedError."""
    ids = {party.id: name_key(party.name) for party in there}
    by_name = {name: party for party, name in ids.items()}
    wanted: list[Party] = []
    faults: list[RowFault] = []
    seen: dict[str, int] = {}
    for row in rows:
        party = replace(row.party, id=row.party.id or by_name.get(name_key(row.party.name), ""))
        fault = _row_fault(row.number, party, ids, by_name, seen)
        if fault is not None:
            faults.append(fault)
        wanted.append(party)
    if faults:
        raise RowsRefusedError(faults)
    return wanted


def _row_fault(
    number: int, party: Party, ids: Mapping[str, str], by_name: Mapping[str, str], seen: dict[str, int]
) -> RowFault | None:
    name = name_key(party.name)
    if party.id and party.id not in ids:
        return RowFault(number, "unknown_id", {"id": party.id})
    if by_name.get(name, party.id) != party.id:
        return RowFault(number, "name_taken", {"name": party.name})
    keys = [f"name {name}", *([party.id] if party.id else [])]
    earlier = next((seen[key] for key in keys if key in seen), None)
    if earlier is not None:
        return RowFault(number, "twice", {"name": party.name, "row": str(earlier)})
    seen.update(dict.fromkeys(keys, number))
    return None


def _put(connection: Connection, party: Party, actor: Actor, now: datetime) -> Party:
    before = one(connection, parties.c.id == party.id) if party.id else None
    if party.id and before is None:
        raise PartyError("unknown", party=party.id)
    if before and party.updated_at not in (None, before.updated_at):
        raise PartyError("changed_meanwhile", name=before.name)
    after = replace(party, id=party.id or _new_id(), updated_at=now)
    if before is None:
        connection.execute(parties.insert().values(row_of(after)))
    else:
        connection.execute(update(parties).where(parties.c.id == after.id).values(row_of(after)))
        forget_party_outlines(connection, after.id)
    log(connection, "party", after.id, *logged(before, after), actor, now)
    return after


def _new_id() -> str:
    """Short enough to be typed."""
    return "p" + "".join(secrets.choice(_ID_LETTERS) for _ in range(7))
