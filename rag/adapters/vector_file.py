"""Vectors that travel with a corpus: one npz an embedder, half precision, by passage id."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from rag.ports import Vector, VectorStoreError


def read_vectors(path: Path) -> dict[str, Vector]:
    """Passage id → vector. The file's stem is the embedder's name."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            vectors = arrays["vectors"].astype(np.float32)
            ids = [bytes(key).decode() for key in arrays["ids"]]
    except (OSError, KeyError, ValueError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error) as fault:
        raise VectorStoreError(f"{path.name} could not be read: {fault}") from fault
    return dict(zip(ids, vectors, strict=True))


def write_vectors(path: Path, vectors: Mapping[str, Vector]) -> None:
    """Sorted by id, so that the same vectors are the same file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    ids = sorted(vectors)
    matrix = np.stack([vectors[key] for key in ids]).astype(np.float16)
    np.savez_compressed(path, allow_pickle=False, ids=np.array([key.encode() for key in ids]), vectors=matrix)
