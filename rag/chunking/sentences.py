"""Where a text may be cut: ends of sentences; in a sentence over the cap at ；, then ，、：, then anywhere."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rag.chunking.pieces import stripped
from rag.chunking.tables import LEAD_LIMIT

_END = re.compile(r"""[。！？!?…]+[”’」』）)》】〕"']*|\n+|(?<=[A-Za-z)"]{2})\.(?=\s)""")
_CLAUSES = ("；;", "，,、：:|", " \t\u3000\u00a0")


def sentences(text: str, start: int, end: int, cap: int) -> list[tuple[int, int]]:
    """[start, end) of each sentence in the range, stripped and never empty, each at most `cap` characters long."""
    found: list[tuple[int, int]] = []
    at = start
    for stop in _ends(text, start, end):
        first, last = stripped(text, at, stop)
        if last - first > cap:
            found += _clauses(text, first, last, cap)
        elif first < last:
            found.append((first, last))
        at = stop
    return found


def lead_in(text: str, start: int, end: int) -> str:
    """The last sentence of a range where it announces what follows (it ends in ：), else ""."""
    start, end = stripped(text, start, end)
    if end == start or text[end - 1] not in "：:":
        return ""
    window = max(start, end - LEAD_LIMIT - 1)
    *_, last = sentences(text, window, end, LEAD_LIMIT + 1)
    first = last[0]
    return text[first:end] if first > window or window == start else "…" + text[end - LEAD_LIMIT + 1 : end]


def _ends(text: str, start: int, end: int) -> Iterator[int]:
    for match in _END.finditer(text, start, end):
        yield match.end()
    yield end


def _clauses(text: str, start: int, end: int, cap: int) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    while end - start > cap:
        cut = _last_clause_end(text, start, start + cap)
        first, last = stripped(text, start, cut)
        if first < last:
            found.append((first, last))
        start, _ = stripped(text, cut, end)
    if start < end:
        found.append((start, end))
    return found


def _last_clause_end(text: str, start: int, limit: int) -> int:
    """The best place to cut in the second half of [start, limit], or the limit itself."""
    for marks in _CLAUSES:
        cut = max(text.rfind(mark, start + (limit - start) // 2, limit) for mark in marks)
        if cut >= 0:
            return cut + 1
    return limit
