"""Vectors of the published release, behind the doors: questions are answered by words until they are there.

A new embedder, or a server that was away, is why they may be missing; what fails is tried again, later each time.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from rag.indexing import fill_vectors, write_vectors
from rag.ports import EmbedderError, ReleaseStoreError, VectorStoreError

if TYPE_CHECKING:
    from bot.bootstrap import House

WAITS = (60.0, 300.0, 900.0)
"""Seconds before the next try; the last one again and again."""

INCOMPLETE = "向量未能全部生成，部分按词语检索"

_log = logging.getLogger(__name__)


def fill_until_whole(house: House, wait: Callable[[float], object] = time.sleep) -> None:
    """Fill in what is missing; ends once nothing is. What was embedded before a failure stays."""
    tries = 0
    while not _filled(house):
        if INCOMPLETE not in house.notes:
            house.notes.append(INCOMPLETE)
        wait(WAITS[min(tries, len(WAITS) - 1)])
        tries += 1
    if INCOMPLETE in house.notes:
        house.notes.remove(INCOMPLETE)


def _filled(house: House) -> bool:
    try:
        shelf = house.reader.shelf()
        if shelf is None:
            return True
        if fill_vectors(shelf.opened, house.places):
            house.reader.take_vectors()
        write_vectors(shelf.opened, house.places)
    except (EmbedderError, VectorStoreError, ReleaseStoreError) as fault:
        _log.warning("vectors are not complete: %s", fault)
        return False
    return True
