"""Searching: inside what is allowed before the cut to k, both legs blended, named documents first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from rag.adapters.memory import MemoryVectorStore
from rag.dense import DenseScans, DenseStore
from rag.indexing import fill_vectors, open_release, publish, write_vectors
from rag.lexical import terms_of
from rag.models import Document, Hit
from rag.opened import OpenRelease
from rag.ports import VectorStoreError
from rag.retrieval import POOL, Search, search
from tests.support.policies import plain, policies, recarded
from tests.support.shelves import NOW, CountingEmbedder, a_reader, memory_places


def opened(documents: Sequence[Document], *, vectors: bool = True) -> OpenRelease:
    shelf = a_reader(documents, memory_places(CountingEmbedder() if vectors else None)).shelf()
    assert shelf is not None
    return shelf.opened


def wanted(words: str, weight: float = 0.35) -> Search:
    vector = np.asarray(CountingEmbedder().embed_query(words), dtype=np.float32)
    return Search(dict.fromkeys(terms_of(words).tolist(), 1.0), vector, weight)


def lexically(words: str) -> Search:
    return Search(dict.fromkeys(terms_of(words).tolist(), 1.0))


def documents(hits: Sequence[Hit]) -> list[str]:
    return [hit.passage.document for hit in hits]


def rows(release: OpenRelease, *names: str) -> np.ndarray:
    return np.array([version.document.id in names for version in release.documents])


@pytest.mark.parametrize("vectors", [True, False], ids=["both legs", "lexically"])
@pytest.mark.parametrize(
    ("words", "document"),
    [
        ("首次通过高新技术企业认定奖励", "qd-hitech-2025"),
        ("瞪羚企业奖励", "sd-gazelle-2024"),
        ("贷款按实付利息贴息", "qd-loan-2020"),
        ("激光雷达标定", "lidar-note"),
    ],
)
def test_the_passage_that_says_it_comes_first(words: str, document: str, vectors: bool) -> None:
    release = opened([*policies(), plain()], vectors=vectors)
    hits = search(release, wanted(words) if vectors else lexically(words))
    assert hits[0].passage.document == document
    assert (hits[0].dense is not None) is vectors


def test_hits_come_best_first_once_each_and_at_most_k() -> None:
    release = opened(policies())
    for k in (1, 3, 1_000):
        hits = search(release, wanted("补贴标准"), k=k)
        assert len(hits) == min(k, len(hits)) <= k
        assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
        assert len({hit.passage.id for hit in hits}) == len(hits)


def test_scores_lie_between_nought_and_one_where_nothing_is_named() -> None:
    hits = search(opened(policies()), wanted("创业补贴"), k=100)
    assert all(0 <= hit.score <= 1 + 1e-6 for hit in hits)


def test_only_allowed_documents_are_found_however_well_others_fit() -> None:
    release = opened(policies())
    allowed = rows(release, "sd-gazelle-2024")
    hits = search(release, wanted("首次通过高新技术企业认定奖励"), allowed)
    assert set(documents(hits)) == {"sd-gazelle-2024"}
    assert search(release, wanted("补贴"), np.zeros(len(release.documents), dtype=bool)) == []


def test_what_is_allowed_is_cut_to_k_after_narrowing() -> None:
    crowd = [replace(plain(), id=f"crowd-{n}", title=f"激光雷达标定须知{n}") for n in range(POOL + 10)]
    release = opened([*crowd, *policies()], vectors=False)
    hits = search(release, lexically("激光雷达 奖励"), rows(release, "qd-hitech-2025"), k=3)
    assert set(documents(hits)) == {"qd-hitech-2025"}


def test_nothing_that_matches_is_nothing_found() -> None:
    release = opened(policies(), vectors=False)
    assert search(release, lexically("xyzzy")) == []
    assert search(release, Search({})) == []


def test_a_leg_without_weight_does_not_count() -> None:
    release = opened(policies())
    with_vector = search(release, wanted("创业补贴", weight=0.0))
    without = search(release, lexically("创业补贴"))
    assert [(h.passage.id, h.score) for h in with_vector] == [(h.passage.id, h.score) for h in without]


def test_the_dense_leg_alone_finds_what_shares_no_word() -> None:
    release = opened(policies())
    (passage, *_) = release.passages_of("sd-gazelle-2024")
    assert isinstance(release.dense, DenseScans)
    place = release.ordinal[passage.id]
    near = Search({}, release.dense.rows(np.array([place]))[place], 0.35)
    assert search(release, near)[0].passage == passage


def test_a_named_document_leads() -> None:
    release = opened(policies())
    row = release.place["sd-gazelle-2024"]
    hits = search(release, replace(wanted("高新技术企业认定奖励"), named={row: 1.0}))
    assert hits[0].passage.document == "sd-gazelle-2024"


def test_the_surer_of_two_named_documents_leads() -> None:
    release = opened(policies())
    named = {release.place["sd-gazelle-2024"]: 0.5, release.place["qd-loan-2020"]: 1.0}
    hits = search(release, Search({}, named=named), k=50)
    assert documents(hits) == ["qd-loan-2020"] * 2 + ["sd-gazelle-2024"] * 2


def test_a_factor_moves_a_document_down() -> None:
    release = opened(policies())
    before = documents(search(release, wanted("创业补贴标准"), k=50))
    factors = np.ones(len(release.documents), dtype=np.float32)
    factors[release.place[before[0]]] = 0.1
    after = documents(search(release, replace(wanted("创业补贴标准"), factors=factors), k=50))
    assert after[0] != before[0]
    assert sorted(after) == sorted(before)


def test_a_release_half_embedded_is_searched_by_what_there_is() -> None:
    release = opened(policies(), vectors=False)
    some = release.passages_of("qd-hitech-2025")[:2]
    embedder = CountingEmbedder()
    release.give_vectors({p.id: np.asarray(embedder.embed_query(p.text), dtype=np.float32) for p in some})
    assert search(release, wanted("瞪羚企业奖励"))[0].passage.document == "sd-gazelle-2024"


class LostVectors(MemoryVectorStore):
    """A vector store that went away after the release was opened."""

    gone = False

    def search(self, segments: Sequence[str], vector: np.ndarray, k: int) -> list[tuple[str, float]]:
        if self.gone:
            raise VectorStoreError("the server went away")
        return super().search(segments, vector, k)


def stored(vectors: LostVectors) -> OpenRelease:
    """A release too large for an exact scan, its vectors in a store."""
    places = replace(memory_places(CountingEmbedder()), vectors=vectors, exact_scan_max=0)
    release = publish(policies(), places, NOW).release
    first = open_release(release, places)
    fill_vectors(first, places)
    write_vectors(first, places)
    opened_again = open_release(release, places)
    assert isinstance(opened_again.dense, DenseStore)
    return opened_again


def test_a_large_release_is_searched_through_the_vector_store_with_the_same_result() -> None:
    exact, through_store = opened(policies()), stored(LostVectors())
    for words in ("首次通过高新技术企业认定奖励", "瞪羚企业奖励", "住房补贴"):
        ours, theirs = (
            {hit.passage.id: hit.score for hit in search(release, wanted(words))} for release in (exact, through_store)
        )
        assert ours == pytest.approx(theirs, abs=1e-3)


def test_a_vector_store_that_went_away_leaves_the_lexical_leg() -> None:
    vectors = LostVectors()
    release = stored(vectors)
    vectors.gone = True
    hits = search(release, wanted("瞪羚企业奖励"))
    assert hits[0].passage.document == "sd-gazelle-2024"
    assert all(hit.dense is None for hit in hits)


def test_a_change_of_cards_alone_leaves_a_large_release_on_its_store() -> None:
    places = replace(memory_places(CountingEmbedder()), exact_scan_max=0)
    first = open_release(publish(policies(), places, NOW).release, places)
    fill_vectors(first, places)
    write_vectors(first, places)
    changed_card = [recarded(d, notes="附注。") if d.id == "qd-hitech-2025" else d for d in policies()]
    assert isinstance(open_release(publish(changed_card, places, NOW).release, places).dense, DenseStore)


def test_what_was_hidden_while_the_store_was_written_is_found_when_it_comes_back() -> None:
    places = replace(memory_places(CountingEmbedder()), exact_scan_max=0)
    everything = publish(policies(), places, NOW).release
    fill_vectors(open_release(everything, places), places)
    fewer = [d for d in policies() if d.id != "sd-gazelle-2024"]
    write_vectors(open_release(publish(fewer, places, NOW).release, places), places)
    release = open_release(publish(policies(), places, NOW).release, places)
    assert isinstance(release.dense, DenseStore)
    vector_only = replace(wanted("瞪羚企业奖励"), terms={})
    assert search(release, vector_only)[0].passage.document == "sd-gazelle-2024"
