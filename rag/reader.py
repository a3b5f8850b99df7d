"""The published release, open: a running server answers from a new release at its next question."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from rag.catalogue import Catalogue
from rag.indexing import Indexes, attach_vectors, open_release
from rag.models import Release
from rag.opened import OpenRelease
from rag.ports import ReleaseStoreError


@dataclass(frozen=True, slots=True)
class Shelf:
    """An open release and the catalogue of its policies; a question keeps one shelf from its first step to its last."""

    opened: OpenRelease
    catalogue: Catalogue


class Reader:
    """Opens what is published, once, and again when the pointer moves."""

    def __init__(self, places: Indexes, stale_after_days: int = 90) -> None:
        self.places = places
        self._stale_after_days = stale_after_days
        self._lock = threading.Lock()
        self._shelf: Shelf | None = None

    def shelf(self) -> Shelf | None:
        """The published release; the one read before where the store cannot be read now, and while another thread opens
        a newer one; None before the first."""
        return self._published(wait=False)

    def newest(self) -> Shelf | None:
        """The published release, waited for if somebody is just opening it. Else as `shelf`."""
        return self._published(wait=True)

    def _published(self, *, wait: bool) -> Shelf | None:
        try:
            live = self.places.store.live()
        except ReleaseStoreError:
            if self._shelf is None:
                raise
            return self._shelf
        shelf = self._shelf
        if live is None or _is(shelf, live):
            return shelf
        if not self._lock.acquire(blocking=wait or shelf is None):
            return shelf
        try:
            if not _is(self._shelf, live):
                opened = open_release(live, self.places, self._shelf.opened if self._shelf else None)
                self._shelf = Shelf(opened, Catalogue(opened, self._stale_after_days))
            return self._shelf
        finally:
            self._lock.release()

    def take_vectors(self) -> None:
        """Let the open release use the vectors that arrived since it was opened."""
        with self._lock:
            if self._shelf is not None:
                attach_vectors(self._shelf.opened, self.places)


def _is(shelf: Shelf | None, live: Release) -> bool:
    return shelf is not None and (shelf.opened.release.id, shelf.opened.release.number) == (live.id, live.number)
