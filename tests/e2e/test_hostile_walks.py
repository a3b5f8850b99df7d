"""Clumsy and hostile people at both doors at once, by a seed: no fault, no leak, no dead end, nothing lost."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.clock import FixedClock
from tests.support.acceptance import Site
from tests.support.walker import Crowd, Walker

TURNS = 150


@pytest.fixture
def crowd(data_dir: Path, clock: FixedClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Crowd]:
    """Two browsers, one of them in English, and a terminal; two of the three claim to be of one organisation."""
    monkeypatch.chdir(tmp_path)  # where the terminal puts what it saves
    site = Site(data_dir, clock)
    people = [
        Walker(site, site.browser(), "甲鲸", "贾静一", "13905328765", "91370200264574251E"),
        Walker(site, site.browser("en"), "丁鳗", "丁满四", "13853212346", "91110000600037341L"),
        Walker(site, site.terminal("bing"), "丙鲷", "柄雕三", "15866778899", "91370200264574251E"),
    ]
    yield Crowd(site, people, random.Random())  # noqa: S311  # chance, not secrecy
    site.close()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_nobody_breaks_loses_or_overhears_anything(crowd: Crowd, seed: int) -> None:
    crowd.rng.seed(seed)
    crowd.walk(TURNS)
    crowd.check_stored()
    assert len(crowd.statuses) > 10, "a walk that sees little proves little"
