"""Settings and the wired house for a command, with the folders that were given on the command line."""

from __future__ import annotations

import argparse
from pathlib import Path

from bot.bootstrap import House, build
from bot.logs import set_up
from bot.settings import Settings, load_settings


def settings_of(options: argparse.Namespace) -> Settings:
    """The settings, with --data and --corpus in place of theirs."""
    settings = load_settings()
    given: dict[str, object] = {}
    if getattr(options, "data", None):
        given["data_dir"] = Path(options.data)
    if getattr(options, "corpus", None):
        given["corpus_dir"] = Path(options.corpus)
    settings = settings.model_copy(update=given)
    set_up(settings)
    return settings


def house_of(options: argparse.Namespace) -> House:
    return build(settings_of(options), vectors=not getattr(options, "no_vectors", False))
