"""People: what is asked once and kept, who consented to what. Organisations are in `intake.store.organisations`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, delete, select, update

from db.engine import reading, writing
from db.rows import add_missing
from intake.cases import Actor, Via
from intake.consent_texts import VERSION, ConsentNotice
from intake.store import organisations
from intake.store.drafts import dump_answers, load_answers
from intake.store.organisations import Member, Membership, Organisation
from intake.store.tables import consent_texts, consents, profiles
from intake.values import Answered, Answers


@dataclass(frozen=True, slots=True)
class Consent:
    """A person's yes or no to a notice; `key` names its very words."""

    key: str
    given: bool
    via: Via
    at: datetime


class People:
    def __init__(self, engine: Engine, notices: Mapping[str, ConsentNotice]) -> None:
        """`notices`: the consent notice in force by language (`load_consent`)."""
        self._engine = engine
        self.notices = notices

    def profile(self, person: str) -> dict[str, Answered]:
        """The answers about organisation and contact this person gave last, to be confirmed; empty where none."""
        with reading(self._engine) as connection:
            return profile_of(connection, person)

    def keep_profile(self, person: str, answers: Answers, now: datetime) -> None:
        """Keep these answers of the person's, over those kept before; others stay."""
        with writing(self._engine) as connection:
            keep_profile(connection, person, {**profile_of(connection, person), **answers}, now)

    def consented(self, person: str) -> bool:
        """Whether the last word of this person on the notice in force was yes."""
        of_version = consents.c.version.startswith(f"{VERSION}-", autoescape=True)
        mine = select(consents.c.given).where(consents.c.person == person, of_version).order_by(consents.c.id.desc())
        with reading(self._engine) as connection:
            return bool(connection.scalar(mine.limit(1)))

    def record_consent(self, person: str, given: bool, via: Via, now: datetime, lang: str = "zh") -> None:
        """Record a yes or no to the notice in force, and its words. To be called before the reply that goes on."""
        with writing(self._engine) as connection:
            record_consent(connection, person, given, via, now, self.notices[lang])

    def consents(self, person: str) -> list[Consent]:
        """What the person said to notices, the oldest first."""
        mine = select(consents).where(consents.c.person == person).order_by(consents.c.id)
        with reading(self._engine) as connection:
            return [Consent(row.version, row.given, row.via, row.at) for row in connection.execute(mine)]

    def organisation_of(self, person: str) -> Organisation | None:
        """The organisation this person is an accepted member of (the latest joined); None while they wait."""
        with reading(self._engine) as connection:
            return organisations.of_person(connection, person)

    def organisation(self, org: str) -> Organisation | None:
        with reading(self._engine) as connection:
            return organisations.by_id(connection, org)

    def membership(self, person: str) -> tuple[str, Membership] | None:
        """The organisation (its id) a person joined last, and whether they are accepted in it."""
        with reading(self._engine) as connection:
            return organisations.membership(connection, person)

    def members(self, org: str) -> list[Member]:
        """Who named the organisation's code, the first of them first."""
        with reading(self._engine) as connection:
            return organisations.members(connection, org)

    def accept(self, org: str, person: str, actor: Actor, now: datetime) -> bool:
        """Accept a waiting person: by an accepted member, or by staff (the caller checks which). Logged.

        False where nobody of that name waits, or the actor may not.
        """
        with writing(self._engine) as connection:
            return organisations.accept(connection, org, person, actor, now)


def profile_of(connection: Connection, person: str) -> dict[str, Answered]:
    stored = connection.scalar(select(profiles.c.answers).where(profiles.c.person == person))
    return load_answers(stored or {})


def keep_profile(connection: Connection, person: str, answers: Answers, now: datetime) -> None:
    """The whole profile of a person, inside the caller's transaction."""
    values = {"answers": dump_answers(answers), "updated_at": now}
    if connection.execute(update(profiles).where(profiles.c.person == person).values(values)).rowcount == 0:
        add_missing(connection, profiles, [{"person": person, **values}])


def drop_profile(connection: Connection, person: str) -> None:
    connection.execute(delete(profiles).where(profiles.c.person == person))


def record_consent(
    connection: Connection, person: str, given: bool, via: Via, now: datetime, notice: ConsentNotice
) -> None:
    """A yes or no and the words it was said to, inside the caller's transaction."""
    add_missing(connection, consent_texts, [{"version": notice.key, "body": notice.text, "first_used_at": now}])
    row = {"person": person, "version": notice.key, "given": given, "via": via, "at": now}
    connection.execute(consents.insert().values(row))
