"""`corpus sources [add | remove]` and `corpus refresh`: where the bureau's files come from, and looking there."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from bot.clock import SHANGHAI
from bot.commands.corpus_life import Desk, opened
from bot.commands.faults import CommandError
from bot.commands.lines import print_json, print_line
from bot.corpus_sources import Source, SourceHereError, Sources, State, UnknownSourceError
from bot.look_words import summary_lines, why_words
from bot.ownership import own
from bot.phrases import Phrases
from bot.source_paths import SourcePathError, source_at
from bot.source_rounds import LookingError, Round

if TYPE_CHECKING:
    from collections.abc import Iterator

_AMISS = (State.MISSING, State.BROKEN, State.QUARANTINED)
_NAMED = 20
"""Files of a source that are amiss which are named."""


def sources(options: argparse.Namespace) -> int:
    """Each source and how it stood at the last look."""
    options.no_vectors, options.account = True, None
    with opened(options) as desk:
        phrases = _phrases(desk)
        store = Sources(desk.house.engine)
        for source in store.all():
            _show(store, source, phrases)
        if not store.all():
            print_line(phrases.say("command.none"))
        rounds = desk.house.rounds()
        following = rounds.next()
        if following is None or rounds.schedule is None:
            print_line(phrases.say("command.no_schedule"))
        else:
            print_line(phrases.say("command.schedule", words=rounds.schedule, at=_shown(following)))
    return 0


def add(options: argparse.Namespace) -> int:
    options.no_vectors = True
    with opened(options) as desk:
        phrases, actor = _phrases(desk), desk.city_actor()
        try:
            kind, path, url = source_at(options.path, options.url or "")
            added = Sources(desk.house.engine).add(kind, path, url, actor, desk.house.clock.now())
        except SourcePathError as fault:
            key = "no_path" if fault.why in {"missing", "outside"} else fault.why
            raise CommandError(phrases.say(f"error.{key}", path=fault.named, url=fault.named)) from fault
        except SourceHereError as fault:
            raise CommandError(phrases.say("command.here", source=fault.source.id, path=fault.source.path)) from fault
        print_line(phrases.say("command.added", source=added.id, path=added.path))
    return 0


def remove(options: argparse.Namespace) -> int:
    options.no_vectors = True
    with opened(options) as desk:
        phrases, actor = _phrases(desk), desk.city_actor()
        try:
            gone = Sources(desk.house.engine).remove(options.source, actor, desk.house.clock.now())
        except UnknownSourceError as fault:
            raise CommandError(phrases.say("error.no_source", source=options.source)) from fault
        print_line(phrases.say("command.removed", source=gone.id, path=gone.path))
    return 0


def refresh(options: argparse.Namespace) -> int:
    """Exit 1 where something is amiss: a file that is gone or not readable, or nothing published that should be."""
    with opened(options) as desk:
        actor, phrases, settings = desk.city_actor(), _phrases(desk), desk.house.settings
        rounds = desk.house.rounds(guard=lambda: own(settings.data_dir, "corpus refresh"))
        try:
            with _bar(phrases) as show:
                done = rounds.run(actor.id, show)
        except LookingError as fault:
            raise CommandError(phrases.say("error.busy")) from fault
        summary = done.summary
        if summary is None:
            return 1
        if options.json:
            print_json(summary.facts())
        else:
            for line in summary_lines(summary, settings.default_lang):
                print_line(line)
    return 1 if summary.amiss or summary.publishing in {"blocked", "unready", "failed"} else 0


def _show(store: Sources, source: Source, phrases: Phrases) -> None:
    state = phrases.say(f"state.{source.state}")
    if source.why:
        state += phrases.say("command.why", why=why_words(source.why, phrases.lang))
    seen = phrases.say("command.seen", at=_shown(source.seen_at)) if source.seen_at else phrases.say("command.never")
    url = phrases.say("command.url", url=source.url) if source.url else ""
    kind = phrases.say(f"kind.{source.kind}")
    print_line(
        phrases.say("command.source", source=source.id, kind=kind, state=state, path=source.path, url=url, seen=seen)
    )
    files = store.files(source.id)
    counted = Counter(phrases.say(f"state.{file.state}") for file in files)
    if files:
        states = "、".join(f"{name} {count}" for name, count in counted.most_common())
        print_line(phrases.say("command.counts", count=len(files), states=states))
    for file in [file for file in files if file.state in _AMISS][:_NAMED]:
        why = phrases.say("command.why", why=why_words(file.why, phrases.lang)) if file.why else ""
        print_line(phrases.say("command.file", state=phrases.say(f"state.{file.state}"), name=file.name, why=why))


@contextmanager
def _bar(phrases: Phrases) -> Iterator[Callable[[Round], None]]:
    """A bar on standard error: how many files were looked at, of how many."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(file=sys.stderr), transient=False) as progress:
        task = progress.add_task(phrases.say("command.looking"), total=None)

        def show(stands: Round) -> None:
            said = phrases.say(f"command.{stands.stage}")
            progress.update(task, description=said, completed=stands.done, total=stands.of)

        yield show


def _phrases(desk: Desk) -> Phrases:
    return Phrases(desk.phrases.lang, "corpus_refresh")


def _shown(moment: datetime) -> str:
    return f"{moment.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
