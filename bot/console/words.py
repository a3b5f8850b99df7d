"""The console's sentences: every part file bot/wording/console*.<lang>.toml, as one book by dotted key."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bot.channels.web_chat.words import LANGS, WORDING, Lang, Words


class WordingError(Exception):
    """Two part files give the same key."""


def load_words(folder: Path = WORDING) -> dict[Lang, Words]:
    """Nested tables become dotted keys. Raises WordingError where two files have one key."""
    return {lang: Words(lang, _merged(sorted(folder.glob(f"console*.{lang}.toml")))) for lang in LANGS}


def _merged(files: list[Path]) -> dict[str, str]:
    book: dict[str, str] = {}
    for file in files:
        part = flat(tomllib.loads(file.read_text("utf-8")))
        if twice := sorted(book.keys() & part.keys()):
            raise WordingError(f"{file.name}: {', '.join(twice)} stand elsewhere already")
        book |= part
    return book


def flat(table: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """{"a": {"b": "c"}} as {"a.b": "c"}."""
    pairs: dict[str, str] = {}
    for key, value in table.items():
        pairs |= flat(value, f"{prefix}{key}.") if isinstance(value, Mapping) else {prefix + key: str(value)}
    return pairs
