"""What a notice needs of its case beside its body: the owner's language, and the words of the event it tells of."""

from __future__ import annotations

from sqlalchemy import Connection, select

from intake.store.tables import case_events, case_texts, cases


def language_of(connection: Connection, case: str) -> str | None:
    """The language the owner of a case (by its id) speaks; None where there is no such case."""
    found: str | None = connection.scalar(select(cases.c.lang).where(cases.c.id == case))
    return found


def words_of(connection: Connection, case: str, seq: int) -> str:
    """What was said with an event; "" where nothing was, or it was erased."""
    texts = case_events.join(case_texts, case_texts.c.event == case_events.c.id)
    mine = (case_events.c.case == case) & (case_events.c.seq == seq) & case_events.c.public
    return connection.scalar(select(case_texts.c.body).select_from(texts).where(mine)) or ""
