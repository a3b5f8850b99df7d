"""Sentences of intake on the pages: a Saying becomes words, states and actions get their names."""

from __future__ import annotations

from collections.abc import Mapping

from bot.channels.web_chat.words import Lang, Words
from bot.phrases import Phrases
from intake.models import Saying

WEB = "web.needs.error."
"""A Saying under this key is one of the page's own; any other is intake's."""
PARTS = ("intake", "needs", "notices")
"""Where intake's sentences may stand, in this order."""


class NeedsWords:
    """`say(Saying)` in one language. A key that nobody has a sentence for is shown as the general refusal."""

    def __init__(self, words: Words) -> None:
        self._words = words
        self._parts = [Phrases(words.lang, part) for part in PARTS if _exists(part, words.lang)]

    def say(self, saying: Saying) -> str:
        if saying.key.startswith("web."):
            return self._words(saying.key.removeprefix("web."), **saying.values)
        for phrases in self._parts:
            if phrases.has(saying.key):
                return phrases.say(saying.key, **saying.values)
        return self._words("needs.error.refused")

    def state(self, state: str) -> str:
        return self._words(f"needs.state.{state}")

    def action(self, action: str) -> str:
        """What happened, in the timeline."""
        key = f"needs.event.{action}"
        return self._words(key if self._words.has(key) else "needs.event.other")


def needs_words(words: Mapping[Lang, Words]) -> Mapping[str, NeedsWords]:
    return {lang: NeedsWords(each) for lang, each in words.items()}


def _exists(part: str, lang: Lang) -> bool:
    try:
        Phrases(lang, part)
    except FileNotFoundError:
        return False
    return True
