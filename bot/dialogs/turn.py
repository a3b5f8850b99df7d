"""Who is speaking, and what a dialog makes of their message."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from bot.messages import Message, Reply
from intake.cases import Actor, Via, owner

OnStage = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Speaker:
    """The person behind a message. `district` is the one they once named, for answers about policies."""

    message: Message
    person: str
    via: Via
    district: str | None = None

    @property
    def lang(self) -> Literal["zh", "en"]:
        return self.message.lang

    @property
    def text(self) -> str:
        return (self.message.text or "").strip()

    @property
    def choice(self) -> str:
        return self.message.choice or ""

    def actor(self) -> Actor:
        """The speaker as the one who acts on their own cases."""
        return owner(self.person, self.via)


@dataclass(frozen=True, slots=True)
class Turn:
    """A reply, and what stands in the record in place of what was sent.

    `recorded` replaces whatever was sent (what must not be kept); `label` is what a pressed button read, and counts for
    buttons only. Without either the words themselves stand there.
    """

    reply: Reply
    recorded: str | None = None
    label: str | None = None
