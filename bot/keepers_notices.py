"""What those who keep the corpus are told of a look at its sources: a notice each, in the transaction that ends it."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection

from bot.corpus_rights import keeps_city
from bot.notice_words import CORPUS
from bot.store_of_looks import Look
from intake.staff import Staff
from intake.store.staff_notices import tell_people


def tell_keepers(connection: Connection, look: Look, staff: Iterable[Staff]) -> None:
    """Tell administrators and city editors in service. A look is told of once, however often it is ended."""
    if look.summary is None or look.ended is None:
        return
    people = [person.id for person in staff if person.active and keeps_city(person.roles, person.areas)]
    tell_people(connection, f"corpus/{look.id}", people, CORPUS, look.summary.facts(), look.ended)
