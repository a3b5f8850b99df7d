"""The looks at the sources, in SQL: when each began and ended, and what it came to, told as it ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, Engine, Integer, Row, Table, Text, delete, func, insert, select, update

from bot.corpus_drafts import Stage, draft_of, drafts
from bot.corpus_sources import State, note_told, source_files, sources, untold
from bot.look_summary import FileNews, Summary, read_summary
from db.engine import reading, writing
from db.schema import CleanText, UtcDateTime, metadata

KEPT = 500
"""Looks that are kept: at one an hour, three weeks."""

_AMISS = (State.MISSING, State.BROKEN, State.QUARANTINED)

looks = Table(
    "corpus_looks",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("by", Text, nullable=False),
    Column("began_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("summary", CleanText, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Look:
    """A look; `ended` and `summary` are None while it is under way, and for good where it was cut off."""

    id: int
    by: str
    began: datetime
    ended: datetime | None
    summary: Summary | None


class Looks:
    """`tell` writes the notices of a look that has news, in the transaction that ends it."""

    def __init__(self, engine: Engine, tell: Callable[[Connection, Look], None]) -> None:
        self._engine = engine
        self._tell = tell

    def begin(self, by: str, now: datetime) -> Look:
        row = {"by": by, "began_at": now, "summary": "{}"}
        with writing(self._engine) as connection:
            return _look(connection.execute(insert(looks).values(row).returning(*looks.c)).one())

    def end(self, look: Look, found: Summary, now: datetime) -> Summary:
        """End a look: `found`, and all news of sources and files that nobody was told yet."""
        with writing(self._engine) as connection:
            summary = _whole(connection, found)
            values = {"ended_at": now, "summary": summary.written()}
            connection.execute(update(looks).where(looks.c.id == look.id).values(values))
            if summary.news:
                self._tell(connection, replace(look, ended=now, summary=summary))
            note_told(connection)
            newest = select(looks.c.id).order_by(looks.c.id.desc()).offset(KEPT).limit(1).scalar_subquery()
            connection.execute(delete(looks).where(looks.c.id <= newest))
        return summary

    def last(self) -> Look | None:
        """The one that began last."""
        return next(iter(self.recent(1)), None)

    def recent(self, limit: int) -> list[Look]:
        """The newest first."""
        with reading(self._engine) as connection:
            return [_look(row) for row in connection.execute(select(looks).order_by(looks.c.id.desc()).limit(limit))]

    def ended_before(self, look: Look) -> datetime | None:
        """When the last look before this one that came to its end began."""
        query = select(func.max(looks.c.began_at)).where(looks.c.id < look.id, looks.c.ended_at.is_not(None))
        with reading(self._engine) as connection:
            found: datetime | None = connection.scalar(query)
        return found


def _whole(connection: Connection, found: Summary) -> Summary:
    of_sources, of_files = untold(connection)
    titles = _titles(connection)
    files = [FileNews(str(one.news), str(one.path), one.why) for one in of_sources]
    files += [
        FileNews(str(file.news), _shown(str(source.path), file.name, source.kind), file.why, file.draft,
                 titles.get(file.draft or 0, ""))
        for source, file in of_files
    ]  # fmt: skip
    amiss = sum(_count(connection, table, table.c.state.in_(_AMISS)) for table in (sources, source_files))
    steady = source_files.c.state.in_((State.OK, State.CHANGED)) & (source_files.c.news == "")
    return replace(
        found,
        files=tuple(files),
        unchanged=_count(connection, source_files, steady),
        amiss=amiss,
        to_confirm=_count(connection, drafts, drafts.c.stage == Stage.DRAFT),
        in_review=_count(connection, drafts, drafts.c.stage == Stage.IN_REVIEW),
    )


def _titles(connection: Connection) -> dict[int, str]:
    """The titles of the drafts that files with news became."""
    wanted = select(source_files.c.draft).where(source_files.c.news != "", source_files.c.draft.is_not(None))
    rows = connection.execute(select(drafts).where(drafts.c.id.in_(wanted)))
    return {row.id: draft_of(row).title for row in rows}


def _shown(path: str, name: str, kind: str) -> str:
    return path if kind == "page" else f"{path}/{name}"


def _count(connection: Connection, table: Table, where: Any) -> int:
    return int(connection.scalar(select(func.count()).select_from(table).where(where)) or 0)


def _look(row: Row[Any]) -> Look:
    summary = read_summary(row.summary) if row.ended_at is not None else None
    return Look(row.id, row.by, row.began_at, row.ended_at, summary)
