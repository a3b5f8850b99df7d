"""The corpus that ships, opened once for all evaluations, with the embedder that ships."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from rag.adapters.local_embedder import LocalEmbedder
from rag.adapters.vector_file import read_vectors
from rag.corpus import read_corpus
from rag.evaluation.kept_vectors import KeptEmbedder
from rag.evaluation.shelves import Library, open_library
from rag.ports import EmbedderError

ROOT = Path(__file__).parents[2]
CORPUS = ROOT / "policies_corpus"


@pytest.fixture(scope="session")
def stack() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


@pytest.fixture(scope="session")
def embedder() -> Iterator[KeptEmbedder]:
    """The embedder that ships. What a run of these tests or of `make eval` embedded, the next does not embed again."""
    genuine = LocalEmbedder()
    try:
        genuine.check()
    except EmbedderError as fault:
        pytest.skip(str(fault))
    kept = KeptEmbedder(genuine, ROOT / "build" / "cache" / "vectors.sqlite")
    yield kept
    kept._db.close()


@pytest.fixture(scope="session")
def library(stack: ExitStack, embedder: KeptEmbedder) -> Library:
    """The policies with the vectors that ship."""
    shipped = read_vectors(CORPUS / "_vectors" / f"{embedder.name}.npz")
    opened = open_library(read_corpus(CORPUS).documents, embedder, stack, shipped=shipped)
    assert opened.shelf.opened.ordinal.keys() <= shipped.keys(), "run: python -m bot corpus ship-vectors"
    return opened
