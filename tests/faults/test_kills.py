"""One kill -9 at each point of a publish: a whole release serves on, the next run finishes. `make faults` runs more."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag.indexing import MAX_SEGMENTS
from tests.faults.publisher import AFTER_THE_FLIP, FAILPOINTS, Failpoint, places_in, publish_revision, revision
from tests.faults.rounds import Ground, RoundError, check_serving, kill_at

IN_THE_SUITE = ("segment-half", "segment-written", "pointed", "committed", "embedding")
"""The other points of the store's transaction are killed at by its own contract tests; `make faults` takes them all."""


@pytest.mark.parametrize("failpoint", IN_THE_SUITE)
def test_a_kill_leaves_a_whole_release_and_the_next_run_finishes(tmp_path: Path, failpoint: str) -> None:
    ground = Ground.at(tmp_path)
    kill_at(ground, failpoint)
    assert (ground.killed, ground.number) == (1, 2)


def test_a_kill_while_segments_are_merged_leaves_a_whole_release(tmp_path: Path) -> None:
    ground = Ground.at(tmp_path)
    while ground.number <= MAX_SEGMENTS - 1:
        ground.number += 1
        publish_revision(ground.places, ground.number)
    live = ground.places.store.live()
    assert live is not None
    assert len(live.segments) == MAX_SEGMENTS
    kill_at(ground, "segment-written")
    live = ground.places.store.live()
    assert live is not None
    assert len(live.segments) == 1


def test_a_publish_passes_every_failpoint(tmp_path: Path) -> None:
    """A failpoint that is never passed would kill nobody and prove nothing."""

    class Noting(Failpoint):
        def __init__(self) -> None:
            super().__init__()
            self.passed: list[str] = []

        def __call__(self, passed: str) -> None:
            self.passed.append(passed)

    noting = Noting()
    publish_revision(places_in(tmp_path, noting), 1)
    assert set(FAILPOINTS) == set(noting.passed)
    assert noting.passed.count("embedding") >= 2
    flip = noting.passed.index("committed")
    assert set(noting.passed[flip:]) == set(AFTER_THE_FLIP)


def test_the_rounds_notice_a_mixed_or_wrong_release(tmp_path: Path) -> None:
    ground = Ground.at(tmp_path)
    check_serving(ground, {1})
    with pytest.raises(RoundError):
        check_serving(ground, {2})
    assert len({document.id for document in revision(1)} ^ {document.id for document in revision(2)}) == 2
