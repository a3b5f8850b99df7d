"""Rounds of kill -9 while a corpus is published: `make faults` runs ten at every failpoint, twenty at any moment.

After every kill a reader that has been open all along and one that opens afresh must both answer, each from one whole
release (the old one before the flip, the new one after it); the next run must finish what was begun.
"""

from __future__ import annotations

import argparse
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from sqlalchemy import text

from db.engine import make_engine, reading
from rag.indexing import Indexes, open_release, release_id, version_of
from rag.models import AnswerStatus, Question
from rag.pipeline import Pipeline
from rag.reader import Reader
from tests.faults.publisher import AFTER_THE_FLIP, FAILPOINTS, places_in, publish_revision, revision

ROOT = Path(__file__).parents[2]
ASKED = {"首次认定高新技术企业奖励多少钱": "1万元", "新认定的省瞪羚企业奖励多少": "5万元"}


class RoundError(AssertionError):
    """Something that a kill must not do, was done."""


@dataclass(slots=True)
class Ground:
    """A data folder under fire, and a reader that has been open all along."""

    data: Path
    places: Indexes
    reader: Reader
    number: int = 1
    killed: int = 0
    survived: int = 0
    seconds: float = field(default=0.0)

    @classmethod
    def at(cls, data: Path) -> Ground:
        places = places_in(data)
        publish_revision(places, 1)
        return cls(data, places, Reader(places))


def kill_at(ground: Ground, failpoint: str, times: int = 1) -> None:
    """One round: the next revision is published by a process that dies at the failpoint, and then by one that lives."""
    command = [sys.executable, "-m", "tests.faults.publisher", str(ground.data), str(ground.number + 1), failpoint]
    died = subprocess.run([*command, str(times)], cwd=ROOT, capture_output=True)
    if died.returncode != -signal.SIGKILL:
        raise RoundError(f"nobody died at {failpoint}: {died.returncode} {died.stderr.decode()[-500:]}")
    ground.killed += 1
    expected = ground.number + 1 if failpoint in AFTER_THE_FLIP else ground.number
    check_serving(ground, {expected})
    finish(ground)


def kill_after(ground: Ground, seconds: float) -> None:
    """One round: the publishing process is killed at a moment of chance, wherever it is."""
    command = [sys.executable, "-m", "tests.faults.publisher", str(ground.data), str(ground.number + 1)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        process.wait(seconds)
        ground.survived += 1
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        ground.killed += 1
    check_serving(ground, {ground.number, ground.number + 1})
    finish(ground)


def check_serving(ground: Ground, expected: set[int]) -> None:
    """Both readers answer from one whole release, which is that of one of the expected revisions."""
    for reader in (ground.reader, Reader(ground.places)):
        seen = {_revision_told(reader, question, unit, expected) for question, unit in ASKED.items()}
        if len(seen) != 1:
            raise RoundError(f"an answer from two releases: {sorted(seen)}")
        _check_whole(ground.places, seen.pop())
    with reading(make_engine(f"sqlite:///{ground.data / 'assistant.db'}")) as connection:
        if connection.scalar(text("PRAGMA integrity_check")) != "ok":
            raise RoundError("the database is damaged")


def _revision_told(reader: Reader, question: str, unit: str, expected: set[int]) -> int:
    answer = Pipeline(reader, lambda: date(2026, 3, 2)).answer(Question(question))
    told = [number for number in expected if any(f"{number}{unit}" in claim.text for claim in answer.claims)]
    if answer.status is not AnswerStatus.ANSWERED or len(told) != 1:
        raise RoundError(f"{answer.status} to {question!r}, expected revision {expected}: {answer.claims}")
    return told[0]


def _check_whole(places: Indexes, number: int) -> None:
    """The live release is exactly that revision, and everything of it is there."""
    live = places.store.live()
    wanted = {document.id: version_of(document) for document in revision(number)}
    if live is None or dict(live.documents) != wanted or live.id != release_id(wanted):
        raise RoundError(f"the live release is not revision {number}")
    if len(places.store.versions(live.documents.values())) != len(wanted):
        raise RoundError("a document of the live release is missing")


def finish(ground: Ground) -> None:
    """The next run publishes what was begun, with all of its vectors."""
    ground.number += 1
    publish_revision(ground.places, ground.number)
    check_serving(ground, {ground.number})
    live = ground.places.store.live()
    if live is None or open_release(live, ground.places).vectors_share != 1.0:
        raise RoundError("vectors are missing after the next run")


def rounds(data: Path, each: int, at_random: int) -> Iterator[tuple[str, Ground]]:
    """Every failpoint in turn, then moments of chance; after each the ground with its counts."""
    for failpoint in FAILPOINTS:
        ground = Ground.at(data / failpoint)
        started = time.perf_counter()
        for _ in range(each):
            kill_at(ground, failpoint)
        ground.seconds = time.perf_counter() - started
        yield failpoint, ground
    ground = Ground.at(data / "random")
    started, chance = time.perf_counter(), random.Random(20260302)  # noqa: S311  # moments, not secrets
    for _ in range(at_random):
        kill_after(ground, chance.uniform(0.2, 1.3))
    ground.seconds = time.perf_counter() - started
    yield "any moment", ground


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=10, help="rounds at each failpoint (default 10)")
    options.add_argument("--random", type=int, default=20, help="rounds at moments of chance (default 20)")
    chosen = options.parse_args()
    sys.stdout.write(f"{'killed at':<18}{'killed':>8}{'finished first':>16}{'seconds':>9}\n")
    with tempfile.TemporaryDirectory() as folder:
        for name, ground in rounds(Path(folder), chosen.rounds, chosen.random):
            sys.stdout.write(f"{name:<18}{ground.killed:>8}{ground.survived:>16}{ground.seconds:>9.1f}\n")
            sys.stdout.flush()
    sys.stdout.write("every kill left one whole release serving, and the next run finished\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
