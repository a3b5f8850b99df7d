"""Page anchors: on which page of the official file each line of a policy's text is printed, as its card keeps it.

A page is a line of the card: its number, then four characters for each line of text that begins on it. They are found
again by what the lines say, never by where they stand: a line that somebody changed or added has no page, the others
keep theirs. Pure.

    "3 kQ0x_a81…"        page 3: lines that begin on it
    "4+57 Zt3b…"         page 4 begins 57 characters into the last line of the page before
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64encode
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b

ANCHOR = re.compile(r"([1-9][0-9]{0,4})(?:\+([1-9][0-9]{0,5}))? ((?:[A-Za-z0-9_-]{4})*)")
MOST = 12_000
"""Lines of a text that are anchored; a longer one goes without pages. Together they stay under the card's limit."""

_WIDTH = 4


@dataclass(frozen=True, slots=True)
class Stretch:
    """text[start:end] is printed on this page, and nothing of it on another."""

    start: int
    end: int
    page: int


@dataclass(frozen=True, slots=True)
class _Line:
    start: int
    end: int
    print: str


def anchors_of(text: str, starts: Sequence[tuple[int, int]]) -> tuple[str, ...]:
    """The anchors of a text of which (offset, page) say where each page begins; () where it has no pages or is long."""
    lines = list(_lines(text))
    if not starts or len(lines) > MOST:
        return ()
    return tuple(_written(page, cut, prints) for page, cut, prints in _by_page(lines, starts))


def _by_page(lines: Sequence[_Line], starts: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int, list[str]]]:
    """(page, characters into the line before, lines) of each page."""
    firsts = [line.start for line in lines]
    ordered = sorted(starts)
    for number, (start, page) in enumerate(ordered):
        end = ordered[number + 1][0] if number + 1 < len(ordered) else None
        first = bisect_right(firsts, start - 1) if start else 0
        last = len(lines) if end is None else bisect_right(firsts, end - 1)
        before = lines[first - 1] if first else None
        within = before is not None and before.start < start < before.end
        yield page, start - before.start if before and within else 0, [line.print for line in lines[first:last]]


def _written(page: int, cut: int, prints: Sequence[str]) -> str:
    return f"{page}+{cut} {''.join(prints)}" if cut else f"{page} {''.join(prints)}"


def stretches(text: str, anchors: Sequence[str]) -> tuple[Stretch, ...]:
    """The parts of a text whose page is sure, in order: lines that say what they said when the file was read."""
    kept = [anchor for anchor in map(_read, anchors) if anchor is not None]
    prints = [one for _, _, found in kept for one in found]
    lines = list(_lines(text))
    now = _matched(prints, [line.print for line in lines])
    pages = [page for page, _, found in kept for _ in found]
    cuts: dict[int, list[tuple[int, int]]] = {}
    at = 0
    for page, cut, found in kept:
        if cut and at:
            cuts.setdefault(at - 1, []).append((cut, page))
        at += len(found)
    return tuple(
        stretch for old, new in sorted(now.items(), key=lambda pair: pair[1])
        for stretch in _split(lines[new], pages[old], cuts.get(old, ()))
    )  # fmt: skip


def pages_said(anchors: Sequence[str]) -> tuple[int, ...]:
    """The pages that a text was read from, in order."""
    return tuple(sorted({found[0] for found in map(_read, anchors) if found is not None}))


def pages_of(text: str, found: Sequence[Stretch], start: int, end: int) -> tuple[int, int] | None:
    """First and last page of text[start:end]; None unless the page of every word of it is sure."""
    touched = [stretch for stretch in found if stretch.start < end and stretch.end > start]
    edges = [start, *(edge for stretch in touched for edge in (stretch.start, stretch.end)), end]
    between = zip(edges[::2], edges[1::2], strict=True)
    if not touched or any(character.isalnum() for a, b in between for character in text[a:b]):
        return None
    pages = [stretch.page for stretch in touched]
    return min(pages), max(pages)


def _read(anchor: str) -> tuple[int, int, list[str]] | None:
    found = ANCHOR.fullmatch(anchor)
    if found is None:
        return None
    prints = found[3]
    return int(found[1]), int(found[2] or 0), [prints[at : at + _WIDTH] for at in range(0, len(prints), _WIDTH)]


def _split(line: _Line, page: int, cuts: Sequence[tuple[int, int]]) -> Iterator[Stretch]:
    start = line.start
    for cut, following in cuts:
        yield Stretch(start, min(line.start + cut, line.end), page)
        start, page = min(line.start + cut, line.end), following
    yield Stretch(start, line.end, page)


def _lines(text: str) -> Iterator[_Line]:
    """Lines with words; rules of tables have none."""
    for found in re.finditer(r"[^\n]+", text):
        if any(character.isalnum() for character in found[0]):
            yield _Line(found.start(), found.end(), _print(found[0]))


def _print(line: str) -> str:
    """Four characters for what a line says: 24 bits, so that another line passes for it once in 16 million."""
    said = re.sub(r"\s+", " ", line).strip()
    return urlsafe_b64encode(blake2b(said.encode(), digest_size=3).digest()).decode()


def _matched(old: Sequence[str], new: Sequence[str]) -> dict[int, int]:
    """{index in old: index in new} of lines that are the same, none crossing another.

    Lines that come once on both sides hold the others; what lies between them is matched from both of its ends.
    """
    if list(old) == list(new):
        return {index: index for index in range(len(old))}
    once_old, once_new = _once(old), _once(new)
    pairs = _rising([(index, once_new[key]) for key, index in once_old.items() if key in once_new])
    found = dict(pairs)
    for (a, b), (c, d) in zip([(-1, -1), *pairs], [*pairs, (len(old), len(new))], strict=True):
        found |= _from_ends(old, new, (a + 1, c), (b + 1, d))
    return found


def _once(prints: Sequence[str]) -> dict[str, int]:
    counts = Counter(prints)
    return {key: index for index, key in enumerate(prints) if counts[key] == 1}


def _from_ends(old: Sequence[str], new: Sequence[str], one: tuple[int, int], other: tuple[int, int]) -> dict[int, int]:
    found: dict[int, int] = {}
    (a, c), (b, d) = one, other
    while a < c and b < d and old[a] == new[b]:
        found[a] = b
        a, b = a + 1, b + 1
    while a < c and b < d and old[c - 1] == new[d - 1]:
        c, d = c - 1, d - 1
        found[c] = d
    return found


def _rising(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The longest run of pairs that rise on both sides (patience)."""
    ends: list[int] = []  # the smallest end of a run of each length
    places: list[int] = []
    before: list[int] = []
    for place, (_, new) in enumerate(pairs):
        length = bisect_right(ends, new)
        before.append(places[length - 1] if length else -1)
        ends[length : length + 1] = [new]
        places[length : length + 1] = [place]
    run: list[tuple[int, int]] = []
    at = places[-1] if places else -1
    while at >= 0:
        run.append(pairs[at])
        at = before[at]
    return run[::-1]
