"""What handling an update comes to: what to say, and what to keep with it, in one transaction."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from bot.channels.telegram_bot.parts import Part
from bot.channels.telegram_bot.store.inbox import Ending


@dataclass(frozen=True, slots=True)
class Given:
    """The answer a message gave: steps of a draft, or (no draft) a question."""

    message: int
    draft: str | None = None
    steps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """`chat` are columns of the chat's row to set; `more` are parts for other chats, each under its key.

    `forget`: everything that was kept of the chat before goes (its person had it erased).
    """

    parts: tuple[Part, ...] = ()
    ending: Ending = "done"
    error: str | None = None
    given: Given | None = None
    chat: dict[str, Any] = field(default_factory=dict)
    more: tuple[tuple[str, int, Part], ...] = ()
    forget: bool = False


IGNORED = Outcome(ending="ignored")


class NotHandledError(Exception):
    """The message could not be handled now; the same message is tried again."""
