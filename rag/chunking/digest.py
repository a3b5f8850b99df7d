"""Our own digests: one passage a clause (`## 摘要第3条〔label〕 {provision=2 confidence=high}`), one a table row."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import cast

from rag.chunking.lines import heading_words, split_lines
from rag.chunking.packing import Size, split_pieces
from rag.chunking.pieces import Piece
from rag.chunking.tables import find_table
from rag.models import Confidence, Document

_HEADING = re.compile(
    r"##[ \t]+(?P<name>[^〔{]+?)[ \t]*(?:〔(?P<label>.*)〕)?[ \t]*(?:\{(?P<attributes>[^{}]*)\})?[ \t]*"
)
_ATTRIBUTE = re.compile(r"(provision|confidence)=([a-z0-9]+)")

Lines = Sequence[tuple[int, int]]


def digest_pieces(document: Document, size: Size) -> list[Piece]:
    """The clauses and rows under the headings. What stands before the first heading is no clause."""
    text = document.text
    lines = list(split_lines(text))
    heads = [(n, piece) for n, line in enumerate(lines) if (piece := _clause(text[slice(*line)]))]
    ends = [n for n, _ in heads[1:]] + [len(lines)]
    found: list[Piece] = []
    for (number, piece), end in zip(heads, ends, strict=False):
        found += _section(text, lines[number + 1 : end], piece, size)
    return found


def _clause(line: str) -> Piece | None:
    """What the heading says about the passages under it, or None if the line is no heading of a clause."""
    found = _HEADING.fullmatch(line)
    if not found:
        return None
    attributes = dict(_ATTRIBUTE.findall(found["attributes"] or ""))
    confidence = attributes.get("confidence")
    label = heading_words(found["label"] or "")
    return Piece(
        0,
        0,
        kind="article",
        path=(label,) if label else (),
        article=found["name"],
        provision=int(attributes["provision"]) if attributes.get("provision", "").isdecimal() else None,
        confidence=cast(Confidence, confidence) if confidence in {"high", "medium"} else None,
    )


def _section(text: str, lines: Lines, piece: Piece, size: Size) -> Iterator[Piece]:
    """The clause's own text between its tables, and the rows of these."""
    number = first = 0
    while number < len(lines):
        table = find_table(text, lines, number)
        if table is None:
            number += 1
            continue
        yield from _text(text, lines[first:number], piece, size)
        for row in table[0].rows:
            row_piece = replace(piece, start=row.start, end=row.end, kind="row", lead=row.lead)
            yield from split_pieces(text, row_piece, size)
        number = first = table[1]
    yield from _text(text, lines[first:], piece, size)


def _text(text: str, lines: Lines, piece: Piece, size: Size) -> list[Piece]:
    if not lines:
        return []
    return split_pieces(text, replace(piece, start=lines[0][0], end=lines[-1][1]), size)
