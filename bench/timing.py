"""CPU time of pieces of work, taken in turns, so that whatever else the machine does falls on both sides."""

from __future__ import annotations

import resource
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from rag.evaluation.rows import Bar, Row


@dataclass(frozen=True, slots=True)
class Pairs:
    """Seconds of CPU of two sides, pair by pair; the ratio is the median of the pairs' ratios."""

    ours: tuple[float, ...]
    peer: tuple[float, ...]

    @property
    def ratio(self) -> float:
        return median(mine / theirs for mine, theirs in zip(self.ours, self.peer, strict=True))

    def row(self, name: str, bar: Bar | None, note: str = "", scale: float = 1.0) -> Row:
        """Both sides' medians, in seconds times `scale`, and the ratio that is held to the bar."""
        mine, theirs, found = median(self.ours) * scale, median(self.peer) * scale, self.ratio
        return Row(name, mine, theirs, found, bar, bar.met_by(found) if bar else None, note or self.spread)

    @property
    def spread(self) -> str:
        ratios = [mine / theirs for mine, theirs in zip(self.ours, self.peer, strict=True)]
        return f"{min(ratios):.3g}–{max(ratios):.3g} over {len(ratios)} pairs"


def cpu(work: Callable[[], object]) -> float:
    """Seconds of CPU that this process spends on a piece of work."""
    began = time.process_time()
    work()
    return time.process_time() - began


def p50(works: Sequence[Callable[[], object]]) -> float:
    """The median of what these take."""
    return median(cpu(work) for work in works)


def mean_of(works: Sequence[Callable[[], object]]) -> float:
    """The mean of what these take: where some pay for the others."""
    return sum(cpu(work) for work in works) / len(works)


def alternating(ours: Callable[[], float], peer: Callable[[], float], pairs: int) -> Pairs:
    """Both sides in turns; each call returns its own seconds."""
    taken = [(ours(), peer()) for _ in range(pairs)]
    return Pairs(tuple(mine for mine, _ in taken), tuple(theirs for _, theirs in taken))


def child_cpu(command: Sequence[str], folder: Path) -> float:
    """Seconds of CPU of a process started in `folder` and of its children. Raises CalledProcessError on failure."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, capture_output=True, cwd=folder)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime - before.ru_utime) + (after.ru_stime - before.ru_stime)
