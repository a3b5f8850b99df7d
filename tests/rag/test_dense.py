"""The dense scan: exact while it is small, behind a bit sketch that loses next to nothing when it is not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.dense import SKETCH_FROM, DenseScan, DenseStore, best


def chance() -> np.random.Generator:
    return np.random.default_rng(20260302)


def units(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def clustered(count: int, width: int, clusters: int) -> np.ndarray:
    """Unit vectors as sentence embedders make them: crowded around one direction, in clusters."""
    draw = chance()
    common = draw.normal(size=width) * 2
    centres = common + draw.normal(size=(clusters, width))
    return units(centres[draw.integers(clusters, size=count)] + 0.6 * draw.normal(size=(count, width)))


def a_scan(rows: np.ndarray, missing: frozenset[int] = frozenset()) -> DenseScan:
    ids = [f"p{place}" for place in range(len(rows))]
    return DenseScan(
        ids, {key: row for place, (key, row) in enumerate(zip(ids, rows, strict=True)) if place not in missing}
    )


def exact(rows: np.ndarray, query: np.ndarray, k: int, allowed: np.ndarray | None = None) -> list[int]:
    cosines = rows @ query
    places = np.arange(len(rows)) if allowed is None else np.flatnonzero(allowed)
    return sorted(places.tolist(), key=lambda place: (-cosines[place], place))[:k]


def test_a_small_scan_is_exact() -> None:
    rows = clustered(300, 32, 8)
    query = units(rows[:1] + 0.1)[0]
    assert a_scan(rows).top(query, None, 10).tolist() == exact(rows, query, 10)


def test_only_what_is_allowed_is_found() -> None:
    rows = clustered(300, 32, 8)
    allowed = np.arange(300) % 3 == 0
    assert a_scan(rows).top(rows[0], allowed, 10).tolist() == exact(rows, rows[0], 10, allowed)
    assert a_scan(rows).top(rows[0], np.zeros(300, dtype=bool), 10).tolist() == []


@pytest.mark.parametrize("share", [1.0, 0.1], ids=["all", "a tenth allowed"])
def test_behind_the_sketch_nineteen_in_twenty_of_the_exact_top_fifty_are_found(share: float) -> None:
    rows = clustered(SKETCH_FROM + 2_000, 384, 60)
    draw = chance()
    scan, allowed = a_scan(rows), draw.random(len(rows)) < share
    queries = units(rows[draw.integers(len(rows), size=20)] + 0.02 * draw.normal(size=(20, 384)))
    found = sum(
        len(set(scan.top(query, allowed, 50).tolist()) & set(exact(rows, query, 50, allowed))) for query in queries
    )
    assert found / (20 * 50) >= 0.95


@pytest.mark.parametrize("count", [200, SKETCH_FROM + 10])
def test_a_row_without_a_vector_never_wins(count: int) -> None:
    rows = -np.abs(clustered(count, 16, 4))
    query = np.full(16, 0.25, dtype=np.float32)  # every cosine is negative, that of a zero row would be the best
    missing = frozenset(range(0, count, 5))
    scan = a_scan(rows, missing)
    top = scan.top(query, None, count).tolist()
    assert top
    assert not missing & set(top)
    assert scan.share == pytest.approx(1 - len(missing) / count)


def test_a_scan_without_vectors_finds_nothing() -> None:
    scan = DenseScan(["a", "b"], {})
    assert scan.top(np.zeros(0, np.float32), None, 5).tolist() == []
    assert scan.share == 0.0
    assert DenseScan([], {}).share == 0.0


def test_vectors_of_others_are_left_out() -> None:
    scan = DenseScan(["a"], {"a": np.ones(4, np.float32) / 2, "b": np.zeros(4, np.float32)})
    assert scan.share == 1.0
    assert scan.top(np.ones(4, np.float32) / 2, None, 5).tolist() == [0]


@given(st.lists(st.sampled_from([0.0, 0.5, 1.0, -1.0, -np.inf]), max_size=30), st.integers(0, 35))
def test_the_best_are_the_largest_finite_ones(scores: list[float], k: int) -> None:
    found = best(np.array(scores, dtype=np.float32), k).tolist()
    finite = [place for place, score in enumerate(scores) if score > -np.inf]
    assert len(found) == min(k, len(finite))
    assert sorted((scores[place] for place in found), reverse=True) == [scores[place] for place in found]
    assert [scores[p] for p in found] == sorted((scores[p] for p in finite), reverse=True)[:k]


def test_of_equal_scores_the_earlier_comes_first_where_all_fit() -> None:
    assert best(np.array([1, 2, 2, 1], dtype=np.float32), 4).tolist() == [1, 2, 0, 3]


def a_store(rows: np.ndarray, asked: list[int]) -> DenseStore:
    """A store that searches exactly and notes how many results it was asked for."""
    vectors = {f"p{place}": row for place, row in enumerate(rows)}

    def find(query: np.ndarray, k: int) -> list[tuple[str, float]]:
        asked.append(k)
        return [(f"p{place}", float(rows[place] @ query)) for place in exact(rows, query, k)]

    return DenseStore(list(vectors), find, lambda ids: {key: vectors[key] for key in ids})


def test_a_stored_leg_finds_what_a_scan_finds() -> None:
    rows = clustered(300, 32, 8)
    store, scan = a_store(rows, []), a_scan(rows)
    allowed = np.arange(300) % 50 == 0
    for query in rows[:5]:
        assert store.top(query, None, 10).tolist() == scan.top(query, None, 10).tolist()
        assert store.top(query, allowed, 10).tolist() == scan.top(query, allowed, 10).tolist()
        assert store.cosines(query, np.array([3, 1])) == pytest.approx(scan.cosines(query, np.array([3, 1])))


def test_a_stored_leg_asks_for_more_only_where_too_few_are_allowed() -> None:
    rows, asked = clustered(300, 32, 8), []
    store = a_store(rows, asked)
    store.top(rows[0], np.ones(300, dtype=bool), 5)
    assert len(asked) == 1
    assert store.top(rows[0], np.zeros(300, dtype=bool), 5).tolist() == []
    assert asked[-1] == 300


def test_of_an_id_held_twice_a_stored_leg_takes_the_first() -> None:
    store = DenseStore(["a", "b", "a"], lambda _query, _k: [("a", 1.0), ("gone", 0.9)], lambda _ids: {})
    assert store.top(np.ones(2, np.float32), np.array([True, True, False]), 1).tolist() == [0]
