"""Sources: the watched folders and saved pages that the bureau's files come from, and what stood in each, in SQL.

A source that is gone, or a file that is gone from it, is noted and told; no policy ends by that.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal, cast

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    ForeignKey,
    Integer,
    Row,
    Table,
    Text,
    UniqueConstraint,
    delete,
    insert,
    select,
    update,
)

from db.engine import reading, writing
from db.schema import CleanText, UtcDateTime, metadata
from intake.cases import Actor
from intake.store import register_rows

Kind = Literal["folder", "page"]
"""A folder that is watched · one file, such as a saved web page."""

News = Literal["", "new", "changed", "broken", "quarantined", "missing", "back"]
"""What has happened to a file or a source and was not told yet."""


class State(StrEnum):
    """How a source or a file of it stood at the last look. `quarantined` is not read again until it is another file."""

    UNSEEN = "unseen"
    OK = "ok"
    CHANGED = "changed"
    MISSING = "missing"
    BROKEN = "broken"
    QUARANTINED = "quarantined"


sources = Table(
    "corpus_sources",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("path", CleanText, nullable=False, unique=True),
    Column("url", CleanText, nullable=False),
    Column("added_by", Text, nullable=False),
    Column("added_at", UtcDateTime, nullable=False),
    Column("state", Text, nullable=False),
    Column("why", CleanText, nullable=False),
    Column("news", Text, nullable=False),
    Column("seen_at", UtcDateTime),
)

source_files = Table(
    "corpus_source_files",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("source", Integer, ForeignKey("corpus_sources.id", ondelete="CASCADE"), nullable=False),
    Column("name", CleanText, nullable=False),
    Column("state", Text, nullable=False),
    Column("why", CleanText, nullable=False),
    Column("news", Text, nullable=False),
    Column("file_digest", Text, nullable=False),
    Column("text_key", Text, nullable=False),
    Column("pending", Text, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("draft", Integer, ForeignKey("corpus_drafts.id")),
    Column("seen_at", UtcDateTime),
    UniqueConstraint("source", "name"),
)


class UnknownSourceError(Exception):
    """There is no source of this number."""


class SourceHereError(Exception):
    """This path is a source already."""

    def __init__(self, source: Source) -> None:
        super().__init__(f"{source.path} is source {source.id}")
        self.source = source


@dataclass(frozen=True, slots=True)
class Source:
    """`url` is where a saved page stands on the web, "" where nobody said. `why` says what is wrong with it."""

    id: int
    kind: Kind
    path: Path
    url: str
    added_by: str
    added_at: datetime
    state: State = State.UNSEEN
    why: str = ""
    news: News = ""
    seen_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file as it stood at the last look. `name` is its path in the folder, or the page's file name.

    `file_digest` and `text_key` are those of what was taken in last; `pending` the digest of what is being taken in
    now, so that a look that was cut off is gone on with; `draft` the last draft of it.
    """

    source: int
    name: str
    state: State = State.UNSEEN
    why: str = ""
    news: News = ""
    file_digest: str = ""
    text_key: str = ""
    pending: str = ""
    failures: int = 0
    draft: int | None = None
    seen_at: datetime | None = None


class Sources:
    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def add(self, kind: Kind, path: Path, url: str, actor: Actor, now: datetime) -> Source:
        """Put a source on record; it is looked at with the next look. Raises SourceHereError."""
        row = {"kind": kind, "path": str(path), "url": url, "added_by": actor.id, "added_at": now}
        with writing(self.engine) as connection:
            held = connection.execute(select(sources).where(sources.c.path == str(path))).one_or_none()
            if held is not None:
                raise SourceHereError(_source(held))
            query = insert(sources).values(**row, state=State.UNSEEN, why="", news="").returning(*sources.c)
            added = _source(connection.execute(query).one())
            told = {"done": "source_added", "path": str(path), "url": url}
            register_rows.log(connection, "corpus", f"source {added.id}", None, told, actor, now)
        return added

    def remove(self, number: int, actor: Actor, now: datetime) -> Source:
        """Look there no more; what was taken in from there stays. Raises UnknownSourceError."""
        with writing(self.engine) as connection:
            held = connection.execute(select(sources).where(sources.c.id == number)).one_or_none()
            if held is None:
                raise UnknownSourceError(number)
            connection.execute(delete(source_files).where(source_files.c.source == number))
            connection.execute(delete(sources).where(sources.c.id == number))
            told = {"done": "source_removed", "path": held.path}
            register_rows.log(connection, "corpus", f"source {number}", None, told, actor, now)
        return _source(held)

    def all(self) -> list[Source]:
        """In the order they were added."""
        with reading(self.engine) as connection:
            return [_source(row) for row in connection.execute(select(sources).order_by(sources.c.id))]

    def files(self, source: int) -> list[SourceFile]:
        """By name."""
        query = select(source_files).where(source_files.c.source == source).order_by(source_files.c.name)
        with reading(self.engine) as connection:
            return [_file(row) for row in connection.execute(query)]

    def note(self, source: Source) -> None:
        """How a source stands now; nothing of one that was removed meanwhile."""
        values = {"state": source.state, "why": source.why, "news": source.news, "seen_at": source.seen_at}
        with writing(self.engine) as connection:
            connection.execute(update(sources).where(sources.c.id == source.id).values(values))

    def note_file(self, file: SourceFile) -> None:
        """How a file of a source stands now."""
        values = {name: getattr(file, name) for name in file.__slots__}
        mine = (source_files.c.source == file.source) & (source_files.c.name == file.name)
        with writing(self.engine) as connection:
            if connection.scalar(select(sources.c.id).where(sources.c.id == file.source)) is None:
                return
            if connection.execute(update(source_files).where(mine).values(values)).rowcount == 0:
                connection.execute(insert(source_files).values(values))


def untold(connection: Connection) -> tuple[list[Source], list[tuple[Source, SourceFile]]]:
    """The sources and the files with news, for whoever tells them in the same transaction."""
    held = {row.id: _source(row) for row in connection.execute(select(sources).order_by(sources.c.id))}
    query = select(source_files).where(source_files.c.news != "").order_by(source_files.c.source, source_files.c.name)
    files = [_file(row) for row in connection.execute(query)]
    return [source for source in held.values() if source.news], [(held[file.source], file) for file in files]


def note_told(connection: Connection) -> None:
    for table in (sources, source_files):
        connection.execute(update(table).where(table.c.news != "").values(news=""))


def _source(row: Row[Any]) -> Source:
    fields = dict(row._mapping)
    return Source(**fields | {"path": Path(row.path), "state": State(row.state), "kind": cast(Kind, row.kind)})


def _file(row: Row[Any]) -> SourceFile:
    fields = {name: value for name, value in row._mapping.items() if name != "id"}
    return SourceFile(**fields | {"state": State(row.state)})
