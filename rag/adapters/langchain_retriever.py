"""Retrieval as LangChain knows it: a BaseRetriever over the published release, for chains of one's own.

Importing this costs LangChain's core (a second), so nothing of the product does.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import RunnableConfig
from pydantic import Field

from rag.adapters.chat_model import untraced
from rag.models import Citation, Found, Hit, Question

DEEPEST = 16
"""What one question is searched for at most: rag.pipeline.DEPTH."""


class PolicyRetriever(BaseRetriever):
    """A question → its clauses, best first; [] where none was found or the question is not to be answered.

    `page_content` is the clause verbatim; metadata (JSON-ready): passage, policy, title, doc_no, article, lead, path,
    kind, state (the legal clock's word for the day `state_on`), as_of, judged, release, confidence, text_kind ("digest"
    or "original"; None for a plain text), level, jurisdiction, url, successor, score. Only callbacks that are passed in
    hear of a question.
    """

    find: Callable[[Question], Found] = Field(exclude=True, repr=False)
    k: int = Field(default=6, ge=1, le=DEEPEST)
    district: str | None = None
    as_of: date | None = None

    def invoke(self, input: str, config: RunnableConfig | None = None, **kwargs: Any) -> list[Document]:  # noqa: A002  # LangChain's name
        with untraced():
            return super().invoke(input, config, **kwargs)

    async def ainvoke(self, input: str, config: RunnableConfig | None = None, **kwargs: Any) -> list[Document]:  # noqa: A002  # LangChain's name
        with untraced():
            return await super().ainvoke(input, config, **kwargs)

    def _get_relevant_documents(
        self,
        query: str,
        *,
        run_manager: CallbackManagerForRetrieverRun,  # noqa: ARG002  # LangChain's signature
    ) -> list[Document]:
        found = self.find(Question(query, district=self.district, as_of=self.as_of))
        return [_document(hit, card, found) for hit, card in found.clauses[: self.k]]


def _document(hit: Hit, card: Citation, found: Found) -> Document:
    passage = hit.passage
    return Document(
        id=passage.id,
        page_content=passage.text,
        metadata={
            "passage": passage.id,
            "policy": card.policy,
            "title": card.title,
            "doc_no": card.doc_no,
            "article": card.article,
            "lead": passage.lead,
            "path": list(passage.path),
            "kind": passage.kind,
            "state": card.policy_status.value if card.policy_status else None,
            "state_on": found.state_on.isoformat(),
            "as_of": found.as_of.isoformat(),
            "judged": card.judged.isoformat() if card.judged else None,
            "release": found.release,
            "confidence": card.confidence,
            "text_kind": found.text_kinds.get(card.policy),
            "level": card.level.value if card.level else None,
            "jurisdiction": card.jurisdiction,
            "url": card.url,
            "successor": card.successor,
            "score": round(hit.score, 6),
        },
    )
