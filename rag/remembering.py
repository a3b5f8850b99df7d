"""What was read of a corpus before: a file that has not changed since is not parsed again, and no answer is stale.

A file is known by its inode, size and both of its times. What was changed so shortly before it was read that a second
change could have left all four as they are (times tick in milliseconds) is not kept, as git does with its index.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from rag.faults import Fault
from rag.front_matter import Card
from rag.models import Document

SETTLED = 2_000_000_000
"""Nanoseconds a file has to be left alone before what was read of it is kept: FAT's times tick in two seconds."""

ReadFile = tuple[Document, Card | None] | list[Fault]
Stamp = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Remembered:
    """A file as it was read: `called` is the id it was given where it has none of its own."""

    stamp: Stamp
    is_card: bool
    called: str
    read: ReadFile
    version: str


class Memory:
    """Of one folder. Not to be used from two threads at once."""

    def __init__(self, now: Callable[[], int] = time.time_ns) -> None:
        self._now = now
        self._files: dict[Path, Remembered] = {}

    def of(self, path: Path, stamp: Stamp | None) -> Remembered | None:
        held = self._files.get(path)
        return held if held is not None and held.stamp == stamp else None

    def keep(self, path: Path, seen: Remembered) -> None:
        """`seen.stamp` was taken before the file was read."""
        if max(seen.stamp[2:]) < self._now() - SETTLED:
            self._files[path] = seen
        else:
            self._files.pop(path, None)

    def only(self, paths: Iterable[Path]) -> None:
        """Forget the files that are not there any more."""
        gone = self._files.keys() - set(paths)
        for path in gone:
            del self._files[path]


def stamp_of(path: Path) -> Stamp | None:
    """None where it cannot be looked at."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
