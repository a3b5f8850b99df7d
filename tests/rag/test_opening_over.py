"""A release opened over the one before it is the release opened alone, whatever was added, changed, retired, merged."""

from __future__ import annotations

import random

import numpy as np
import pytest

from rag.adapters.hashed import HashedEmbedder
from rag.dense import DenseScans
from rag.indexing import MAX_SEGMENTS, fill_vectors, open_release, publish
from rag.lexical import terms_of
from rag.models import Document
from rag.opened import OpenRelease
from rag.reader import Reader
from rag.retrieval import Search, search
from tests.support.shelves import NOW, memory_places

WORDS = ("创业补贴", "贷款贴息", "检验周期", "设备更新")


def a_document(number: int, edition: int) -> Document:
    lines = [f"第{n}条 第{number}号{WORDS[(number + n) % 4]}每{edition * (n == 1)}年核定一次。" for n in (1, 2, 3)]
    return Document(f"note-{number}", f"须知{number}", "\n".join(lines))


def facts(opened: OpenRelease) -> dict[str, tuple[str, float, float]]:
    """Of every live passage its document, its score by words and its cosine."""
    embedder = HashedEmbedder()
    query = dict.fromkeys(terms_of("创业补贴和贷款贴息").tolist(), 1.0)
    scores, vector = opened.lexical.scores(query), np.asarray(embedder.embed_query("创业补贴"), dtype=np.float32)
    assert opened.dense is not None
    places = np.array(list(opened.ordinal.values()), dtype=np.intp)
    cosines = opened.dense.cosines(vector, places)
    return {
        key: (opened.documents[opened.owners[place]].version, round(float(scores[place]), 4), round(float(cosine), 4))
        for (key, place), cosine in zip(opened.ordinal.items(), cosines.tolist(), strict=True)
    }


def found(opened: OpenRelease) -> list[str]:
    query = Search(dict.fromkeys(terms_of("设备更新").tolist(), 1.0))
    return sorted(hit.passage.id for hit in search(opened, query, k=100))


@pytest.mark.parametrize("seed", range(2))
def test_it_is_the_release_opened_alone(seed: int) -> None:
    places, dice = memory_places(HashedEmbedder()), random.Random(seed)  # noqa: S311  # a trial, no secret
    reader, editions = Reader(places), dict.fromkeys(range(12), 0)
    for _ in range(3 * MAX_SEGMENTS):
        for number in dice.sample(range(20), 3):
            if number in editions and dice.random() < 0.3 and len(editions) > 4:
                del editions[number]
            else:
                editions[number] = dice.randint(0, 3)
        publish([a_document(*pair) for pair in sorted(editions.items())], places, NOW)
        shelf = reader.shelf()
        assert shelf is not None
        fill_vectors(shelf.opened, places)
        reader.take_vectors()
        alone = open_release(shelf.opened.release, places)
        assert facts(shelf.opened) == facts(alone)
        assert found(shelf.opened) == found(alone)
        assert shelf.opened.ids == alone.ids
        assert shelf.opened.vectors_share == alone.vectors_share == 1.0


def test_what_did_not_change_is_shared_and_not_copied() -> None:
    places = memory_places(HashedEmbedder())
    reader = Reader(places)
    publish([a_document(number, 0) for number in range(12)], places, NOW)
    before = reader.shelf()
    assert before is not None
    fill_vectors(before.opened, places)
    reader.take_vectors()
    publish([a_document(number, int(number == 3)) for number in range(12)], places, NOW)
    after = reader.shelf()
    assert after is not None
    assert isinstance(before.opened.dense, DenseScans)
    assert isinstance(after.opened.dense, DenseScans)
    assert after.opened.dense.scans[0] is before.opened.dense.scans[0]
    assert after.opened.segments[0] is before.opened.segments[0]
    same = [version for version in after.opened.documents if any(version is held for held in before.opened.documents)]
    assert len(same) == 11


def test_a_release_that_is_gone_back_to_is_opened_over_the_newer_one() -> None:
    places = memory_places(HashedEmbedder())
    reader = Reader(places)
    first = publish([a_document(number, 0) for number in range(6)], places, NOW).release
    reader.shelf()
    publish([a_document(number, 1) for number in range(4)], places, NOW)
    newer = reader.shelf()
    assert newer is not None
    back = open_release(first, places, newer.opened)
    assert found(back) == found(open_release(first, places))
    assert back.missing() == set()
