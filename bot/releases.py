"""Where releases stand: the SQL adapters of the ports ReleaseStore and VectorCache (rag/ports.py).

A reader sees the old release or the new one, never a mixture: what a publish writes and the pointer to it are one
transaction, and versions and passages are only ever added.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sqlalchemy import Connection, Engine, Row, delete, func, insert, select, text, update
from sqlalchemy.exc import SQLAlchemyError

from bot import corpus_tables as tables
from db.engine import reading, writing
from db.rows import add_missing, chunks, fetch, remove, stored
from rag.models import DocumentVersion, Passage, Release
from rag.ports import ReleaseStoreError, Vector, VectorStoreError

_LIVE = text(
    "SELECT r.id, r.number, r.segments FROM corpus_live l JOIN corpus_releases r ON r.id = l.release WHERE l.id = 1"
)


def nowhere(_stage: str) -> None:
    """The checkpoint of those who test no crashes."""


@dataclass(frozen=True, slots=True)
class Swept:
    """How many rows a sweep removed."""

    releases: int
    versions: int
    passages: int


class SqlReleaseStore:
    """`checkpoint` is called with each stage's name as a publish passes it: the crash tests kill the process there."""

    def __init__(self, engine: Engine, checkpoint: Callable[[str], None] = nowhere) -> None:
        self._engine = engine
        self._checkpoint = checkpoint
        self._seen: tuple[Any, Release] | None = None

    def live(self) -> Release | None:
        """One small query; the manifest is read and parsed only when the pointer has moved."""
        with _faults(ReleaseStoreError), reading(self._engine) as connection:
            pointed = connection.execute(_LIVE).one_or_none()
            if pointed is None:
                return None
            seen = self._seen
            if seen is None or seen[0] != pointed:
                seen = self._seen = (pointed, _release(connection, pointed.id))
            return seen[1]

    def releases(self, limit: int = 20) -> list[Release]:
        with _faults(ReleaseStoreError), reading(self._engine) as connection:
            return _newest(connection, limit)

    def known(self, passages: Sequence[str]) -> set[str]:
        with _faults(ReleaseStoreError), reading(self._engine) as connection:
            return stored(connection, tables.passages.c.id, passages)

    def versions(self, versions: Iterable[str]) -> list[DocumentVersion]:
        """These versions, in this order. Raises ReleaseStoreError where one of them is not stored."""
        wanted, table = list(versions), tables.documents
        with _faults(ReleaseStoreError), reading(self._engine) as connection:
            rows = {row.version: row for row in fetch(connection, select(table), table.c.version, wanted)}
        if missing := [key for key in wanted if key not in rows]:
            raise ReleaseStoreError(f"{len(missing)} document versions are not stored, {missing[0]} among them")
        return [tables.version_of(rows[key]) for key in wanted]

    def passages(self, ids: Sequence[str]) -> dict[str, Passage]:
        """Those of them that are stored."""
        with _faults(ReleaseStoreError), reading(self._engine) as connection:
            rows = fetch(connection, select(tables.passages), tables.passages.c.id, ids)
        return {row[0]: tables.passage_of(row) for row in rows}

    def publish(self, release: Release, versions: Sequence[DocumentVersion], passages: Sequence[Passage]) -> None:
        """See the port. A release that is not live becomes the newest: its number is raised where others are above.
        Where a version or passage it needs is missing, nothing is stored and ReleaseStoreError is raised.
        """
        with _faults(ReleaseStoreError), writing(self._engine) as connection:
            self._checkpoint("begun")
            add_missing(connection, tables.passages, [tables.passage_row(passage) for passage in passages])
            self._checkpoint("passages")
            add_missing(connection, tables.documents, [tables.version_row(version) for version in versions])
            self._checkpoint("documents")
            _require_whole(connection, release, versions, self._seen[1] if self._seen else None)
            _put(connection, release)
            self._checkpoint("pointed")
        self._checkpoint("committed")

    def resegment(self, release: str, segments: Sequence[str]) -> None:
        """Have the live release be held by these segments; nothing where another one is live by now."""
        with _faults(ReleaseStoreError), writing(self._engine) as connection:
            if _live_id(connection) == release:
                held = update(tables.releases).where(tables.releases.c.id == release)
                connection.execute(held.values(segments=tables.segments_text(tuple(segments))))

    def sweep(self, keep: int) -> Swept:
        """Forget all releases but the `keep` newest and the live one, and the rows that only they used."""
        table = tables.releases
        with _faults(ReleaseStoreError), writing(self._engine) as connection:
            newest = connection.execute(select(table.c.id).order_by(table.c.number.desc())).scalars().all()
            kept = {*newest[:keep], *([live] if (live := _live_id(connection)) else [])}
            gone = [key for key in newest if key not in kept]
            if not gone:
                return Swept(0, 0, 0)
            versions = _only_in(connection, gone, kept)
            remove(connection, table.c.id, set(gone))
            passages = _shown_by(connection, versions)
            remove(connection, tables.documents.c.version, versions)
            remove(connection, tables.passages.c.id, passages)
            remove(connection, tables.vectors.c.passage, passages)
        return Swept(len(gone), len(versions), len(passages))


