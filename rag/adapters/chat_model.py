"""A chat model by LangChain: any OpenAI-compatible server, or another provider whose LangChain package is installed.

LangChain is imported when a model is made, and that is only where one is configured. Its tracing is off whatever the
environment says: what is asked goes to the configured address and nowhere else.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from rag.adapters.bounded_http import LONGEST_WAIT, bounded_client, deadline
from rag.adapters.server_faults import fault_of
from rag.ports import ModelError, ModelReply, Prompt

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import BaseMessage

Way = Literal["json_schema", "function_calling", "json_mode", "plain"]
"""How a shape is asked for, the strongest first: the server constrains its output to the schema; it fills in the
arguments of a tool; it promises some JSON; it is only told in words."""

WAYS: tuple[Way, ...] = ("json_schema", "function_calling", "json_mode", "plain")
MOST_TOKENS = 1500
LONGEST = 20_000
"""Characters of a reply; more is not read."""

_FENCED = re.compile(r"```(?:json)?\s*(\{.*\})\s*```", re.S)
_THOUGHT = re.compile(r"<think>.*?</think>", re.S)
_JSON_ONLY = "\n只输出一个 JSON 对象，不要输出别的。它必须符合这个 JSON Schema：\n"


class ServedChatModel:
    """One way of asking one model. `way` is what `probing` found the server to support."""

    def __init__(self, name: str, model: BaseChatModel, way: Way) -> None:
        self.name = name
        self.way = way
        self._model = model

    def ask(self, prompt: Prompt, seconds: float) -> ModelReply:
        until = deadline.set(time.monotonic() + seconds)
        try:
            with untraced(), _in_our_words():
                said, parsed = self._asked(prompt)
        finally:
            deadline.reset(until)
        content = parsed if isinstance(parsed, dict) else _object(said)
        spent: Mapping[str, Any] = getattr(said, "usage_metadata", None) or {}
        estimated = len(prompt.system) + len(prompt.given), len(_text(said))
        return ModelReply(
            content, int(spent.get("input_tokens") or estimated[0]), int(spent.get("output_tokens") or estimated[1])
        )

    def _asked(self, prompt: Prompt) -> tuple[BaseMessage, object]:
        from langchain_core.messages import HumanMessage, SystemMessage

        in_words = self.way in {"json_mode", "plain"}
        told = prompt.system + (_JSON_ONLY + json.dumps(prompt.shape, ensure_ascii=False) if in_words else "")
        # Messages, not a template: braces in a question or a document would be variables there.
        messages = [SystemMessage(told), HumanMessage(prompt.given)]
        if self.way == "plain":
            return self._model.invoke(messages), None
        shape = {**prompt.shape, "title": prompt.name}
        strictly = {"strict": True} if self.way == "json_schema" else {}
        asking = self._model.with_structured_output(shape, method=self.way, include_raw=True, **strictly)
        answer: Any = asking.invoke(messages)
        return answer["raw"], answer["parsed"]


def _object(said: BaseMessage) -> Mapping[str, Any]:
    """The JSON object in a reply that nothing parsed for us."""
    if said.additional_kwargs.get("refusal"):
        raise ModelError("refused")
    text = _THOUGHT.sub("", _text(said)).strip()
    if not text:
        raise ModelError("empty")
    if len(text) > LONGEST:
        raise ModelError("too_long")
    fenced = _FENCED.search(text)
    try:
        found = json.loads(fenced.group(1) if fenced else text)
    except (ValueError, RecursionError) as fault:
        raise ModelError("broken", "not JSON") from fault
    if not isinstance(found, dict):
        raise ModelError("broken", "not an object")
    return found


def _text(said: BaseMessage) -> str:
    content = said.content
    return content if isinstance(content, str) else "".join(p if isinstance(p, str) else "" for p in content)


@contextmanager
def untraced() -> Iterator[None]:
    """LangSmith sees nothing of what happens inside, though LANGSMITH_TRACING be set."""
    from langsmith import tracing_context

    with tracing_context(enabled=False):
        yield


@contextmanager
def _in_our_words() -> Iterator[None]:
    """A provider's fault as the port's one error. Its text is left behind: it may carry the prompt."""
    try:
        yield
    except ModelError:
        raise
    except Exception as fault:  # LangChain lets whatever its client raises through
        raise ModelError(fault_of(fault), type(fault).__name__) from None


def make_chat_model(model: str, *, provider: str, base_url: str, api_key: str) -> BaseChatModel:
    """The LangChain model, which asks nothing yet. Raises ImportError or ValueError for a provider not installed."""
    from langchain.chat_models import init_chat_model

    options: dict[str, Any] = {"temperature": 0, "max_retries": 0}
    if base_url:
        options["base_url"] = base_url
    if api_key or provider == "openai":
        options["api_key"] = api_key or "none"  # local servers ask for none, the client for something
    if provider == "openai":
        # Set outright: OPENAI_* of the environment belong to other programs, and other servers know one API only.
        options |= {"use_responses_api": False, "http_client": bounded_client(base_url)}
        # OpenAI itself renamed the limit, and LangChain sends the new name to everybody; others know the old one.
        options |= {"max_tokens": MOST_TOKENS} if _is_openai(base_url) else {"extra_body": {"max_tokens": MOST_TOKENS}}
    else:
        options["max_tokens"] = MOST_TOKENS
        options["timeout"] = LONGEST_WAIT  # whose HTTP client is its own: it takes no time-out with a call
    made: BaseChatModel = init_chat_model(model, model_provider=provider, **options)
    return made


def _is_openai(base_url: str) -> bool:
    return (urlsplit(base_url).hostname or "").endswith("api.openai.com")


PROBE = Prompt(
    name="colour",
    system="请按要求的格式回答。",
    given="说一种颜色。",
    shape={
        "type": "object",
        "description": "一种颜色",
        "properties": {"colour": {"type": "string", "enum": ["靛青", "赭石"], "description": "颜色的名字"}},
        "required": ["colour"],
        "additionalProperties": False,
    },
)
"""Nobody says 靛青 or 赭石 to 「说一种颜色」 unless the schema reached the model."""


def supported(make: Callable[[Way], ServedChatModel], seconds: float) -> Way:
    """The strongest way that the server really supports: tried, not believed.

    Raises ModelError where the server answers to none, and where it cannot be reached (then nothing was learnt).
    """
    last = ModelError("unsupported")
    for way in WAYS:
        try:
            reply = make(way).ask(PROBE, seconds)
        except ModelError as fault:
            if fault.fault in {"unreachable", "timeout", "denied", "limited", "cut"}:
                raise
            last = fault
            continue
        if way == "plain" or reply.content.get("colour") in PROBE.shape["properties"]["colour"]["enum"]:
            return way
    if last.fault in {"broken", "empty", "refused", "too_long"}:
        return "plain"  # it talks, though not to the point: the answers themselves will show what it is worth
    raise last
