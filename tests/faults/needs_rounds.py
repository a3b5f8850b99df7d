"""Long proofs of needs: `make faults` runs twenty kill rounds at each named failpoint, and 50 writers × 40 times.

The short round of each is in test_needs_kills.py.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.faults import journeys, writers

POSTGRES = os.environ.get("TEST_POSTGRES_URL", "postgresql+psycopg://postgres@127.0.0.1:5432/test")
WRITERS = (5, 10, 40)
"""Processes, writers in each, submissions of each: 2,000 in all."""


def kill_rounds(folder: Path, each: int) -> Iterator[str]:
    """A line for every failpoint; raises JourneyError where a kill did what it must not."""
    expected = journeys.undisturbed(folder / "undisturbed")
    for point in journeys.POINTS:
        started, slowest = time.perf_counter(), 0.0
        for number in range(each):
            slowest = max(slowest, journeys.round_at(folder / f"{point}-{number}", point, expected).slowest)
        took = time.perf_counter() - started
        yield f"{point:<22}{each:>4} killed   serving again after {slowest:.1f} s at most   {took:.0f} s"
    for die in (journeys.BEFORE, journeys.AFTER, journeys.UNSENT):
        journey = journeys.round_everywhere(folder / f"everywhere-{die}", die, expected)
        yield f"{die + ' everywhere':<22}{journey.killed:>4} killed   in one journey"


def write_everywhere(folder: Path) -> Iterator[str]:
    """A line for each database that is there."""
    databases = {"SQLite": f"sqlite:///{folder / 'writers.db'}"}
    try:
        databases["PostgreSQL"] = writers.fresh_postgres(POSTGRES, "kechuang_writers")
    except Exception as fault:
        yield f"PostgreSQL: not measured, {type(fault).__name__}"
    for name, url in databases.items():
        outcome = writers.run(url, folder / name, *WRITERS)
        yield f"{name:<12}{outcome.submissions} submissions, {outcome.references} numbers, {outcome.seconds:.0f} s"


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=20, help="rounds at each failpoint (default 20)")
    rounds = options.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        for line in kill_rounds(Path(folder), rounds):
            sys.stdout.write(line + "\n")
            sys.stdout.flush()
        for line in write_everywhere(Path(folder)):
            sys.stdout.write(line + "\n")
            sys.stdout.flush()
    sys.stdout.write("nothing acknowledged was lost, nothing was done twice\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
