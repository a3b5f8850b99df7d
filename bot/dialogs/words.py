"""The sentences of forms and cases in one language: the dialogs' own, and those that intake names by key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from bot.phrases import Lang, Phrases
from intake.models import Saying

_PARTS = ("intake", "needs")


class Words:
    """`say` speaks a key of the part "needs"; `tell` a Saying of intake, wherever its sentence stands."""

    def __init__(self, lang: Lang) -> None:
        self.lang = lang
        self._parts = [Phrases(lang, part) for part in _PARTS]
        self._needs = self._parts[-1]
        self._notices = Phrases(lang, "notices")

    def say(self, key: str, **values: object) -> str:
        return self._needs.say(key, **values)

    def tell(self, saying: Saying) -> str:
        for phrases in self._parts:
            if phrases.has(saying.key):
                return phrases.say(saying.key, **saying.values)
        raise KeyError(saying.key)

    def notice(self, key: str) -> str:
        """A word that notices use too: an outcome, a reason."""
        return self._notices.say(key)

    def has(self, key: str) -> bool:
        return self._needs.has(key)

    def listed(self, words: Iterable[str]) -> str:
        return self.say("sign.comma").join(words)


def both_languages() -> Mapping[str, Words]:
    return {"zh": Words("zh"), "en": Words("en")}


def paragraphs(*parts: str) -> str:
    """The parts that say something, apart from one another."""
    return "\n\n".join(part for part in parts if part)


def lines(*parts: str) -> str:
    return "\n".join(part for part in parts if part)