class SqlVectorCache:
    """Vectors kept as float16: half the room, and a cosine moves by less than 0.001."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def get(self, embedder: str, passages: Sequence[str]) -> dict[str, Vector]:
        """Those that are cached, as float32. Raises VectorStoreError."""
        table = tables.vectors
        query = select(table.c.passage, table.c.vector).where(table.c.embedder == embedder)
        with _faults(VectorStoreError), reading(self._engine) as connection:
            rows = fetch(connection, query, table.c.passage, passages)
        return {row.passage: np.frombuffer(row.vector, dtype="<f2").astype(np.float32) for row in rows}

    def known(self, embedder: str, passages: Sequence[str]) -> set[str]:
        """Which of these have a vector here. Raises VectorStoreError."""
        table = tables.vectors
        query = select(table.c.passage).where(table.c.embedder == embedder)
        with _faults(VectorStoreError), reading(self._engine) as connection:
            return {row.passage for row in fetch(connection, query, table.c.passage, passages)}

    def put(self, embedder: str, vectors: Mapping[str, Vector]) -> None:
        """Keep these; one that is there already stays. Raises VectorStoreError."""
        rows = [
            {"embedder": embedder, "passage": passage, "vector": np.asarray(vector).astype("<f2").tobytes()}
            for passage, vector in vectors.items()
        ]
        with _faults(VectorStoreError), writing(self._engine) as connection:
            add_missing(connection, tables.vectors, rows)

    def forget(self, embedder: str, passages: Sequence[str]) -> None:
        """Drop these vectors of this embedder. Raises VectorStoreError."""
        table = tables.vectors
        with _faults(VectorStoreError), writing(self._engine) as connection:
            for some in chunks(passages):
                connection.execute(delete(table).where(table.c.embedder == embedder, table.c.passage.in_(some)))

    def width(self, embedder: str) -> int | None:
        """How many numbers a vector of this embedder has here; None where there is none. Raises VectorStoreError."""
        query = select(tables.vectors.c.vector).where(tables.vectors.c.embedder == embedder).limit(1)
        with _faults(VectorStoreError), reading(self._engine) as connection:
            found = connection.scalar(query)
        return None if found is None else len(found) // 2


@contextmanager
def _faults(kind: type[Exception]) -> Iterator[None]:
    """The database's faults as the port's one error, without the statement's values, which hold texts."""
    try:
        yield
    except SQLAlchemyError as fault:
        raise kind(f"{type(fault).__name__}: {getattr(fault, 'orig', None) or ''}".rstrip(": ")) from fault


def _newest(connection: Connection, limit: int) -> list[Release]:
    query = select(tables.releases).order_by(tables.releases.c.number.desc()).limit(limit)
    return [tables.release_of(row) for row in connection.execute(query)]


def _release(connection: Connection, key: str) -> Release:
    return tables.release_of(connection.execute(select(tables.releases).where(tables.releases.c.id == key)).one())


def _live_id(connection: Connection) -> str | None:
    return connection.scalar(select(tables.live.c.release))


def _only_in(connection: Connection, gone: Sequence[str], kept: Set[str]) -> set[str]:
    """The versions that these releases show and none of those that are kept.

    A version is looked for in the manifests as they are written: to parse twenty of them would cost the corpus' size.
    """
    query = select(tables.releases.c.id, tables.releases.c.manifest)
    written: dict[str, str] = {row.id: row.manifest for row in connection.execute(query)}
    held = [written[key] for key in kept if key in written]
    found = {version for key in gone for version in json.loads(written[key]).values()}
    for manifest in held[:1]:
        found -= set(json.loads(manifest).values())
    return {version for version in found if not any(f'"{version}"' in manifest for manifest in held)}


def _shown_by(connection: Connection, versions: Set[str]) -> set[str]:
    """The passages of these versions that no other stored version of the same documents shows."""
    table = tables.documents
    query = select(table.c.version, table.c.document, table.c.spans)
    ours = fetch(connection, query, table.c.version, sorted(versions))
    theirs = fetch(connection, query, table.c.document, sorted({row.document for row in ours}))
    others = [row for row in theirs if row.version not in versions]
    return _spanned(ours) - _spanned(others)


def _spanned(rows: Sequence[Row[Any]]) -> set[str]:
    return {passage for row in rows for passage, _, _ in json.loads(row.spans)}


def _require_whole(
    connection: Connection, release: Release, versions: Sequence[DocumentVersion], seen: Release | None
) -> None:
    """A release may only name what is stored. What the live one names is, and is not looked up again."""
    live = _live_id(connection)
    known = seen if seen is not None and seen.id == live else _release(connection, live) if live else None
    before = set(known.documents.values()) if known else set()
    named = set(release.documents.values()) - before
    passages = {span.passage for version in versions for span in version.spans}
    lost = named - stored(connection, tables.documents.c.version, sorted(named))
    lost |= passages - stored(connection, tables.passages.c.id, sorted(passages))
    if lost:
        raise ReleaseStoreError(f"the release needs {len(lost)} versions or passages that are not stored")


def _put(connection: Connection, release: Release) -> None:
    """Write the release's row and point at it."""
    live = _live_id(connection)
    table, same = tables.releases, tables.releases.c.id == release.id
    segments = tables.segments_text(release.segments)
    if live == release.id:
        connection.execute(update(table).where(same).values(segments=segments))
        return
    newest = connection.scalar(select(func.max(table.c.number))) or 0
    number = max(release.number, newest + 1)
    if connection.execute(update(table).where(same).values(number=number, segments=segments)).rowcount == 0:
        connection.execute(insert(table).values(tables.release_row(replace(release, number=number))))
    pointer = insert(tables.live).values(id=1, release=release.id)
    connection.execute(update(tables.live).values(release=release.id) if live else pointer)
