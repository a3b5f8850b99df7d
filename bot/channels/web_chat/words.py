"""The sentences of the web pages, by key, in Chinese and English."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

Lang = Literal["zh", "en"]
LANGS: tuple[Lang, ...] = ("zh", "en")
SLOT = re.compile(r"\{([a-z_]+)\}")
WORDING = Path(__file__).resolve().parents[2] / "wording"


class Words:
    """Looks up `key` and fills in its {values}. A key that is missing raises KeyError: the tests look for that."""

    def __init__(self, lang: Lang, sentences: Mapping[str, str]) -> None:
        self.lang: Lang = lang
        self._sentences = dict(sentences)

    def __call__(self, key: str, /, **values: object) -> str:
        sentence = self._sentences[key]
        if not values:
            return sentence
        return SLOT.sub(lambda slot: str(values.get(slot[1], slot[0])), sentence)

    def has(self, key: str) -> bool:
        return key in self._sentences

    def keys(self) -> frozenset[str]:
        return frozenset(self._sentences)

    def under(self, prefix: str) -> dict[str, str]:
        """Every sentence whose key starts with `prefix.`, by the rest of its key."""
        start = prefix + "."
        return {key.removeprefix(start): text for key, text in self._sentences.items() if key.startswith(start)}


def load_words(folder: Path = WORDING) -> dict[Lang, Words]:
    """Read web.<lang>.toml; nested tables become dotted keys under [web]."""
    return {lang: Words(lang, _flat(tomllib.loads(_read(folder, lang))["web"])) for lang in LANGS}


def choose(asked: str | None, kept: str | None) -> Lang:
    """Chinese unless English was asked for in the address, or earlier and kept in a cookie."""
    for wish in (asked, kept):
        if wish in LANGS:
            return wish
    return "zh"


def _read(folder: Path, lang: str) -> str:
    return (folder / f"web.{lang}.toml").read_text(encoding="utf-8")


def _flat(table: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for key, value in table.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{prefix}{key}.")
        else:
            flat[prefix + key] = str(value)
    return flat
