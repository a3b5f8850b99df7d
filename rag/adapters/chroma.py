"""Segments of vectors as Chroma collections, embedded (one process owns the folder) or on a Chroma server.

A collection is written once under a fresh name: an embedded reader sees a new collection at once and never sees changes
inside one it has open. No embedding function is ever given, since Chroma's default one downloads a model.
"""

from __future__ import annotations

import re
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import numpy as np

from rag.ports import Vector, VectorStoreError

if TYPE_CHECKING:
    from chromadb.api import ClientAPI

PREFIX = "kc-"
_DATABASE = "chroma.sqlite3"
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_BATCH = 2_000


class ChromaStore:
    """A `VectorStore`. `connect` is called at the first use, so that nothing imports Chroma before it is needed."""

    def __init__(self, connect: Callable[[], ClientAPI]) -> None:
        self._connect = connect
        self._client: ClientAPI | None = None

    def write(self, segment: str, ids: Sequence[str], vectors: Vector) -> None:
        """Build under a working name, rename when whole: a crash leaves no half segment under the name itself."""
        self._mended(lambda: self._write(_name(segment), ids, vectors))

    def _write(self, name: str, ids: Sequence[str], vectors: Vector) -> None:
        self._call(self._drop, name)
        working = f"{name}-w"
        self._call(self._drop, working)
        collection = self._call(self._make, working)
        for start in range(0, len(ids), _BATCH):
            rows = np.asarray(vectors[start : start + _BATCH], dtype=np.float32)
            self._call(collection.add, ids=list(ids[start : start + _BATCH]), embeddings=rows)
        self._call(collection.modify, name=name)

    def search(self, segments: Sequence[str], vector: Vector, k: int) -> list[tuple[str, float]]:
        found: list[tuple[str, float]] = []
        for segment in segments:
            collection = self._call(self._get, _name(segment))
            result = self._call(
                collection.query, query_embeddings=[np.asarray(vector)], n_results=k, include=["distances"]
            )
            found += zip(result["ids"][0], (1 - distance for distance in result["distances"][0]), strict=True)
        return sorted(found, key=lambda pair: -pair[1])[:k]

    def segments(self) -> set[str]:
        names = [collection.name for collection in self._mended(lambda: self._call(self._list))]
        return {name.removeprefix(PREFIX) for name in names if name.startswith(PREFIX) and not name.endswith("-w")}

    def drop(self, segment: str) -> None:
        self._call(self._drop, _name(segment))

    def rest(self) -> None:
        """A connection costs nothing."""

    def close(self) -> None:
        """Let go of the folder or the connection. The next use opens it again."""
        client, self._client = self._client, None
        if client is not None:
            with suppress(Exception):  # what cannot be let go of is let go of with the process
                client.close()  # type: ignore[attr-defined]  # ClientAPI lacks what both clients have

    def _mended(self, work: Callable[[], Any]) -> Any:
        """The work; where it fails because the store is damaged, the work on an empty one."""
        try:
            return work()
        except VectorStoreError:
            self.close()
            if not self._emptied():
                raise
            return work()

    def _emptied(self) -> bool:
        """Whether a store that fails could be replaced by an empty one. A server's is not ours to empty."""
        return False

    def _make(self, name: str) -> Any:
        return self._open().create_collection(
            name, embedding_function=None, configuration={"hnsw": {"space": "cosine"}}
        )

    def _get(self, name: str) -> Any:
        return self._open().get_collection(name, embedding_function=None)

    def _list(self) -> Any:
        return self._open().list_collections()

    def _drop(self, name: str) -> None:
        if any(collection.name == name for collection in self._open().list_collections()):
            self._open().delete_collection(name)

    def _open(self) -> ClientAPI:
        if self._client is None:
            self._client = self._connect()
        return self._client

    @staticmethod
    def _call(work: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        """Chroma raises whatever lies underneath: its own errors, httpx, and Rust's panics, which are no Exception."""
        try:
            return work(*arguments, **named)
        except VectorStoreError:
            raise
        except BaseException as fault:
            if not isinstance(fault, Exception) and type(fault).__name__ != "PanicException":
                raise
            raise VectorStoreError(f"Chroma failed: {type(fault).__name__}") from fault


class EmbeddedChroma(ChromaStore):
    """Chroma inside this process, in a folder that this process alone owns. It is a cache: what is damaged is emptied.

    Chroma 1.5.9 leaves the folder of a dropped collection on the disk (168 KB each) and its index in memory (2.7 MB)
    until the client is closed; both would grow with every publish.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(self._made)
        self._folder = folder

    def close(self) -> None:
        was_open = self._client is not None
        super().close()
        if was_open:
            self._tidy()

    def rest(self) -> None:
        self.close()

    def _made(self) -> ClientAPI:
        import chromadb
        from chromadb.config import Settings

        if not self._sound():
            self._emptied()
        self._folder.mkdir(parents=True, exist_ok=True)
        return chromadb.PersistentClient(str(self._folder), settings=Settings(anonymized_telemetry=False))

    def _sound(self) -> bool:
        """Chroma would open a damaged database and fail later, or not notice."""
        found = self._asked("PRAGMA quick_check(1)")
        return not (self._folder / _DATABASE).exists() or found == {"ok"}

    def _emptied(self) -> bool:
        shutil.rmtree(self._folder, ignore_errors=True)
        return not self._folder.exists()

    def _tidy(self) -> None:
        """Remove the folders of collections that are gone. Where that cannot be told, nothing is removed."""
        used = self._asked("SELECT id FROM segments")
        if used is None:
            return
        for place in self._folder.iterdir():
            if place.is_dir() and _UUID.fullmatch(place.name) and place.name not in used:
                shutil.rmtree(place, ignore_errors=True)

    def _asked(self, query: str) -> set[str] | None:
        """The first column of what Chroma's own database answers; None where it cannot be read."""
        try:
            with closing(sqlite3.connect(f"file:{self._folder / _DATABASE}?mode=ro", uri=True)) as connection:
                return {str(row[0]) for row in connection.execute(query)}
        except sqlite3.Error:
            return None


def embedded(folder: Path) -> ChromaStore:
    """Chroma inside this process, in a folder that this process alone owns."""
    return EmbeddedChroma(folder)


def served(url: str) -> ChromaStore:
    """A Chroma server. It has no authentication of its own: keep it on loopback or behind a proxy."""

    def connect() -> ClientAPI:
        import chromadb
        from chromadb.config import Settings

        parts = urlsplit(url)
        secure = parts.scheme == "https"
        return chromadb.HttpClient(
            host=parts.hostname or "127.0.0.1",
            port=parts.port or (443 if secure else 8000),
            ssl=secure,
            settings=Settings(anonymized_telemetry=False),
        )

    return ChromaStore(connect)


def _name(segment: str) -> str:
    """Chroma takes 3–512 of [a-zA-Z0-9._-]."""
    return PREFIX + re.sub(r"[^a-zA-Z0-9._-]", "-", segment)
