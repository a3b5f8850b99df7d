"""Vectors behind the doors: their share shows while they are made, a newer release comes first, one is at it."""

from __future__ import annotations

import threading

from bot.filling import Filling
from rag.indexing import BATCH, publish
from rag.models import Document
from rag.reader import Reader
from tests.support.policies import hitech
from tests.support.shelves import NOW, CountingEmbedder, memory_places


def notes(count: int, edition: int = 0) -> list[Document]:
    lines = (f"第{n}条 第{n}号设备的检验每{edition + 2}个月一次。" for n in range(1, 9))
    text = "\n".join(lines)
    return [Document(f"note-{n}", f"须知{n}", f"{text}\n第9条 编号{n}。") for n in range(count)]


def test_what_is_there_so_far_is_searched_with_and_its_share_shows() -> None:
    places = memory_places(CountingEmbedder())
    reader = Reader(places)
    publish(notes(30), places, NOW)
    filling, shares, told = Filling(places, reader), [], []

    def watch(_stage: str, done: int, of: int) -> None:
        shelf = reader.shelf()
        assert shelf is not None
        shares.append(shelf.opened.vectors_share)
        told.append((filling.now.done, filling.now.of) if filling.now else None)
        assert told[-1] == (done, of)

    filling.fill(watch)
    assert shares == sorted(shares)
    assert 0.2 < shares[len(shares) // 2] < 0.8
    shelf = reader.shelf()
    assert shelf is not None
    assert shelf.opened.vectors_share == 1.0
    assert filling.now is None


def test_a_release_that_is_published_meanwhile_comes_first_and_nothing_is_embedded_twice() -> None:
    embedder = CountingEmbedder()
    places = memory_places(embedder)
    reader = Reader(places)
    publish(notes(30), places, NOW)
    filling = Filling(places, reader)

    def publish_once(_stage: str, done: int, _of: int) -> None:
        if done == 2 * BATCH:
            publish([*notes(29), hitech()], places, NOW)

    filling.fill(publish_once)
    shelf = reader.shelf()
    assert shelf is not None
    assert "qd-hitech-2025" in shelf.opened.release.documents
    assert shelf.opened.vectors_share == 1.0
    assert len(embedder.embedded) == len(set(embedder.embedded))
    assert not any("编号29。" in text for text in embedder.embedded[2 * BATCH :])


def test_two_that_publish_at_once_embed_one_after_the_other() -> None:
    embedder = CountingEmbedder()
    places = memory_places(embedder)
    reader = Reader(places)
    publish(notes(20), places, NOW)
    filling = Filling(places, reader)
    threads = [threading.Thread(target=filling.fill) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(embedder.embedded) == len(set(embedder.embedded)) > 0


def test_where_a_thread_is_at_it_anyway_who_publishes_waits_for_nothing() -> None:
    embedder = CountingEmbedder()
    places = memory_places(embedder)
    reader = Reader(places)
    filling = Filling(places, reader)
    house = Household(filling)
    threading.Thread(target=filling.keep, args=(house,), daemon=True).start()
    assert house.begun.wait(10)
    publish(notes(3), places, NOW)
    filling.fill()
    assert house.whole.wait(10)
    shelf = reader.shelf()
    assert shelf is not None
    assert shelf.opened.vectors_share == 1.0


class Household:
    """Tells when its filling has looked for the first time, and when it has for the second."""

    def __init__(self, filling: Filling) -> None:
        self._filling = filling
        self.begun, self.whole = threading.Event(), threading.Event()
        self._looked = 0

    @property
    def filling(self) -> Filling:
        return self._filling

    @property
    def notes(self) -> list[str]:
        """Read when a filling has come to its end."""
        self._looked += 1
        (self.begun if self._looked == 1 else self.whole).set()
        return []
