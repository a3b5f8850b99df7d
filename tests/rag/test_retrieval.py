"""Searching: inside what is allowed before the cut to k, both legs blended, named documents first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from rag.lexical import terms_of
from rag.models import Document, Hit
from rag.opened import OpenRelease
from rag.retrieval import POOL, Search, search
from tests.support.policies import plain, policies
from tests.support.shelves import CountingEmbedder, a_reader, memory_places


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
    assert release.dense is not None
    near = Search({}, release.dense._matrix[release.ordinal[passage.id]], 0.35)
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
