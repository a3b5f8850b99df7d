"""Which candidates are heads: their numbers must ascend, so that a cross-reference or a stray figure is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rag.chunking.marks import Mark, Rank

NO_DEPTH = 99


@dataclass(frozen=True, slots=True)
class Candidate:
    """A mark and where it stands: at a line's start, or after a blank within a line (`inline`).

    What came before ends at `cut`, the mark's own text begins at `start`. `fresh` says that what stands before it is
    finished: a sentence, a heading, or nothing. `heading` is the whole heading (第三章 监督管理) where the mark is a
    structural one, else "". `depth` is the number of # before it, or NO_DEPTH.
    """

    mark: Mark
    cut: int
    start: int
    inline: bool
    fresh: bool
    heading: str = ""
    depth: int = NO_DEPTH


_MAX_GAP = 3  # lists lose an item or two on their way through a web page; a figure in running text jumps further


def accepted(candidates: Sequence[Candidate]) -> list[Candidate]:
    """The candidates whose numbers continue the list they are in, or open a new one. Linear."""
    kept: list[Candidate] = []
    articles = _Articles(candidates)
    last: dict[Rank, int] = {}
    for index, candidate in enumerate(candidates):
        mark = candidate.mark
        if mark.rank < Rank.ARTICLE:
            articles.restart_allowed = True
            last.clear()
        elif mark.rank == Rank.ARTICLE:
            if not articles.accepts(index, candidate):
                continue
            last.clear()
        elif not _continues(candidate, last.get(mark.rank, 0)):
            continue
        else:
            last = {rank: n for rank, n in last.items() if rank <= mark.rank or rank == Rank.THIRD}
            last[mark.rank] = mark.number[0]
        kept.append(candidate)
    return kept


def _continues(candidate: Candidate, last: int) -> bool:
    number = candidate.mark.number[0]
    if number == 1:
        return candidate.fresh
    if number == last + 1:
        return True
    return candidate.fresh and last < number <= last + _MAX_GAP


class _Articles:
    """Article numbers: each the successor of the one before, or a restart at 第一条, or a gap that nothing fills."""

    def __init__(self, candidates: Sequence[Candidate]) -> None:
        self.last: tuple[int, int] = (0, 0)
        self.restart_allowed = True
        self._next_article = _next_articles(candidates)
        self._fillers = _fillers(candidates)

    def accepts(self, index: int, candidate: Candidate) -> bool:
        number = candidate.mark.number
        if not (self._follows(index, number, candidate) or self._restarts(index, number, candidate)):
            return False
        self.last = number
        self.restart_allowed = False
        return True

    def _follows(self, index: int, number: tuple[int, int], candidate: Candidate) -> bool:
        whole, sub = self.last
        if number in {(whole + 1, 0), (whole, sub + 1)}:
            return candidate.fresh or self._next_article[index] in {(number[0] + 1, 0), (number[0], number[1] + 1)}
        if number <= self.last:
            return False
        if candidate.inline:  # an excerpt may begin anywhere (合同编 with 第四百六十三条), but not with a lone figure
            return self.last == (0, 0) and candidate.fresh and self._next_article[index] == (number[0] + 1, 0)
        # A gap. If the number that is missing comes later in the same run of articles, this one was a cross-reference.
        return (whole + 1, 0) not in self._fillers[index]

    def _restarts(self, index: int, number: tuple[int, int], candidate: Candidate) -> bool:
        if number != (1, 0) or not candidate.fresh:
            return False
        return self.restart_allowed or self._next_article[index] in {(2, 0), (1, 1), None}


def _next_articles(candidates: Sequence[Candidate]) -> list[tuple[int, int] | None]:
    following: list[tuple[int, int] | None] = [None] * len(candidates)
    upcoming: tuple[int, int] | None = None
    for index in range(len(candidates) - 1, -1, -1):
        following[index] = upcoming
        if candidates[index].mark.rank == Rank.ARTICLE:
            upcoming = candidates[index].mark.number
    return following


def _fillers(candidates: Sequence[Candidate]) -> list[set[tuple[int, int]]]:
    """For each candidate, the article numbers of its run (up to the next 第一条); numbers already seen may be in it."""
    runs: list[set[tuple[int, int]]] = []
    current: set[tuple[int, int]] = set()
    for candidate in candidates:
        if candidate.mark.rank == Rank.ARTICLE:
            if candidate.mark.number == (1, 0):
                current = set()
            current.add(candidate.mark.number)
        runs.append(current)
    return runs
