"""A deterministic embedder without a model: signed hashing of 汉字 uni- and bigrams into 2,048 dimensions.

For tests, and for machines where no model runs but a vector store must have something to hold. About 1 ms a passage.
"""

from __future__ import annotations

import numpy as np

from rag.lexical import terms_of

DIMENSIONS = 2_048


class HashedEmbedder:
    """1 + log tf of each term, at a place and with a sign that its hash gives."""

    name = f"hashed-{DIMENSIONS}"

    def embed_query(self, text: str) -> list[float]:
        return self._embed(text)

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [self._embed(text) for text in texts]

    def _embed(self, text: str) -> list[float]:
        terms, counts = np.unique(terms_of(text), return_counts=True)
        mixed = terms * np.uint64(0x9E3779B97F4A7C15)
        signs = np.where(mixed >> np.uint64(63), 1.0, -1.0)
        vector = np.zeros(DIMENSIONS, dtype=np.float32)
        np.add.at(vector, (mixed >> np.uint64(40)) % np.uint64(DIMENSIONS), signs * (1 + np.log(counts)))
        length = float(np.linalg.norm(vector))
        return (vector / length if length else vector).tolist()
