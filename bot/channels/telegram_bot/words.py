"""The door's own sentences and labels, in the language of whom it speaks to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from bot.channels.telegram_bot.reading import Incoming
from bot.channels.telegram_bot.rendering import Labels
from bot.phrases import Lang, Phrases

_HAN = re.compile("[\u3400-\u9fff]")


@dataclass(frozen=True)
class Words:
    lang: Lang

    def say(self, key: str, **values: object) -> str:
        """`say("file.too_large", name=…)`: a sentence of bot/wording/telegram.*.toml."""
        return self._phrases.say(f"telegram.{key}", **values)

    def has(self, key: str) -> bool:
        return self._phrases.has(f"telegram.{key}")

    @cached_property
    def labels(self) -> Labels:
        return Labels(
            clause=self.say("button.clause"),
            rest_of_it=self.say("form.rest_of_it"),
            file_name=self.say("form.file_name"),
            contact=self.say("button.contact"),
            contact_hint=self.say("form.contact_hint"),
            contact_done=self.say("form.contact_done"),
        )

    @cached_property
    def stages(self) -> dict[str, str]:
        return {stage: self.say(f"stage.{stage}") for stage in ("searching", "verifying", "done")}

    @cached_property
    def _phrases(self) -> Phrases:
        return Phrases(self.lang, "telegram")


def language_of(incoming: Incoming, known: str | None, default: Lang) -> tuple[Lang, str | None]:
    """The language to speak, and what to remember: who once wrote Chinese is spoken to in Chinese from then on."""
    if incoming.kind == "message" and _HAN.search(incoming.text):
        return "zh", "zh"
    if known == "zh":
        return "zh", None
    told = (incoming.sender.lang if incoming.sender else None) or ""
    if not told:
        return default, None
    return ("zh" if told.lower().startswith("zh") else "en"), None
