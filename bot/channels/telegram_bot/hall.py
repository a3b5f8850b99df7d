"""What the door is handed: who answers, the library, needs, staff. bot/commands/telegram.py wires it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.accounts import Accounts
from bot.channels.web_chat.ports import PolicyPage
from bot.files import FileStore
from bot.messages import Message, Reply
from bot.needs import Needs
from bot.phrases import Lang


class Talk(Protocol):
    """The conversation. Synchronous: the door crosses to a thread."""

    def handle(self, message: Message, on_stage: Callable[[str], None] | None = None) -> Reply: ...

    def district(self, account: str) -> str | None: ...

    def set_district(self, account: str, name: str | None) -> None: ...


class Library(Protocol):
    """The published policies, as the web shows them."""

    def policy(self, id: str) -> PolicyPage | None: ...  # noqa: A002  # the library's word

    def places(self) -> Sequence[str]: ...


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A question that found no answer."""

    question: str
    status: str
    at: datetime


class Corpus(Protocol):
    """What administrators may do to the policies. Both give sentences for people; `refresh` may take a minute."""

    def status(self) -> str: ...

    def refresh(self) -> str: ...

    def unanswered(self, limit: int) -> Sequence[Unanswered]: ...


GroupAsk = Callable[[str, Lang], Reply]
"""A policy question and nothing else: no record, no form, no person."""


@dataclass(frozen=True, slots=True)
class Hall:
    """`needs` is None where only questions are answered; `corpus` where administrators have nothing to do here."""

    talk: Talk
    accounts: Accounts
    ask: GroupAsk
    library: Library
    now: Callable[[], datetime]
    contact: str
    default_lang: Lang = "zh"
    public_url: str = ""
    per_minute: int = 60
    needs: Needs | None = None
    files: FileStore | None = None
    corpus: Corpus | None = None
