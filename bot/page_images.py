"""Pages of the originals to look at: drawn in the walled child when first asked for, then kept on disk by file digest.

What is kept can be thrown away at any time (and is, the oldest first): it is drawn again. No backup holds it.
"""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from rag.parsing import Reason, Refused
from rag.parsing.page_image import DRAWN, ENDINGS, page_image

MOST = 2_000
"""Pages that are kept: half a gigabyte or so."""

WAIT = 20.0
"""Seconds that one who asks waits for others' pages to be drawn."""

_DIGEST = re.compile(r"[0-9a-f]{64}")
_REFUSALS = 1_000


class NoPageError(Exception):
    """There is no picture of this page, and why: MISSING (no such file or page), or it could not be drawn."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(str(reason))
        self.reason = reason


class CrowdedError(Exception):
    """Others' pages are being drawn; ask again in a while."""


class PageImages:
    """`originals` is where bot.taking_in keeps the files as they came; `draw` makes a PNG of (file, page).

    One page of a file is drawn once whoever asks, `at_once` in all. What could not be drawn is remembered until the
    next start, so that a file made to be slow is slow once.
    """

    def __init__(
        self, folder: Path, originals: Path, draw: Callable[[Path, int], bytes] = page_image, *, at_once: int = 2,
        wait: float = WAIT,
    ) -> None:  # fmt: skip
        self._folder = folder
        self._originals = originals
        self._draw = draw
        self._places = threading.BoundedSemaphore(at_once)
        self._wait = wait
        self._lock = threading.Lock()
        self._refused: OrderedDict[str, Reason] = OrderedDict()

    def has_pages(self, digest: str) -> bool:
        """Whether the original is here and of a kind that has pages to look at."""
        return self._original(digest) is not None

    def image(self, digest: str, page: int) -> bytes:
        """A PNG of a page (from 1) of the file with this SHA-256. Raises NoPageError, CrowdedError."""
        name = f"{digest}-{page}-{DRAWN}.png"
        original = self._original(digest)
        if original is None or not 1 <= page < 100_000:
            raise NoPageError(Reason.MISSING)
        kept = self._folder / name
        if (found := _bytes_of(kept)) is not None:
            return found
        if not self._places.acquire(timeout=self._wait):
            raise CrowdedError
        try:
            return _bytes_of(kept) or self._drawn(original, page, kept)
        finally:
            self._places.release()

    def _original(self, digest: str) -> Path | None:
        if not _DIGEST.fullmatch(digest):
            return None
        return next(
            (path for ending in sorted(ENDINGS) if (path := self._originals / f"{digest}{ending}").is_file()), None
        )

    def _drawn(self, original: Path, page: int, kept: Path) -> bytes:
        with self._lock:
            if (reason := self._refused.get(kept.name)) is not None:
                raise NoPageError(reason)
        try:
            picture = self._draw(original, page)
        except Refused as fault:
            with self._lock:
                self._refused[kept.name] = fault.reason
                while len(self._refused) > _REFUSALS:
                    self._refused.popitem(last=False)
            raise NoPageError(fault.reason) from fault
        self._keep(kept, picture)
        return picture

    def _keep(self, kept: Path, picture: bytes) -> None:
        """A full disk costs the next one who asks a drawing, and nobody else anything."""
        with suppress(OSError), self._lock:
            self._folder.mkdir(parents=True, exist_ok=True)
            part = kept.with_suffix(".part")
            part.write_bytes(picture)
            part.replace(kept)
            pages = sorted(self._folder.glob("*.png"), key=lambda path: path.stat().st_mtime)
            for old in pages[: max(0, len(pages) - MOST)]:
                old.unlink(missing_ok=True)


def _bytes_of(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None
