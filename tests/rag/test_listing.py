"""Lists for 「我能享受什么」: those that name the asker first, never a retired one, never more than fit."""

from __future__ import annotations

import numpy as np
import pytest

from rag.listing import MOST, candidates
from rag.models import Hit
from rag.reader import Shelf
from rag.understanding import understand
from tests.support.policies import TODAY, Clause, a_digest, a_policy, plain, policies
from tests.support.shelves import a_reader, memory_places


@pytest.fixture(scope="module")
def shelf() -> Shelf:
    many = [
        a_digest(
            a_policy(f"qd-many-{n}", f"青岛市低空经济若干措施之{n}", audience=("低空经济企业",)),
            [Clause("奖", "奖励1万元。")],
        )
        for n in range(MOST + 4)
    ]
    found = a_reader([*policies(), plain(), *many], memory_places()).shelf()
    assert found is not None
    return found


def listed(shelf: Shelf, text: str, *hits: str, allowed: np.ndarray | None = None) -> list[str]:
    found = [Hit(shelf.opened.passages_of(d)[0], 0.9 - place / 10) for place, d in enumerate(hits)]
    everything = np.ones(len(shelf.opened.documents), dtype=bool)
    return candidates(understand(text, TODAY), shelf, everything if allowed is None else allowed, found)


def test_who_is_named_comes_first(shelf: Shelf) -> None:
    assert listed(shelf, "我是高校毕业生，能享受什么政策", "qd-hitech-2025")[0] == "qd-housing-2021"


def test_an_industry_that_is_named_counts(shelf: Shelf) -> None:
    assert "ls-compute-2025" in listed(shelf, "我们做人工智能，能享受什么政策")


def test_what_the_search_found_is_listed_by_its_score(shelf: Shelf) -> None:
    assert listed(shelf, "我能享受什么政策", "sd-gazelle-2024", "qd-loan-2020") == ["sd-gazelle-2024", "qd-loan-2020"]


def test_what_is_not_allowed_is_not_listed(shelf: Shelf) -> None:
    nothing = np.zeros(len(shelf.opened.documents), dtype=bool)
    assert listed(shelf, "我是高校毕业生，能享受什么政策", "qd-hitech-2025", allowed=nothing) == []


def test_a_list_has_an_end_and_names_nothing_twice(shelf: Shelf) -> None:
    names = listed(shelf, "我们是低空经济企业，能享受什么政策", "qd-many-1", "qd-many-2")
    assert len(names) == len(set(names)) == MOST
    assert names[:2] == ["qd-many-1", "qd-many-2"]


def test_a_plain_text_is_no_policy_to_list(shelf: Shelf) -> None:
    assert listed(shelf, "我们能享受什么政策", "lidar-note") == []
