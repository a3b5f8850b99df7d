"""A reranker over HTTP in the shape that Jina, Cohere, SiliconFlow, vLLM and llama.cpp share.

{model, query, documents, top_n} → {results: [{index, relevance_score}]}, each document judged once.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from typing import Any

import httpx

from rag.adapters.bounded_http import bounded_client, deadline
from rag.adapters.server_faults import fault_of, fault_of_status
from rag.ports import RerankerError

LONGEST_TEXT = 1500
"""Characters of a text that are sent: small rerankers read some 500 tokens."""


class ServedReranker:
    """`base_url` ends in /v1 or the like, or in /rerank(s) itself, where a provider has it elsewhere."""

    def __init__(self, model: str, base_url: str, api_key: str) -> None:
        self.name = model
        base = base_url.rstrip("/")
        self._url = base if base.endswith(("/rerank", "/reranks")) else f"{base}/rerank"
        self._key = api_key
        self._client = bounded_client(base_url)

    def scores(self, question: str, texts: Sequence[str], seconds: float) -> list[float]:
        if not texts:
            return []
        documents = [text[:LONGEST_TEXT] for text in texts]
        body = {"model": self.name, "query": question, "documents": documents, "top_n": len(texts)}
        return _scores(self._posted(body, seconds), len(texts))

    def _posted(self, body: dict[str, Any], seconds: float) -> Any:
        until = deadline.set(time.monotonic() + seconds)
        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        try:
            answer = self._client.post(self._url, json=body, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, UnicodeError) as fault:
            raise RerankerError(fault_of(fault), type(fault).__name__) from None
        finally:
            deadline.reset(until)
        if not answer.is_success:
            raise RerankerError(fault_of_status(answer.status_code), f"HTTP {answer.status_code}")
        try:
            return answer.json()
        except (ValueError, RecursionError):
            raise RerankerError("broken", "not JSON") from None


def _scores(said: Any, count: int) -> list[float]:
    """One score a document. Anything missing, twice, out of range or no number makes the whole answer useless."""
    results = said.get("results") if isinstance(said, dict) else None
    if not isinstance(results, list) or len(results) != count:
        raise RerankerError("broken", "not one result a document")
    found = dict(_judged(each) for each in results)
    if found.keys() != set(range(count)):
        raise RerankerError("broken", "not each document once")
    return [found[place] for place in range(count)]


def _judged(result: Any) -> tuple[int, float]:
    place, score = (result.get("index"), result.get("relevance_score")) if isinstance(result, dict) else (None, None)
    if not isinstance(place, int) or isinstance(place, bool):
        raise RerankerError("broken", "a result without an index")
    if not isinstance(score, int | float) or isinstance(score, bool) or not math.isfinite(score):
        raise RerankerError("broken", "a result without a score")
    return place, float(score)
