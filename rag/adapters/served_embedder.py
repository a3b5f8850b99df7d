"""Embeddings from an OpenAI-compatible server, by LangChain: OpenAI, DashScope, vLLM, Ollama, llama.cpp …"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from rag.ports import EmbedderError

if TYPE_CHECKING:
    from langchain_core.embeddings import Embeddings


_UNSAFE = re.compile("[\x00\ud800-\udfff]")
"""What JSON in UTF-8 cannot carry, or a server may refuse; one such text must not stop the rest."""


class ServedEmbedder:
    """Any LangChain `Embeddings` under a name, with unit vectors and the port's one error."""

    def __init__(self, name: str, embeddings: Embeddings) -> None:
        self.name = name
        self._embeddings = embeddings

    def embed_query(self, text: str) -> list[float]:
        return self._units([self._call([text], query=True)[0]])[0]

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return self._units(self._call(texts, query=False))

    def _call(self, texts: list[str], *, query: bool) -> list[list[float]]:
        texts = [_UNSAFE.sub(" ", text) for text in texts]
        try:
            return [self._embeddings.embed_query(texts[0])] if query else self._embeddings.embed_documents(texts)
        except Exception as fault:  # LangChain lets whatever its client raises through
            raise EmbedderError(f"the embedding server failed: {type(fault).__name__}") from fault

    @staticmethod
    def _units(vectors: list[list[float]]) -> list[list[float]]:
        if not vectors:
            return []
        matrix = np.asarray(vectors, dtype=np.float32)
        lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
        units: list[list[float]] = (matrix / np.where(lengths > 0, lengths, 1)).tolist()
        return units


def openai_compatible(model: str, base_url: str, api_key: str) -> ServedEmbedder:
    """The embedder of a server. Strings are sent, not token ids, which servers other than OpenAI's refuse."""
    from langchain_openai import OpenAIEmbeddings
    from pydantic import SecretStr

    embeddings = OpenAIEmbeddings(
        model=model,
        openai_api_base=base_url,
        openai_api_key=SecretStr(api_key or "none"),
        check_embedding_ctx_length=False,
        request_timeout=20,
        max_retries=1,
    )
    return ServedEmbedder(f"served-{model}", embeddings)
