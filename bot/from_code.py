"""Start here to use the assistant from Python: its retriever and its answers as LangChain's parts, over DATA_DIR."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from bot.bootstrap import House, build
from bot.channels.web_chat.schema import ChatReply
from bot.settings import Settings, load_settings
from intake.reading.sensitive import without_numbers
from rag.models import Found, Question

if TYPE_CHECKING:
    from rag.adapters.langchain_assistant import PolicyAssistant
    from rag.adapters.langchain_retriever import PolicyRetriever


@dataclass(frozen=True)
class FromCode:
    """The published release for programs. Nothing is written: no session, no history, no need."""

    house: House

    @property
    def assistant(self) -> PolicyAssistant:
        """A Runnable: a question, or a talk → AIMessage, as every door answers."""
        from rag.adapters.langchain_assistant import PolicyAssistant

        return PolicyAssistant(self._answer)

    def retriever(self, k: int = 6, district: str | None = None, as_of: date | None = None) -> PolicyRetriever:
        """A BaseRetriever: a question → its clauses with their cards, at most `k` (16)."""
        from rag.adapters.langchain_retriever import PolicyRetriever

        return PolicyRetriever(find=self._find, k=k, district=district, as_of=as_of)

    def _find(self, question: Question) -> Found:
        return self.house.pipeline.find(replace(question, text=without_numbers(question.text)))

    def _answer(self, question: Question) -> tuple[str, Mapping[str, Any]]:
        reply = self.house.ask.ask(
            question.text, history=question.history, district=question.district, as_of=question.as_of
        )
        facts = ChatReply.of(reply).model_dump(mode="json", exclude={"text", "form", "files", "id"})
        return reply.text, facts


@contextmanager
def open_policies(settings: Settings | None = None) -> Iterator[FromCode]:
    """The policies that are published in DATA_DIR (`make run` or `corpus index` put them there); closed at the end.

    Without `settings` they are read from the environment and `.env`, as everywhere. May run beside a server.
    """
    house = build(settings or load_settings())
    try:
        yield FromCode(house)
    finally:
        house.engine.dispose()
