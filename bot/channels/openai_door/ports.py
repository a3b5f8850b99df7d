"""What the door for programs needs from the house: somebody who answers and keeps nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, Protocol

from bot.messages import Reply
from rag.models import Turn


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with the talk before it. `asker` is whose share of a language model it is."""

    text: str
    history: tuple[Turn, ...]
    district: str | None
    as_of: date | None
    asker: str
    lang: Literal["zh", "en"]


class Answers(Protocol):
    """Answers questions about policies: no session, no history, no need. Synchronous: the door crosses to a thread."""

    def answer(self, asked: Asked, on_stage: Callable[[str], None] | None = None) -> Reply: ...

    def parts(self, reply: Reply, lang: Literal["zh", "en"]) -> Sequence[str]:
        """The reply's words in the pieces they are sent in: what must be said first, each claim, footnotes, the end."""
