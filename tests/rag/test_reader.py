"""A reader: sees the new release at the next question, keeps a question on the release it began with."""

from __future__ import annotations

import threading

import pytest

from rag.adapters.memory import MemoryReleaseStore
from rag.indexing import Indexes, fill_vectors, publish
from rag.models import AnswerStatus, Question, Release
from rag.ports import ReleaseStoreError
from rag.reader import Reader
from tests.support.policies import changed, gazelle, hitech, policies
from tests.support.shelves import NOW, CountingEmbedder, MemorySegments, a_pipeline, memory_places

ASKED = Question("首次通过高新技术企业认定奖励多少钱")


class FlakyStore(MemoryReleaseStore):
    """A store that can be made unreadable."""

    broken = False

    def live(self) -> Release | None:
        if self.broken:
            raise ReleaseStoreError("the database is locked")
        return super().live()


def flaky_places() -> tuple[Indexes, FlakyStore]:
    store, places = FlakyStore(), memory_places()
    return Indexes(store, MemorySegments(), places.cache), store


def test_before_the_first_publish_there_is_nothing() -> None:
    reader = Reader(memory_places())
    assert reader.shelf() is None
    assert a_pipeline(reader).answer(ASKED).status is AnswerStatus.NOT_READY


def test_the_next_question_is_answered_from_the_new_release() -> None:
    places = memory_places()
    pipeline = a_pipeline(Reader(places))
    first = publish(policies(), places, NOW).release
    before = pipeline.answer(ASKED)
    second = publish([changed(hitech(), "10万元", "20万元"), gazelle()], places, NOW).release
    after = pipeline.answer(ASKED)
    assert (before.release, after.release) == (first.id, second.id)
    assert "10万元" in before.claims[0].text
    assert "20万元" in after.claims[0].text


@pytest.mark.parametrize("stage", ["guarding", "rewriting", "routing", "searching", "verifying", "done"])
def test_a_question_keeps_its_release_while_another_is_published(stage: str) -> None:
    places = memory_places()
    reader = Reader(places)
    pipeline = a_pipeline(reader)
    first = publish(policies(), places, NOW).release

    def publish_meanwhile(reached: str) -> None:
        if reached == stage:
            publish([changed(hitech(), "10万元", "20万元")], places, NOW)
            reader.shelf()  # another question moves the reader on

    answer = pipeline.answer(ASKED, publish_meanwhile)
    assert answer.release == first.id
    assert "10万元" in answer.claims[0].text
    assert pipeline.answer(ASKED).release != first.id


def test_an_open_release_is_opened_once() -> None:
    places = memory_places()
    reader = Reader(places)
    publish(policies(), places, NOW)
    assert reader.shelf() is reader.shelf()


def test_questions_at_the_same_time_share_one_shelf() -> None:
    places = memory_places()
    reader = Reader(places)
    publish(policies(), places, NOW)
    seen: list[object] = []
    gate = threading.Barrier(8)

    def ask() -> None:
        gate.wait()
        seen.append(reader.shelf())

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(shelf) for shelf in seen}) == 1


def test_a_store_that_cannot_be_read_leaves_the_release_that_was_open() -> None:
    places, store = flaky_places()
    reader = Reader(places)
    publish([hitech()], places, NOW)
    shelf = reader.shelf()
    store.broken = True
    assert reader.shelf() is shelf
    store.broken = False
    publish([gazelle()], places, NOW)
    assert reader.shelf() is not shelf


def test_a_store_that_cannot_be_read_at_all_is_an_error() -> None:
    places, store = flaky_places()
    publish([hitech()], places, NOW)
    store.broken = True
    with pytest.raises(ReleaseStoreError):
        Reader(places).shelf()


def test_vectors_that_arrive_are_taken_into_the_open_release() -> None:
    embedder = CountingEmbedder()
    places = memory_places(embedder)
    reader = Reader(places)
    reader.take_vectors()  # nothing is open: nothing happens
    publish([hitech()], places, NOW)
    shelf = reader.shelf()
    assert shelf is not None
    assert shelf.opened.vectors_share == 0.0
    fill_vectors(shelf.opened, places)
    assert shelf.opened.vectors_share == 0.0
    reader.take_vectors()
    assert shelf.opened.vectors_share == 1.0
