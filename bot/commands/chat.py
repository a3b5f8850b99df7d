"""`chat`: the terminal door, with its own index where the data folder has none."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from contextlib import suppress

from rich.console import Console

from bot.channels.terminal import Terminal
from bot.commands.corpus import index_corpus, say
from bot.commands.house import house_of
from bot.ownership import own


def chat(options: argparse.Namespace) -> int:
    house = house_of(options)
    if house.reader.shelf() is None:
        with own(house.settings.data_dir, "chat"):
            say("首次启动：正在建立政策索引…")
            index_corpus(house)
    for note in house.notes:
        say(note)
    Terminal(
        house.conversation(),
        house.accounts(),
        Console(highlight=False),
        _reader(),
        house.clock.now,
        house.settings.default_lang,
        house.needs().inbox,
        house.needs().files,
    ).run()
    return 0


def _reader() -> Callable[[str], str]:
    """input() with line editing and recall, where the platform has it."""
    with suppress(ImportError):
        import readline  # noqa: F401  # importing it is what switches line editing on
    return input
