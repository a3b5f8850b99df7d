"""The published release, open: a running server answers from a new release at its next question."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from rag.catalogue import Catalogue
from rag.indexing import Indexes, attach_vectors, open_release
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
        """The published release; the one read before where the store cannot be read now; None before the first."""
        try:
            live = self.places.store.live()
        except ReleaseStoreError:
            if self._shelf is None:
                raise
            return self._shelf
        shelf = self._shelf
        if live is None or (shelf and (shelf.opened.release.id, shelf.opened.release.number) == (live.id, live.number)):
            return shelf
        with self._lock:
            if self._shelf is None or self._shelf.opened.release.id != live.id:
                opened = open_release(live, self.places)
                self._shelf = Shelf(opened, Catalogue(opened, self._stale_after_days))
            return self._shelf

    def take_vectors(self) -> None:
        """Let the open release use the vectors that arrived since it was opened."""
        shelf = self._shelf
        if shelf is not None:
            attach_vectors(shelf.opened, self.places)
