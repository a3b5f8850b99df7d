"""Damage to what is only a cache: turned bytes and lost files of the index, the Chroma folder. `make faults` runs 100.

A house that starts over it answers every question by words as before, at once and without hands, and what was damaged
has been built again from SQL.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from bot.bootstrap import House, build
from bot.settings import Settings
from rag.indexing import write_vectors
from rag.models import Answer, Question
from rag.pipeline import Pipeline
from tests.support.policies import TODAY, policies, write_corpus

QUESTIONS = ("首次认定高新技术企业奖励多少钱", "新认定的省瞪羚企业奖励多少", "创业补贴怎么申请", "深圳高企补贴多少")
SOON = 5.0
"""Seconds after a start within which damage has to be found and questions answered."""


class DamageError(AssertionError):
    """Damage that was not found, or not mended."""


@dataclass(slots=True)
class Ground:
    folder: Path
    expected: Mapping[str, Answer]
    slowest: float = 0.0

    @classmethod
    def at(cls, folder: Path) -> Ground:
        write_corpus(folder / "corpus", policies())
        house = _house(folder)
        house.work.refresh()
        for number in range(2):  # more segments than one
            (folder / "corpus" / f"note-{number}.txt").write_text(
                f"须知{number}\n第一条 每{number + 1}年检验。", "utf-8"
            )
            house.work.refresh()
        ground = cls(folder, _answers(house))
        _let_go(house)
        return ground

    @property
    def segments(self) -> list[Path]:
        return sorted((self.folder / "data" / "index" / "segments").glob("*.npz"))

    @property
    def chroma(self) -> Path:
        return self.folder / "data" / "index" / "chroma"


def one_round(ground: Ground, damage: Callable[[Ground], object]) -> None:
    """Damage it, start over it, ask, mend, and ask what is there now."""
    damage(ground)
    began = time.monotonic()
    house = _house(ground.folder)
    try:
        if _answers(house) != ground.expected:
            raise DamageError("answers are not what they were")
        ground.slowest = max(ground.slowest, time.monotonic() - began)
        if ground.slowest > SOON:
            raise DamageError(f"it took {ground.slowest:.1f} s to answer")
        house.filling.fill()
        _check_mended(house)
    finally:
        _let_go(house)


def _check_mended(house: House) -> None:
    shelf = house.reader.shelf()
    live = house.places.store.live()
    if shelf is None or live is None or shelf.opened.vectors_share != 1.0:
        raise DamageError("vectors are missing")
    for name in live.segments:
        house.places.segments.read(name)  # raises where it is damaged still
    write_vectors(shelf.opened, house.places)
    if house.places.vectors is None or not house.places.vectors.segments():
        raise DamageError("the vector store is empty")


def _house(folder: Path) -> House:
    settings = Settings.model_construct(
        data_dir=folder / "data", corpus_dir=folder / "corpus", embed_model="hashed", golden_file=folder / "none"
    )
    return build(settings)


def _let_go(house: House) -> None:
    if house.places.vectors is not None:
        house.places.vectors.rest()
    house.engine.dispose()


def _answers(house: House) -> dict[str, Answer]:
    """By words alone, without how long each step took."""
    pipeline = Pipeline(house.reader, lambda: TODAY)
    return {text: replace(pipeline.answer(Question(text, private=True)), steps=()) for text in QUESTIONS}


def turned_byte(ground: Ground, dice: random.Random) -> None:
    path = dice.choice(ground.segments)
    data = bytearray(path.read_bytes())
    data[dice.randrange(len(data))] ^= dice.randrange(1, 256)
    path.write_bytes(bytes(data))


def turned_in_chroma(ground: Ground, dice: random.Random) -> None:
    path = ground.chroma / "chroma.sqlite3"
    data = bytearray(path.read_bytes())
    for _ in range(100):
        data[dice.randrange(len(data))] ^= dice.randrange(1, 256)
    path.write_bytes(bytes(data))


def lost_segments(ground: Ground) -> None:
    for path in ground.segments:
        path.unlink()


def lost_chroma(ground: Ground) -> None:
    shutil.rmtree(ground.chroma)


def rounds(folder: Path, each: int) -> Iterator[str]:
    dice = random.Random(20260302)  # noqa: S311  # places, not secrets
    ground = Ground.at(folder)
    kinds: Mapping[str, tuple[int, Callable[[Ground], object]]] = {
        "a byte of a segment": (each, lambda at: turned_byte(at, dice)),
        "every segment lost": (3, lost_segments),
        "the Chroma folder lost": (3, lost_chroma),
        "100 bytes of Chroma's file": (5, lambda at: turned_in_chroma(at, dice)),
    }
    for name, (times, damage) in kinds.items():
        ground.slowest = 0.0
        for _ in range(times):
            one_round(ground, damage)
        yield f"{name:<28}{times:>4} times, answering again after {ground.slowest:.1f} s at most"


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=100, help="bytes turned (default 100)")
    with tempfile.TemporaryDirectory() as folder:
        for line in rounds(Path(folder), options.parse_args().rounds):
            sys.stdout.write(line + "\n")
            sys.stdout.flush()
    sys.stdout.write("all damage was found, answered over and built again\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
