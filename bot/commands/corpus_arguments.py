"""The arguments of `corpus …`. Heavy modules are named, not imported."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

Data = Callable[[argparse.ArgumentParser], None]


def add_corpus(corpus: argparse.ArgumentParser, data: Data) -> None:
    actions = corpus.add_subparsers(dest="action", required=True, metavar="ACTION")
    _publishing(actions, data)
    _changes(actions, data)


def _publishing(actions: Any, data: Data) -> None:
    check = actions.add_parser("check", help="name file, line and mend of every fault; exit 1 if there is one")
    check.add_argument("--corpus", type=Path, help="folder or JSONL (default CORPUS_DIR)")
    check.set_defaults(run="corpus:check")
    index = actions.add_parser("index", help="publish what is new and changed")
    data(index)
    index.add_argument("--corpus", type=Path, help="folder of policies or texts, or a JSONL of {id, title, text}")
    index.add_argument("--no-vectors", action="store_true", help="lexical index only")
    index.set_defaults(run="corpus:index")
    status = actions.add_parser("status", help="what is live")
    data(status)
    status.set_defaults(run="corpus:status")
    ship = actions.add_parser("ship-vectors", help="write the vectors of CORPUS_DIR beside it, to travel with it")
    ship.add_argument("--corpus", type=Path, help="folder of policies (default CORPUS_DIR)")
    ship.set_defaults(run="corpus:ship_vectors")


def _changes(actions: Any, data: Data) -> None:
    diff = actions.add_parser("diff", help="what changed between two texts; exit 1 where they differ")
    data(diff)
    diff.add_argument("old", metavar="A", help="a file, a policy's id as published, or id@release")
    diff.add_argument("new", metavar="B", help="the same")
    diff.set_defaults(run="corpus_changes:diff")
    changes = actions.add_parser("changes", help="what changed between two releases (the last two)")
    data(changes)
    changes.add_argument("--from", dest="old", metavar="RELEASE", help="number or id (default: the one before)")
    changes.add_argument("--to", dest="new", metavar="RELEASE", help="number or id (default: the live one)")
    changes.set_defaults(run="corpus_changes:changes")
    releases = actions.add_parser("releases", help="the releases that are kept, the newest first")
    data(releases)
    releases.set_defaults(run="corpus_changes:releases")
    rollback = actions.add_parser("rollback", help="have a kept release serve again")
    data(rollback)
    rollback.add_argument("release", nargs="?", metavar="RELEASE", help="number or id (default: the one before)")
    rollback.set_defaults(run="corpus_changes:rollback")
