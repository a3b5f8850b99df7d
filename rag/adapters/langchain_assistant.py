"""The assistant as LangChain knows it: a Runnable from a question (or a talk) to an AIMessage that proves what it says.

Importing this costs LangChain's core (a second), so nothing of the product does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, TypeAlias

from langchain_core.messages import AIMessage, BaseMessage, convert_to_messages
from langchain_core.prompt_values import PromptValue
from langchain_core.runnables import Runnable, RunnableConfig

from rag.adapters.chat_model import untraced
from rag.models import Question, Turn

AssistantInput: TypeAlias = "str | PromptValue | Sequence[Any] | Mapping[str, Any]"
"""A question; a talk (messages, (role, text) pairs …) whose last word of the user is the question; or
{"question" or "messages": …, "district": …, "as_of": …}."""

MOST_TURNS = 12
ROLES = {"human": "user", "ai": "assistant"}


class PolicyAssistant(Runnable[AssistantInput, AIMessage]):
    """Answers with verified claims. `content` is the whole answer in words; `response_metadata` what it stands on.

    `answer` gives both for a question: the words, and JSON-ready facts (status, claims with quotes, citations, release,
    as_of, generated …). What a system message says is nobody's question and is left out. Raises ValueError where
    nobody asks. Only callbacks that are passed in hear of it.
    """

    def __init__(self, answer: Callable[[Question], tuple[str, Mapping[str, Any]]]) -> None:
        self._answer = answer

    def invoke(self, input: AssistantInput, config: RunnableConfig | None = None, **_: Any) -> AIMessage:  # noqa: A002  # LangChain's name
        with untraced():
            return self._call_with_config(self._answered, input, config)

    async def ainvoke(self, input: AssistantInput, config: RunnableConfig | None = None, **_: Any) -> AIMessage:  # noqa: A002  # LangChain's name
        async def answered(asked: AssistantInput) -> AIMessage:
            return await asyncio.to_thread(self._answered, asked)

        with untraced():
            return await self._acall_with_config(answered, input, config)

    def _answered(self, asked: AssistantInput) -> AIMessage:
        words, facts = self._answer(question_of(asked))
        return AIMessage(content=words, response_metadata=dict(facts))


def question_of(asked: AssistantInput) -> Question:
    """What is asked, with the talk before it. Raises ValueError where nobody asks."""
    if isinstance(asked, str):
        return Question(asked)
    if isinstance(asked, Mapping):
        day = asked.get("as_of")
        said = question_of(asked["question"] if "question" in asked else asked.get("messages", []))
        return Question(
            said.text, said.history, asked.get("district"), date.fromisoformat(day) if isinstance(day, str) else day
        )
    messages = asked.to_messages() if isinstance(asked, PromptValue) else convert_to_messages(list(asked))
    turns = [Turn(ROLES[each.type], _text(each)) for each in messages if each.type in ROLES]  # type: ignore[arg-type]  # one of the two roles
    while turns and turns[-1].role != "user":
        turns.pop()
    if not turns:
        raise ValueError("there is no question: no message of the user")
    return Question(turns[-1].text, tuple(turns[:-1][-MOST_TURNS:]))


def _text(message: BaseMessage) -> str:
    return str(message.text)
