"""What a round of the sources is made of, wired: the sources, the looking, publishing, and the notices of its end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext

from sqlalchemy import Connection, Engine

from bot.clock import Clock
from bot.corpus_sources import Sources
from bot.keepers_notices import tell_keepers
from bot.looking import Looking
from bot.phrases import Phrases
from bot.publishing import Publishing
from bot.settings import Settings
from bot.source_rounds import SourceRounds, in_a_thread
from bot.store_of_looks import Look, Looks
from bot.taking_in import TakingIn
from intake.staff import Staff
from rag.policies import Policy
from rag.reader import Reader

LOCK = "refresh.lock"
"""In DATA_DIR: held by the process whose round is under way."""


def rounds_of(
    engine: Engine,
    settings: Settings,
    clock: Clock,
    taking_in: TakingIn,
    publishing: Publishing,
    reader: Reader,
    staff: Callable[[], Sequence[Staff]],
    *,
    guard: Callable[[], AbstractContextManager[object]] = nullcontext,
    spawn: Callable[[Callable[[], None]], None] = in_a_thread,
) -> SourceRounds:
    """`staff` gives the accounts that may have to be told; `guard` is held while a round publishes."""
    words = Phrases(settings.default_lang, "corpus_refresh")

    def looking(stopped: Callable[[], bool]) -> Looking:
        return Looking(Sources(engine), taking_in, clock.now, lambda newer: words.say("replaced", draft=newer), stopped)

    def policies() -> Sequence[Policy | None]:
        shelf = reader.shelf()
        return shelf.catalogue.policies if shelf else ()

    def tell(connection: Connection, look: Look) -> None:
        tell_keepers(connection, look, staff())

    return SourceRounds(
        Looks(engine, tell),
        looking,
        publishing,
        policies,
        clock.now,
        settings.data_dir / LOCK,
        publishes=settings.corpus_refresh_publishes,
        schedule=settings.refresh_schedule,
        guard=guard,
        spawn=spawn,
    )
