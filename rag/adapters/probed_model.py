"""A served chat model that finds out once how its server is best asked, and remembers it on disk."""

from __future__ import annotations

import hashlib
import json
import os
import threading
import time
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from rag.adapters.chat_model import WAYS, ServedChatModel, Way, make_chat_model, supported
from rag.ports import ModelError, ModelReply, Prompt

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel


class ProbedChatModel:
    """`file` keeps what was found for this address and model. LangChain is imported at the first question."""

    def __init__(self, model: str, *, provider: str, base_url: str, api_key: str, file: Path) -> None:
        self.name = model
        self._make: Callable[[], BaseChatModel] = lambda: make_chat_model(
            model, provider=provider, base_url=base_url, api_key=api_key
        )
        self._key = hashlib.sha256(f"{provider}\n{base_url}\n{model}".encode()).hexdigest()[:16]
        self._file = file
        self._lock = threading.Lock()
        self._way: Way | None = None

    @cached_property
    def _model(self) -> BaseChatModel:
        try:
            return self._make()
        except (ImportError, ValueError) as fault:
            raise ModelError("unsupported", "this provider is not installed") from fault

    def ask(self, prompt: Prompt, seconds: float) -> ModelReply:
        until = time.monotonic() + seconds
        way = self.way(seconds)
        return self._served(way).ask(prompt, max(until - time.monotonic(), 0))

    def warm(self, seconds: float) -> None:
        self.way(seconds)

    def way(self, seconds: float) -> Way:
        """How its server is asked: remembered, else found out by asking it. Raises ModelError."""
        if self._way is None:
            if not self._lock.acquire(timeout=seconds):
                raise ModelError("timeout", "somebody else is finding out")
            try:
                self._way = self._way or self._remembered() or self.probe(seconds)
            finally:
                self._lock.release()
        return self._way

    def probe(self, seconds: float) -> Way:
        """Find out anew, whatever is remembered."""
        found = supported(self._served, seconds / len(WAYS))
        self._way = found
        self._remember(found)
        return found

    def _served(self, way: Way) -> ServedChatModel:
        return ServedChatModel(self.name, self._model, way)

    def _remembered(self) -> Way | None:
        try:
            kept = json.loads(self._file.read_text("utf-8"))
        except (OSError, ValueError):
            return None
        found = kept.get(self._key) if isinstance(kept, dict) else None
        return found if found in WAYS else None

    def _remember(self, way: Way) -> None:
        """Losing it costs another probe and no more, so a disk that refuses stops nothing."""
        aside = self._file.with_suffix(f".{os.getpid()}")
        try:
            aside.write_text(json.dumps({self._key: way}), "utf-8")
            aside.replace(self._file)
        except OSError:
            aside.unlink(missing_ok=True)
