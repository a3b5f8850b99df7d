"""`python -m bot …` as it is, but for one point at which it dies of SIGKILL.

`python -m tests.faults.corpus_process POINT ARGUMENT…`, with the assistant's own arguments.

Nothing of the assistant is replaced: a point is passed after (or, where it says half, in the midst of) the very step
that the assistant takes.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any

PARSE = ("begun", "child-runs", "original-half", "parsed", "proposed")
PUBLISH = ("file-half", "file-written", "segment-half", "pointed", "committed", "live", "swept")
EMBED = ("embedding", "collection")


def die(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def after(owner: Any, name: str, then: Callable[[Any], bool] = lambda _found: True) -> None:
    """Die after this function has done its work, where `then` says so of what it returned."""
    known = getattr(owner, name)

    def dying(*given: Any, **named: Any) -> Any:
        found = known(*given, **named)
        if then(found):
            die()
        return found

    setattr(owner, name, dying)


def half_written(owner: Any) -> None:
    """Die when a file is written and not yet flushed or named, of the module that writes it."""

    class HalfOs:
        def __getattr__(self, name: str) -> Any:
            return die if name == "fsync" else getattr(os, name)

    owner.os = HalfOs()


def arm(point: str) -> None:
    from bot import corpus_drafts, filling, releases, taking_in
    from rag.adapters import segment_files
    from rag.parsing import sandbox

    drafts = corpus_drafts.Drafts
    arms: dict[str, Callable[[], None]] = {
        "begun": lambda: after(drafts, "begin"),
        "child-runs": lambda: after(sandbox.subprocess, "Popen"),
        "original-half": lambda: half_written(taking_in),
        "parsed": lambda: after(drafts, "step", lambda draft: draft.stage == "parsed"),
        "proposed": lambda: after(drafts, "step", lambda draft: draft.stage == "draft"),
        "file-half": lambda: half_written(taking_in),
        "file-written": lambda: after(sys.modules["bot.publishing"], "write_whole"),
        "segment-half": lambda: half_written(segment_files),
        "pointed": lambda: after(releases, "_put"),
        "committed": lambda: after(releases.SqlReleaseStore, "publish"),
        "live": lambda: after(drafts, "step", lambda draft: draft.stage == "live"),
        "swept": lambda: after(releases.SqlReleaseStore, "sweep"),
        "embedding": lambda: after(releases.SqlVectorCache, "put"),
        "collection": lambda: after(filling, "fill_vectors"),
        "nowhere": lambda: None,
    }
    arms[point]()


def beside_the_server() -> None:
    """A refresh begun in a running server, as its console and its schedule begin one."""
    from bot.commands import serve

    known = serve._announce

    def announced(house: Any, address: str) -> None:
        known(house, address)
        threading.Timer(0, lambda: house.work.begin("schedule")).start()

    serve._announce = announced


def main(point: str, arguments: list[str]) -> int:
    import bot.publishing
    from bot.__main__ import main as run

    assert bot.publishing  # its names are armed before anybody imports them
    if arguments[0] == "serve":
        beside_the_server()
    arm(point)
    return run(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
