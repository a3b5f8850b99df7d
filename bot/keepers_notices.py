"""What those who keep the corpus are told: of a look at its sources, in the transaction that ends it; of what fell."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, Engine

from bot.corpus_rights import keeps_city
from bot.kept_answers import Kept
from bot.notice_words import CORPUS
from bot.store_of_looks import Look
from db.engine import writing
from intake.staff import Staff
from intake.store.staff_notices import tell_people

FELL = "kept_fell"
"""The kind of a notice that an approved answer is out of use."""


def tell_keepers(connection: Connection, look: Look, staff: Iterable[Staff]) -> None:
    """Tell administrators and city editors in service. A look is told of once, however often it is ended."""
    if look.summary is None or look.ended is None:
        return
    people = [person.id for person in staff if person.active and keeps_city(person.roles, person.areas)]
    tell_people(connection, f"corpus/{look.id}", people, CORPUS, look.summary.facts(), look.ended)


def tell_of_fall(engine: Engine, kept: Kept, title: str, staff: Iterable[Staff], at: datetime) -> None:
    """Tell administrators, city editors and who wrote it that an approved answer is out of use. Told once."""
    people = [
        person.id
        for person in staff
        if person.active and (keeps_city(person.roles, person.areas) or person.id == kept.author)
    ]
    body = {"question": kept.question, "number": kept.answer.id, "title": title}
    with writing(engine) as connection:
        tell_people(connection, f"kept/{kept.answer.id}", people, FELL, body, at)
