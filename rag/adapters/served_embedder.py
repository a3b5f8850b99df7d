"""Embeddings from an OpenAI-compatible server, by LangChain: OpenAI, DashScope, vLLM, Ollama, llama.cpp …"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from rag.adapters.bounded_http import bounded_client, deadline
from rag.adapters.server_faults import fault_of
from rag.model_answers.breaker import Breaker
from rag.ports import EmbedderError

if TYPE_CHECKING:
    from langchain_core.embeddings import Embeddings


QUERY_SECONDS = 5.0
"""What a question waits for its vector; then it is searched for by words."""

DOCUMENT_SECONDS = 60.0
"""What a batch of passages may take, which nobody waits for."""

AT_ONCE = 8
"""Texts a request: DashScope takes ten at the most."""

RETRIES = 2
"""Of a batch, by the client, where a fault may pass (429, 5xx, a connection that broke)."""

MOST_BYTES = 4_000_000
"""Of an answer: eight vectors of 4,096 numbers in full digits are some 800,000."""

_UNSAFE = re.compile("[\x00\ud800-\udfff]")
"""What JSON in UTF-8 cannot carry, or a server may refuse; one such text must not stop the rest."""


class ServedEmbedder:
    """Any LangChain `Embeddings` under a name, with unit vectors and the port's one error.

    `queries` embeds questions where that is done otherwise (sooner given up). After five failures in a row questions
    are not sent for a minute: each would wait in vain.
    """

    def __init__(
        self,
        name: str,
        embeddings: Embeddings,
        queries: Embeddings | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self._embeddings = embeddings
        self._queries = queries or embeddings
        self._breaker = Breaker(now)

    def embed_query(self, text: str) -> list[float]:
        if not self._breaker.admits():
            raise EmbedderError("the embedding server is left alone for a while: it failed five times")
        try:
            (vector,) = _units(self._called(lambda: [self._queries.embed_query(_clean(text))], QUERY_SECONDS), 1)
        except EmbedderError:
            self._breaker.failed()
            raise
        self._breaker.succeeded()
        return vector

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        if not texts:
            return []
        clean = [_clean(text) for text in texts]
        return _units(self._called(lambda: self._embeddings.embed_documents(clean), DOCUMENT_SECONDS), len(texts))

    def _called(self, call: Callable[[], list[list[float]]], seconds: float) -> list[list[float]]:
        until = deadline.set(time.monotonic() + seconds)
        try:
            return call()
        except Exception as fault:  # LangChain lets whatever its client raises through
            raise EmbedderError(f"the embedding server failed: {fault_of(fault)} ({type(fault).__name__})") from None
        finally:
            deadline.reset(until)


def _clean(text: str) -> str:
    return _UNSAFE.sub(" ", text)


def _units(vectors: list[list[float]], count: int) -> list[list[float]]:
    """The vectors at unit length. EmbedderError where they are not one a text, of one width, of numbers."""
    try:
        matrix = np.asarray(vectors, dtype=np.float32)
    except (ValueError, TypeError) as fault:
        raise EmbedderError("the embedding server's vectors are not of one width") from fault
    if matrix.ndim != 2 or len(matrix) != count or not matrix.shape[1]:
        raise EmbedderError(f"the embedding server gave {len(matrix)} vectors for {count} texts")
    if not np.isfinite(matrix).all():
        raise EmbedderError("the embedding server's vectors are not numbers")
    lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
    units: list[list[float]] = (matrix / np.where(lengths > 0, lengths, 1)).tolist()
    return units


def openai_compatible(model: str, base_url: str, api_key: str) -> ServedEmbedder:
    """The embedder of a server. Strings are sent, not token ids, which servers other than OpenAI's refuse."""
    from langchain_openai import OpenAIEmbeddings
    from pydantic import SecretStr

    client = bounded_client(base_url, MOST_BYTES)

    def asking(retries: int) -> OpenAIEmbeddings:
        return OpenAIEmbeddings(
            model=model,
            openai_api_base=base_url,
            openai_api_key=SecretStr(api_key or "none"),
            check_embedding_ctx_length=False,
            chunk_size=AT_ONCE,
            max_retries=retries,
            http_client=client,
        )

    return ServedEmbedder(f"served-{model}", asking(RETRIES), asking(0))
