"""A console over a bureau, on either database or on SQLite alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine

from bot.clock import FixedClock
from tests.support.bureau import Bureau, bureau_of
from tests.support.consoles import Console


@pytest.fixture
def bureau(sqlite_engine: Engine, clock: FixedClock, data_dir: Path) -> Bureau:
    return bureau_of(sqlite_engine, clock, data_dir)


@pytest.fixture
def console(bureau: Bureau) -> Console:
    return Console(bureau)
