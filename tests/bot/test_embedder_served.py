"""A served embedder end to end: behind the questions, its limits and faults, and a change of it; never emptiness."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine

from bot.bootstrap import House, build
from bot.clock import FixedClock
from bot.filling import INCOMPLETE, WAITS, fill_until_whole
from rag.adapters.served_embedder import AT_ONCE, openai_compatible
from rag.models import AnswerStatus, Question
from rag.ports import EmbedderError
from tests.support.houses import a_house, small_settings
from tests.support.servers import EmbeddingServer, embedding_server

REWARD = "首次认定高新技术企业奖励多少钱"
CLAUSE = "首次通过高新技术企业认定的，一次性奖励10万元。"


@pytest.fixture
def server() -> Iterator[EmbeddingServer]:
    with embedding_server() as running:
        yield running


@pytest.fixture
def house(sqlite_engine: Engine, data_dir: Path, clock: FixedClock, server: EmbeddingServer) -> Iterator[House]:
    made = a_house(data_dir, clock, **served(server))
    yield made
    made.engine.dispose()


def served(server: EmbeddingServer, model: str = "bge-m3") -> dict[str, Any]:
    return {"embed_model": model, "embed_base_url": server.url, "embed_api_key": SecretStr("k-1")}


def unwaiting(_seconds: float) -> None:
    """Nobody waits in a test."""


def answers(house: House) -> bool:
    answer = house.pipeline.answer(Question(REWARD))
    return answer.status is AnswerStatus.ANSWERED and answer.claims[0].text == CLAUSE


def share(house: House) -> float:
    shelf = house.reader.shelf()
    assert shelf is not None
    return shelf.opened.vectors_share


def test_questions_are_answered_by_words_until_the_vectors_are_there(house: House, server: EmbeddingServer) -> None:
    assert (answers(house), share(house)) == (True, 0.0)
    fill_until_whole(house, unwaiting)
    assert (answers(house), share(house)) == (True, 1.0)
    assert server.seen[-1]["input"] in ([REWARD], REWARD)
    assert {body["model"] for body in server.seen} == {"bge-m3"}


def test_no_request_carries_more_texts_than_the_strictest_server_takes(house: House, server: EmbeddingServer) -> None:
    fill_until_whole(house, unwaiting)
    sizes = [len(body["input"]) for body in server.seen if isinstance(body["input"], list)]
    assert max(sizes) == AT_ONCE <= 10


def test_a_server_that_is_away_is_tried_again_later_and_the_note_goes(house: House, server: EmbeddingServer) -> None:
    server.fail = 401
    waited: list[float] = []

    def wait(seconds: float) -> None:
        waited.append(seconds)
        assert INCOMPLETE in house.notes
        assert answers(house)
        server.fail = 401 if len(waited) < 4 else None

    fill_until_whole(house, wait)
    assert waited == [*WAITS, WAITS[-1]]
    assert (share(house), INCOMPLETE in house.notes) == (1.0, False)


def test_a_fault_that_passes_is_tried_again_within_a_batch(server: EmbeddingServer) -> None:
    server.fail_first = 1
    assert len(openai_compatible("m", server.url, "").embed_documents(["补贴"])) == 1
    assert len(server.seen) == 2


def test_another_embedder_fills_in_behind_while_questions_are_answered(
    house: House, server: EmbeddingServer, clock: FixedClock
) -> None:
    fill_until_whole(house, unwaiting)
    server.width = 48
    again = build(small_settings(house.settings.data_dir, **served(server, "another")), clock)
    assert (answers(again), share(again)) == (True, 0.0)
    fill_until_whole(again, unwaiting)
    assert (answers(again), share(again)) == (True, 1.0)
    before = build(small_settings(house.settings.data_dir, **served(server)), clock)
    assert share(before) == 1.0  # going back costs nothing
    again.engine.dispose()
    before.engine.dispose()


def test_a_server_that_changes_its_width_under_the_same_name_is_embedded_anew(
    house: House, server: EmbeddingServer, clock: FixedClock
) -> None:
    fill_until_whole(house, unwaiting)
    server.width = 48
    assert answers(house)  # by words: nothing can be compared
    again = build(small_settings(house.settings.data_dir, **served(server)), clock)
    assert answers(again)
    server.seen.clear()
    fill_until_whole(again, unwaiting)
    shelf = again.reader.shelf()
    assert shelf is not None
    found = again.places.cache.get("served-bge-m3", list(shelf.opened.ordinal))
    assert {len(vector) for vector in found.values()} == {48}
    assert (answers(again), share(again)) == (True, 1.0)
    assert sum(len(body["input"]) for body in server.seen if isinstance(body["input"], list)) > len(found) / 2
    again.engine.dispose()


@pytest.mark.parametrize("what", ["ragged", "fewer", "words", "none"])
def test_vectors_that_are_none_are_the_ports_error(house: House, server: EmbeddingServer, what: str) -> None:
    server.said = what
    embedder = openai_compatible("m", server.url, "k")
    with pytest.raises(EmbedderError):
        embedder.embed_documents(["补贴", "奖励"])
    assert answers(house)


def test_questions_are_not_sent_to_a_server_that_failed_five_times(house: House, server: EmbeddingServer) -> None:
    fill_until_whole(house, unwaiting)
    server.fail = 500
    server.seen.clear()
    assert all(answers(house) for _ in range(8))
    assert len(server.seen) == 5
