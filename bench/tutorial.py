"""Misses beside those of the pipeline that LangChain's tutorial builds, with the same embedder on both sides."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.embedders import embedders
from rag.evaluation.public_sets import Asked, PublicSet, finder, read_ncp
from rag.evaluation.rows import Bar, Row, ratio, unmeasured
from rag.evaluation.shelves import open_library
from rag.pipeline import Limits
from rag.ports import Embedder

TODAY = date(2026, 11, 22)
BARS = {"default": Bar(at_most=0.4), "weak": Bar(at_most=0.15)}
SIZE, OVERLAP = 1_000, 200
FIRST = 5
"""The tutorial asks for four passages; both sides are compared at five."""


def tutorial(root: Path, data: Path | None) -> Iterable[Row]:
    """The share of ncp's questions without a gold document among the first five passages, ours ÷ the tutorial's."""
    folder = data / "ncp" if data else None
    for side, embedder in embedders(root).items():
        name = f"ncp misses at hit@5 ÷ LangChain tutorial's ({side} embedder)"
        if folder is None or not folder.is_dir() or embedder is None:
            yield unmeasured(name, BARS[side], "the set or the embedder is not here")
            continue
        found = read_ncp(folder)
        peer = _peer_misses(found, embedder)
        if peer is None:
            yield unmeasured(name, BARS[side], "langchain-chroma is not installed: make bench installs it")
        else:
            yield ratio(name, _our_misses(found, embedder), peer, BARS[side], f"{len(found.questions)} questions")


def _our_misses(found: PublicSet, embedder: Embedder) -> float:
    with ExitStack() as stack:
        shelf = open_library(found.documents, embedder, stack).shelf
    find = finder(shelf, embedder, Limits().dense_weight, TODAY)
    return _misses(found, lambda asked: {hit.passage.document for hit in find(asked.text, FIRST)})


def _peer_misses(found: PublicSet, embedder: Embedder) -> float | None:
    """Split by characters, embed, `similarity_search`. None where LangChain's parts are not installed."""
    try:
        from langchain_chroma import Chroma
        from langchain_core.documents import Document
        from langchain_text_splitters import RecursiveCharacterTextSplitter
    except ImportError:
        return None
    splitter = RecursiveCharacterTextSplitter(chunk_size=SIZE, chunk_overlap=OVERLAP)
    pieces = splitter.split_documents([Document(d.text, metadata={"id": d.id}) for d in found.documents])
    with TemporaryDirectory(prefix="bench-") as folder:
        store = Chroma("tutorial", _as_langchain(embedder), folder)
        for start in range(0, len(pieces), 500):
            store.add_documents(pieces[start : start + 500])
        return _misses(found, lambda asked: {d.metadata["id"] for d in store.similarity_search(asked.text, k=FIRST)})


def _misses(found: PublicSet, documents: Callable[[Asked], set[str]]) -> float:
    return sum(not asked.gold & documents(asked) for asked in found.questions) / len(found.questions)


def _as_langchain(embedder: Embedder) -> Any:
    """The embedder as an instance of LangChain's class, which is imported only where it is used."""
    from langchain_core.embeddings import Embeddings

    class Wrapped(Embeddings):
        def embed_query(self, text: str) -> list[float]:
            return embedder.embed_query(text)

        def embed_documents(self, texts: list[str]) -> list[list[float]]:
            return embedder.embed_documents(texts)

    return Wrapped()
