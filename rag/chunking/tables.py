"""Tables: Markdown ones, and lines split into the same number of cells by tabs or bars."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

LEAD_LIMIT = 200  # characters; a lead is repeated in every passage under it, so it must not grow with the text

_RULE = re.compile(r":?-+:?")  # a cell of the line under a Markdown header


@dataclass(frozen=True, slots=True)
class Row:
    """One row at text[start:end], with the table's header row as 「列名｜列名」."""

    start: int
    end: int
    lead: str


@dataclass(frozen=True, slots=True)
class Table:
    """text[start:end]: header (and rule) and rows."""

    start: int
    end: int
    rows: tuple[Row, ...]


def find_table(text: str, lines: Sequence[tuple[int, int]], first: int) -> tuple[Table, int] | None:
    """The table whose header is line `first`, and the number of the line after it; None where no table begins.

    `lines` are [start, end) without the line feed. A header without rows is no table.
    """
    header = _cells_line(text, lines, first)
    if header is None or first + 1 >= len(lines):
        return None
    ruled = _is_rule(text[slice(*lines[first + 1])])
    body = after = first + 2 if ruled else first + 1
    while after < len(lines) and (row := _cells_line(text, lines, after)) and (ruled or _alike(header, row)):
        after += 1
    if after == body:
        return None
    lead = limited("｜".join(cells(header)))
    rows = tuple(Row(*lines[number], lead) for number in range(body, after))
    return Table(lines[first][0], lines[after - 1][1], rows), after


def cells(line: str) -> list[str]:
    """The words of a row's cells, without their white space."""
    separator = "|" if "|" in line else "\t"
    return [cell.strip() for cell in line.strip().strip("|").split(separator)]


def limited(lead: str) -> str:
    """A lead of at most LEAD_LIMIT characters; a longer one says with … that it was cut."""
    return lead if len(lead) <= LEAD_LIMIT else lead[: LEAD_LIMIT - 1] + "…"


def _cells_line(text: str, lines: Sequence[tuple[int, int]], number: int) -> str | None:
    line = text[slice(*lines[number])]
    inner = line.strip().strip("|")
    if not inner.strip() or _is_rule(line):
        return None
    return line if "|" in line.strip() or "\t" in inner.strip() else None


def _is_rule(line: str) -> bool:
    return "|" in line and all(_RULE.fullmatch(cell) for cell in cells(line))


def _alike(header: str, row: str) -> bool:
    return ("|" in header) == ("|" in row) and len(cells(header)) == len(cells(row))
