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
    _life(actions, data)
    _unanswered(actions, data)
    _sources(actions, data)


def _publishing(actions: Any, data: Data) -> None:
    check = actions.add_parser("check", help="name file, line and mend of every fault; exit 1 if there is one")
    check.add_argument("--corpus", type=Path, help="folder or JSONL (default CORPUS_DIR)")
    check.set_defaults(run="corpus:check")
    index = actions.add_parser("index", help="publish what is new and changed")
    data(index)
    index.add_argument("--corpus", type=Path, help="folder of policies or texts, or a JSONL of {id, title, text}")
    index.add_argument("--no-vectors", action="store_true", help="lexical index only")
    index.add_argument("--removing", action="store_true", help="take down what the folder does not show, however much")
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
    _common(rollback, data)
    rollback.add_argument("release", nargs="?", metavar="RELEASE", help="number or id (default: the one before)")
    rollback.set_defaults(run="corpus_changes:rollback")


def _life(actions: Any, data: Data) -> None:
    add = actions.add_parser("add", help="take in a file or a folder: PDF, Word, Excel, saved pages, text")
    _common(add, data)
    add.add_argument("path", type=Path, metavar="FILE|FOLDER")
    add.set_defaults(run="corpus_life:add")
    review = actions.add_parser("review", help="the drafts; one of them: what was understood, to confirm or to edit")
    _common(review, data)
    review.add_argument("draft", nargs="?", type=int, metavar="DRAFT", help="its number; without one, all of them")
    review.add_argument("--all", action="store_true", help="with what is published or excluded")
    review.add_argument("--set", action="append", default=[], metavar="FIELD=VALUE", help="write a field")
    review.add_argument("--clear", action="append", default=[], metavar="FIELD", help="take a field away")
    review.add_argument(
        "--confirm", action="append", default=[], metavar="FIELD", help="as it stands; all for every one"
    )
    review.add_argument("--submit", action="store_true", help="hand it on to be published")
    review.add_argument("--exclude", metavar="WHY", help="not for the corpus, and why")
    review.add_argument("--reopen", action="store_true", help="an excluded one, or one in review, is a draft again")
    review.add_argument("--text", action="store_true", help="the whole text as it was read")
    review.add_argument("--json", action="store_true", help="everything of it, for programs")
    review.set_defaults(run="corpus_life:review")
    publish = actions.add_parser("publish", help="what is in review into the corpus, after the golden questions")
    _common(publish, data)
    publish.add_argument("--corpus", type=Path, help="folder of policies (default CORPUS_DIR)")
    publish.add_argument("--plan", action="store_true", help="only show what would be done")
    publish.add_argument("--override", metavar="REASON", help="publish although the golden questions do worse")
    publish.add_argument("--no-vectors", action="store_true", help="lexical index only")
    publish.set_defaults(run="corpus_life:publish")
    coverage = actions.add_parser("coverage", help="digests to replace by originals, by the questions asked")
    data(coverage)
    coverage.add_argument("--days", type=int, default=90, metavar="N", help="questions of the last N days (default 90)")
    coverage.add_argument("--limit", type=int, default=20, metavar="N", help="so many (default 20)")
    coverage.set_defaults(run="corpus_life:coverage")


def _sources(actions: Any, data: Data) -> None:
    refresh = actions.add_parser("refresh", help="look at every source and take in what is new or changed")
    _common(refresh, data)
    refresh.add_argument("--corpus", type=Path, help="folder of policies (default CORPUS_DIR)")
    refresh.add_argument("--no-vectors", action="store_true", help="lexical index only, where it publishes")
    refresh.add_argument("--json", action="store_true", help="what it came to, for programs")
    refresh.set_defaults(run="corpus_sources:refresh")
    sources = actions.add_parser("sources", help="the watched folders and saved pages, and how each stands")
    data(sources)
    sources.set_defaults(run="corpus_sources:sources")
    what = sources.add_subparsers(dest="what", metavar="ACTION")
    add = what.add_parser("add", help="watch a folder, or a saved page or file")
    _common(add, data)
    add.add_argument("path", metavar="FOLDER|FILE")
    add.add_argument("--url", help="where a saved page stands on the web")
    add.set_defaults(run="corpus_sources:add")
    remove = what.add_parser("remove", help="watch a source no more; what came from it stays")
    _common(remove, data)
    remove.add_argument("source", type=int, metavar="SOURCE", help="its number")
    remove.set_defaults(run="corpus_sources:remove")


def _unanswered(actions: Any, data: Data) -> None:
    board = actions.add_parser("unanswered", help="questions without an answer, a row for all that mean the same")
    _common(board, data)
    board.add_argument("--days", type=int, default=30, metavar="N", help="of the last N days (default 30)")
    board.add_argument("--cause", metavar="CAUSE", help="only those of a cause: nothing, evidence, no_coverage, …")
    board.add_argument("--limit", type=int, default=20, metavar="N", help="so many rows (default 20)")
    board.add_argument("--all", action="store_true", help="with those that were dealt with")
    board.add_argument("--json", action="store_true", help="a JSON line a row, for programs")
    board.add_argument("--mark", metavar="KEY", help="mark a row, named by the key it begins with, as dealt with")
    board.add_argument("--ignore", metavar="WHY", help="with --mark: left alone, and why")
    board.set_defaults(run="corpus_unanswered:unanswered")


def _common(command: argparse.ArgumentParser, data: Data) -> None:
    data(command)
    command.add_argument("--as", dest="account", metavar="ACCOUNT", help="your staff account")
