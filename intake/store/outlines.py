"""Outlines by models, beside their cases: kept so that none is paid for twice, gone with the words they stand on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Engine, Row, delete, or_, select

from db.engine import reading
from db.rows import fetch
from intake.outlines import Line, Outline, Proof
from intake.store.tables import case_outlines


class Outlines:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def of(self, case: str) -> list[Outline]:
        """All that is kept of a case (its id)."""
        query = select(case_outlines).where(case_outlines.c.case == case).order_by(case_outlines.c.about)
        with reading(self._engine) as connection:
            return [_outline(row) for row in connection.execute(query)]

    def of_cases(self, cases: Sequence[str]) -> dict[str, list[Outline]]:
        """The same of many; a case without any is left out."""
        found: dict[str, list[Outline]] = {}
        with reading(self._engine) as connection:
            for row in fetch(connection, select(case_outlines), case_outlines.c.case, cases):
                found.setdefault(row.case, []).append(_outline(row))
        return found


def keep_outlines(connection: Connection, case: str, outlines: Iterable[Outline]) -> None:
    """These instead of what was kept about the same, inside the caller's transaction."""
    for outline in outlines:
        drop_outlines(connection, case, outline.about)
        connection.execute(case_outlines.insert().values(_row(case, outline)))


def drop_outlines(connection: Connection, case: str, about: str) -> None:
    mine = (case_outlines.c.case == case) & (case_outlines.c.about == about)
    connection.execute(delete(case_outlines).where(mine))


def forget_outlines(connection: Connection, case: str) -> None:
    """All that was said about a case: of it, and of others beside it."""
    said = or_(case_outlines.c.case == case, case_outlines.c.about == about_case(case))
    connection.execute(delete(case_outlines).where(said))


def forget_party_outlines(connection: Connection, party: str) -> None:
    connection.execute(delete(case_outlines).where(case_outlines.c.about == about_party(party)))


def about_case(case: str) -> str:
    return f"case:{case}"


def about_party(party: str) -> str:
    return f"party:{party}"


def _row(case: str, outline: Outline) -> dict[str, Any]:
    lines = [
        {"text": line.text, "proofs": [{"of": p.of, "label": p.label, "quote": p.quote} for p in line.proofs]}
        for line in outline.lines
    ]
    kept = {"digest": outline.digest, "model": outline.model, "by": outline.by, "at": outline.at}
    return {"case": case, "about": outline.about, "lines": lines, **kept}


def _outline(row: Row[Any]) -> Outline:
    lines = tuple(Line(line["text"], tuple(Proof(**proof) for proof in line["proofs"])) for line in row.lines)
    return Outline(row.about, lines, row.digest, row.model, row.by, row.at)
