"""Words about drafts that the command line has as well: stages, fields, why a file was refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.channels.web_chat.pages import lang_of
from bot.console.visit import Visit
from bot.corpus_drafts import Stage
from bot.parsing_words import notice_words
from bot.phrases import Phrases
from rag.faults import Fault


@dataclass(frozen=True, slots=True)
class DraftWords:
    life: Phrases
    parsing: Phrases

    def said(self, key: str, **values: object) -> str:
        return self.life.say(key, **values)

    def stage(self, stage: Stage) -> str:
        return self.life.say(f"stage.{stage}")

    def field(self, name: str) -> str:
        """The name of a field; an unknown one as it is."""
        return self.life.say(f"name.{name}") if self.life.has(f"name.{name}") else name

    def why(self, why: str) -> str:
        """How a value was come to."""
        return self.life.say(f"why.{why}") if self.life.has(f"why.{why}") else why

    def remark(self, remark: str) -> str:
        return self.life.say(f"remark.{remark}").lstrip("！!") if self.life.has(f"remark.{remark}") else remark

    def refused(self, reason: str) -> str:
        """Why a file is not taken, and what to do."""
        return self.parsing.say(f"refused.{reason}") if self.parsing.has(f"refused.{reason}") else reason

    def notice(self, notice: str, count: int, pages: Sequence[int] = ()) -> str:
        return notice_words(self.parsing, notice, count, pages)

    def hidden(self, why: str) -> str:
        return self.parsing.say(f"hidden.{why}") if self.parsing.has(f"hidden.{why}") else why

    def fault(self, fault: Fault) -> str:
        return f"{fault.what} {fault.mend}"


def words_of(visit: Visit) -> DraftWords:
    lang = lang_of(visit.request)
    return DraftWords(Phrases(lang, "corpus_life"), Phrases(lang, "parsing"))
