"""What every VectorCache must do, run on memory, SQLite and PostgreSQL."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bot.releases import SqlVectorCache
from db.engine import make_engine
from rag.adapters.memory import MemoryVectorCache
from rag.ports import VectorCache, VectorStoreError


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def cache(request: pytest.FixtureRequest) -> VectorCache:
    if request.param == "memory":
        return MemoryVectorCache()
    return SqlVectorCache(request.getfixturevalue(f"{request.param}_engine"))


def unit_vectors(count: int, width: int = 384) -> np.ndarray:
    rows = np.random.default_rng(7).normal(size=(count, width))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def test_vectors_come_back_nearly_as_they_were(cache: VectorCache) -> None:
    rows = unit_vectors(20)
    cache.put("e5", {f"p{n}": row for n, row in enumerate(rows)})
    found = cache.get("e5", [f"p{n}" for n in range(20)])
    kept = np.stack([found[f"p{n}"] for n in range(20)])
    assert kept.dtype == np.float32
    assert np.abs(kept @ kept.T - rows @ rows.T).max() < 1e-3


def test_only_what_is_cached_is_returned(cache: VectorCache) -> None:
    cache.put("e5", {"p": unit_vectors(1)[0]})
    assert cache.get("e5", ["p", "q"]).keys() == {"p"}
    assert cache.get("e5", []) == {}


def test_what_is_cached_is_told_without_its_vectors(cache: VectorCache) -> None:
    cache.put("e5", {"p": unit_vectors(1)[0]})
    assert cache.known("e5", ["p", "q"]) == {"p"}
    assert cache.known("bge", ["p"]) == cache.known("e5", []) == set()


def test_embedders_do_not_see_each_others_vectors(cache: VectorCache) -> None:
    first, second = unit_vectors(2)
    cache.put("e5", {"p": first})
    cache.put("bge", {"p": second[:4]})
    assert cache.get("e5", ["p"])["p"].shape == (384,)
    assert cache.get("bge", ["p"])["p"].shape == (4,)
    assert cache.get("none", ["p"]) == {}


def test_what_is_forgotten_is_gone_for_that_embedder_only(cache: VectorCache) -> None:
    first, second = unit_vectors(2)
    cache.put("e5", {"p": first, "q": second})
    cache.put("bge", {"p": first})
    cache.forget("e5", ["p", "never"])
    assert cache.get("e5", ["p", "q"]).keys() == {"q"}
    assert cache.get("bge", ["p"]).keys() == {"p"}
    cache.put("e5", {"p": second[:4]})
    assert cache.get("e5", ["p"])["p"].shape == (4,)


def test_a_vector_that_is_there_stays(cache: VectorCache) -> None:
    first, second = unit_vectors(2)
    cache.put("e5", {"p": first})
    before = cache.get("e5", ["p"])["p"]
    cache.put("e5", {"p": second, "q": second})
    assert np.array_equal(cache.get("e5", ["p"])["p"], before)
    assert cache.get("e5", ["q"]).keys() == {"q"}


def test_putting_nothing_is_fine(cache: VectorCache) -> None:
    cache.put("e5", {})
    assert cache.get("e5", ["p"]) == {}


def test_more_keys_than_a_statement_takes_are_fine(cache: VectorCache) -> None:
    rows = {f"p{n}": row for n, row in enumerate(unit_vectors(2000, width=8))}
    cache.put("e5", rows)
    assert cache.get("e5", list(rows)).keys() == rows.keys()


def test_a_database_that_cannot_be_opened_is_the_ports_error(tmp_path: Path) -> None:
    (tmp_path / "assistant.db").write_bytes(b"this is not a database" * 100)
    with pytest.raises(VectorStoreError, match="DatabaseError"):
        SqlVectorCache(make_engine(f"sqlite:///{tmp_path / 'assistant.db'}")).get("e5", ["p"])
