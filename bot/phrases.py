"""Every sentence of the conversation, by key and language: bot/wording/<part>.<lang>.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from typing import Any, Literal

Lang = Literal["zh", "en"]


class Phrases:
    """`say("ask.status.clarify")`; braces in a sentence are filled by name. A missing key is a programming error."""

    def __init__(self, lang: Lang, part: str = "ask") -> None:
        self.lang = lang
        self._book = _read(part, lang)

    def say(self, key: str, **values: object) -> str:
        text = self._find(key)
        if not isinstance(text, str):
            raise KeyError(key)
        return text.format(**values)

    def has(self, key: str) -> bool:
        try:
            return isinstance(self._find(key), str)
        except KeyError:
            return False

    def lists(self, key: str) -> Mapping[str, list[str]]:
        """A table of lists, such as the example questions by category."""
        found = self._find(key)
        return {name: list(entries) for name, entries in found.items()}

    def _find(self, key: str) -> Any:
        found: Any = self._book
        for part in key.split("."):
            found = found[part]
        return found


@lru_cache(maxsize=8)
def _read(part: str, lang: Lang) -> dict[str, Any]:
    return tomllib.loads(resources.files("bot").joinpath(f"wording/{part}.{lang}.toml").read_text("utf-8"))
