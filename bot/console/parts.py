"""What the console is built from: the parts the house wires, and the few settings that are the console's own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from argon2 import PasswordHasher
from sqlalchemy import Engine

from bot.accounts import Accounts
from bot.arrivals import Arrivals
from bot.asking_again import AskingAgain
from bot.channels.web_chat.ports import Library
from bot.clock import Clock
from bot.console.queue_board import Board
from bot.corpus_rights import CorpusRights
from bot.history import History
from bot.kept_answers import KeptAnswers
from bot.needs import Needs
from bot.outlining import Outlining
from bot.page_images import PageImages
from bot.publishing import Publishing
from bot.question_vectors import QuestionVectors
from bot.refreshing import CorpusWork
from bot.rehearsing import Rehearsals
from bot.settings import Settings
from bot.source_rounds import SourceRounds
from bot.taking_in import TakingIn
from intake.statistics_ledger import Ledger
from rag.indexing import Indexes
from rag.pipeline import Pipeline
from rag.reader import Reader


class LinkCode(Protocol):
    """What links a Telegram account when its owner sends it to the bot."""

    @property
    def code(self) -> str: ...


class TelegramLinks(Protocol):
    """Which Telegram user is which staff account."""

    def issue(self, staff: str, by: str, now: datetime) -> LinkCode: ...

    def user_of(self, staff: str) -> int | None: ...

    def unlink(self, user: int) -> bool: ...


@dataclass(frozen=True, slots=True)
class Documents:
    """A file's way from an upload to what is live: taken in, its pages to look at, tried out, published."""

    taking_in: TakingIn
    arrivals: Arrivals
    images: PageImages
    publishing: Publishing
    rehearsals: Rehearsals


@dataclass(frozen=True, slots=True)
class ConsoleParts:
    """`places` and `reader` are the index and who reads it, `corpus` who publishes, `documents` the files that are on
    their way there, `rights` what each of the staff may do to it all, `rounds` the looks at where the files come from;
    `hasher` makes password hashes.

    `pipeline` answers, to show why it does; `kept` are the answers that staff approved.
    `https`: browsers reach the console over TLS. `totp_required`: nobody goes on without a second factor.
    `board` are the cases as the queue and the numbers use them, `ledger` what their histories come to, one of each for
    the house: a chore keeps them up.
    `telegram` links staff to their Telegram accounts; None where no bot is set up.
    `calendar_file` is where the working calendar's overrides stand; `take_calendar` has the house follow it at once.
    """

    needs: Needs
    outlining: Outlining
    accounts: Accounts
    history: History
    library: Library
    reader: Reader
    places: Indexes
    corpus: CorpusWork
    documents: Documents
    rights: CorpusRights
    pipeline: Pipeline
    kept: KeptAnswers
    rounds: SourceRounds
    settings: Settings
    clock: Clock
    engine: Engine
    calendar_file: Path
    take_calendar: Callable[[], bool]
    hasher: PasswordHasher
    https: bool = False
    totp_required: bool = False
    telegram: TelegramLinks | None = None
    board: Board = field(init=False)
    ledger: Ledger = field(init=False)
    vectors: QuestionVectors = field(init=False)
    again: AskingAgain = field(init=False)

    def __post_init__(self) -> None:
        board = Board(self.engine, self.needs.formbook, self.needs.timing, self.clock.now)
        object.__setattr__(self, "board", board)
        object.__setattr__(self, "vectors", QuestionVectors(self.places.embedder))
        object.__setattr__(self, "again", AskingAgain(self.pipeline, self.reader, self.clock.today))
        object.__setattr__(self, "ledger", Ledger(self.engine, self.needs.timing, self.clock.now))
