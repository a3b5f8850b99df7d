"""An embedder that remembers: measuring twice must not embed twice. The file is a cache and may be deleted."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from hashlib import sha256
from pathlib import Path

import numpy as np

from rag.ports import Embedder, Vector

_ONE_STATEMENT = 500
_FLUSH = 64


class KeptEmbedder:
    """Wraps an embedder; vectors are kept by embedder, side (query or passage) and text. Implements `Embedder`.

    Raises what the embedder underneath raises, and sqlite3.Error where the file cannot be used.
    """

    def __init__(self, embedder: Embedder, file: Path) -> None:
        self.name = embedder.name
        self.computed = 0
        self._embedder = embedder
        file.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(file)
        self._db.execute("CREATE TABLE IF NOT EXISTS vectors (key TEXT PRIMARY KEY, vector BLOB NOT NULL)")

    def embed_query(self, text: str) -> list[float]:
        key = self._key("query", text)
        known = self._known([key])
        if key not in known:
            known[key] = np.asarray(self._embedder.embed_query(text), dtype=np.float32)
            self._keep(known)
        return known[key].tolist()  # type: ignore[no-any-return]  # numpy leaves tolist untyped

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        keys = [self._key("passage", text) for text in texts]
        known = self._known(keys)
        lacking = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
        for some in _batches(list(lacking), _FLUSH):
            vectors = self._embedder.embed_documents([lacking[key] for key in some])
            fresh = {key: np.asarray(vector, dtype=np.float32) for key, vector in zip(some, vectors, strict=True)}
            self._keep(fresh)
            known |= fresh
        return [known[key].tolist() for key in keys]

    def _key(self, side: str, text: str) -> str:
        return sha256(f"{self.name}\0{side}\0{text}".encode("utf-8", "surrogatepass")).hexdigest()

    def _known(self, keys: Sequence[str]) -> dict[str, Vector]:
        found: dict[str, Vector] = {}
        for some in _batches(keys, _ONE_STATEMENT):
            marks = ",".join("?" * len(some))
            rows = self._db.execute(f"SELECT key, vector FROM vectors WHERE key IN ({marks})", some)  # noqa: S608  # only ?
            found.update((key, np.frombuffer(blob, dtype=np.float32)) for key, blob in rows)
        return found

    def _keep(self, vectors: dict[str, Vector]) -> None:
        with self._db:
            rows = [(key, vector.tobytes()) for key, vector in vectors.items()]
            self._db.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?)", rows)
        self.computed += len(vectors)


def _batches(keys: Sequence[str], size: int) -> Iterable[list[str]]:
    return (list(keys[start : start + size]) for start in range(0, len(keys), size))
