"""The rows of `build/eval.json` and `build/bench.json`: a figure, its peer, and the bar it is held to."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

UNMEASURED = "未测"
WIDTH = 150


@dataclass(frozen=True, slots=True)
class Bar:
    """The least or the most a figure may be. It reads 「≥ 0.88」 or 「≤ 0.05」."""

    at_least: float | None = None
    at_most: float | None = None

    def met_by(self, figure: float) -> bool:
        return (self.at_least is None or figure >= self.at_least) and (self.at_most is None or figure <= self.at_most)

    def __str__(self) -> str:
        return f"≥ {self.at_least:g}" if self.at_least is not None else f"≤ {self.at_most:g}"


@dataclass(frozen=True, slots=True)
class Row:
    """`value` beside `peer`, or alone. The bar holds the ratio where there is one, else the value.

    `passed` is None where there is no bar or nothing was measured; `note` is printed and not written.
    """

    name: str
    value: float | str | None
    peer: float | str | None = None
    ratio: float | None = None
    bar: Bar | None = None
    passed: bool | None = None
    note: str = ""

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "value": _rounded(self.value),
            "peer": _rounded(self.peer),
            "ratio": _rounded(self.ratio),
            "bar": None if self.bar is None else str(self.bar),
            "pass": self.passed,
        }


def figure(name: str, value: float | None, bar: Bar | None = None, note: str = "") -> Row:
    """A figure that stands alone. None: there was nothing to measure it on."""
    if value is None:
        return unmeasured(name, bar, note)
    return Row(name, value, bar=bar, passed=bar.met_by(value) if bar else None, note=note)


def ratio(name: str, value: float, peer: float, bar: Bar | None = None, note: str = "") -> Row:
    """A figure beside its peer's. A peer of 0 leaves the ratio, and with it the bar, undecided."""
    if peer == 0:
        return Row(name, value, peer, bar=bar, note=note)
    share = value / peer
    return Row(name, value, peer, share, bar, bar.met_by(share) if bar else None, note)


def unmeasured(name: str, bar: Bar | None = None, note: str = "") -> Row:
    """Something is missing here (the data, the peer): said, and never counted as met."""
    return Row(name, UNMEASURED, bar=bar, note=note)


def _rounded(value: float | str | None) -> float | str | None:
    return float(f"{value:.5g}") if isinstance(value, float) else value


def failed(rows: Iterable[Row]) -> list[Row]:
    return [row for row in rows if row.passed is False]


def write(rows: Sequence[Row], out: Path) -> None:
    """Replace `out` with these rows, as a JSON list."""
    out.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps([row.as_json() for row in rows], ensure_ascii=False, indent=1)
    part = out.with_suffix(".part")
    part.write_text(text + "\n", encoding="utf-8")
    part.replace(out)


def show(rows: Sequence[Row], title: str, console: Console | None = None) -> None:
    """One table, on standard output unless told otherwise."""
    table = Table(title=title, title_justify="left")
    columns = (("measure", "left"), ("value", "right"), ("peer", "right"), ("ratio", "right"), ("bar", "right"))
    for name, side in columns:
        table.add_column(name, justify="right" if side == "right" else "left", overflow="fold")
    table.add_column("met")
    table.add_column("note", style="dim", overflow="fold")
    for row in rows:
        table.add_row(row.name, *map(_shown, (row.value, row.peer, row.ratio)), _bar(row), _met(row), row.note)
    (console or _wide(Console())).print(table)


def _wide(console: Console) -> Console:
    """A file or a pipe has no width of its own: rows are not folded for its sake."""
    return console if console.is_terminal else Console(width=WIDTH)


def _shown(value: float | str | None) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else f"{value:.4g}"


def _bar(row: Row) -> str:
    return "" if row.bar is None else str(row.bar)


def _met(row: Row) -> str:
    return {True: "[green]yes[/]", False: "[red]NO[/]", None: "–" if row.bar else ""}[row.passed]
