"""A table of numbers as it stands on the page and in its XLSX: cells in words, and beside them how they changed.

What is not known is said in words (无数据); a cell that is empty would be read as nought.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from bot.channels.web_chat.words import Words
from bot.console.case_words import CaseWords
from intake.sheets import Column, Layout, write
from intake.statistics import AGE_BANDS, Figures
from intake.statistics_facts import CLOCKS


@dataclass(frozen=True, slots=True)
class Cell:
    """`change` against the period before, "" where it is not told; `known` is False where there is nothing to tell."""

    text: str
    change: str = ""
    known: bool = True


@dataclass(frozen=True, slots=True)
class Table:
    """`key` names it in addresses; the first cell of each row is its name. `note` says how it is counted."""

    key: str
    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Telling:
    """Numbers in words of a language, and their changes."""

    words: Words
    cases: CaseWords

    def count(self, now: int | None, before: int | None = None) -> Cell:
        change = self._signed(now - before, "") if now is not None and before is not None else ""
        return Cell(str(now), change) if now is not None else self.nothing()

    def rate(self, now: float | None, before: float | None = None) -> Cell:
        change = (
            "" if now is None or before is None else self.words("numbers.points", count=_plus((now - before) * 100))
        )
        return self.nothing() if now is None else Cell(f"{now * 100:.1f}%", change)

    def mean(self, now: float | None, before: float | None = None) -> Cell:
        change = "" if now is None or before is None else _plus(now - before)
        return self.nothing() if now is None else Cell(f"{now:.1f}", change)

    def span(self, now: timedelta | None, before: timedelta | None = None) -> Cell:
        if now is None:
            return self.nothing()
        change = ""
        if before is not None and now != before:
            change = ("+" if now > before else "−") + self.cases.span(now - before)
        elif before is not None:
            change = self.words("numbers.same")
        return Cell(self.cases.span(now), change)

    def nothing(self) -> Cell:
        return Cell(self.words("numbers.unknown"), known=False)

    def _signed(self, difference: int, unit: str) -> str:
        return f"{difference:+d}{unit}".replace("-", "−") if difference else self.words("numbers.same")


def _plus(number: float) -> str:
    shown = f"{number:+.1f}".replace("-", "−")
    return "0.0" if shown in ("+0.0", "−0.0") else shown


Measure = Callable[[Figures, Figures], Cell]


def measures(telling: Telling) -> dict[str, Measure]:
    """Each measure by its key (numbers.measure.<key>): how it is told, this period and the one before."""
    found: dict[str, Measure] = {
        "submitted": lambda now, before: telling.count(now.submitted, before.submitted),
        "closed": lambda now, before: telling.count(now.closed, before.closed),
        "open": lambda now, before: telling.count(now.open, before.open),
        "response_median": lambda now, before: telling.span(now.response_median, before.response_median),
        "response_p90": lambda now, before: telling.span(now.response_p90, before.response_p90),
    }
    for clock in CLOCKS:
        found[f"within_{clock}"] = _within(telling, clock)
    return {
        **found,
        "held": lambda now, before: telling.span(now.held, before.held),
        "held_cases": lambda now, before: telling.count(now.held_cases, before.held_cases),
        "bounced": lambda now, before: telling.count(now.bounced, before.bounced),
        "redone": lambda now, before: telling.count(now.redone, before.redone),
        "redo_rate": lambda now, before: telling.rate(now.redo_rate, before.redo_rate),
        "reopened": lambda now, before: telling.count(now.reopened, before.reopened),
        "score": lambda now, before: telling.mean(now.score, before.score),
        "satisfied": lambda now, before: telling.rate(now.satisfied.rate, before.satisfied.rate),
        "scored": lambda now, before: telling.count(now.scored, before.scored),
    }


def _within(telling: Telling, clock: str) -> Measure:
    return lambda now, before: telling.rate(now.within[clock].rate, before.within[clock].rate)


GROUP_MEASURES = (
    "submitted", "closed", "open", "response_median", "response_p90", "within_first_response", "within_sign_off",
    "within_candidates", "within_final", "held", "bounced", "redone", "reopened", "score",
)  # fmt: skip


def overview(telling: Telling, now: Figures, before: Figures) -> Table:
    """One line a measure: now, before, the change."""
    words = telling.words
    rows = []
    for key, told in measures(telling).items():
        this, that = told(now, before), told(before, before)
        rows.append((Cell(words(f"numbers.measure.{key}")), Cell(this.text, known=this.known),
                     Cell(that.text, known=that.known), Cell(this.change or words("numbers.no_change"))))  # fmt: skip
    heads = tuple(words(f"numbers.head.{key}") for key in ("measure", "now", "before", "change"))
    return Table("overview", words("numbers.table.overview"), heads, tuple(rows), words("numbers.note.overview"))


def clocks(telling: Telling, now: Figures, before: Figures) -> Table:
    """Each clock: how many were decided, how many of them in time."""
    words = telling.words
    rows = [
        (
            Cell(words(f"numbers.clock.{clock}")),
            telling.count(now.within[clock].whole, before.within[clock].whole),
            telling.count(now.within[clock].part, before.within[clock].part),
            telling.rate(now.within[clock].rate, before.within[clock].rate),
        )
        for clock in CLOCKS
    ]
    heads = tuple(words(f"numbers.head.{key}") for key in ("clock", "judged", "kept", "rate"))
    return Table("within", words("numbers.table.within"), heads, tuple(rows), words("numbers.note.within"))


def ages(telling: Telling, now: Figures, before: Figures) -> Table:
    words = telling.words
    rows = [
        (Cell(words(f"numbers.age.{band}")), telling.count(now.ages[band], before.ages[band])) for band in AGE_BANDS
    ]
    rows.append((Cell(words("numbers.sum")), telling.count(now.open, before.open)))
    heads = (words("numbers.head.age"), words("numbers.head.open"))
    return Table("ages", words("numbers.table.ages"), heads, tuple(rows), words("numbers.note.ages"))


def by_group(
    telling: Telling, key: str, names: Sequence[tuple[str, str]],
    now: Mapping[str, Figures], before: Mapping[str, Figures], none: Figures,
) -> Table:  # fmt: skip
    """One line a team, kind or district; `names` are codes and words in order, `none` the figures of no case."""
    words = telling.words
    told = measures(telling)
    rows = [
        (Cell(label), *(told[measure](now.get(code, none), before.get(code, none)) for measure in GROUP_MEASURES))
        for code, label in names
    ]
    heads = (words(f"numbers.by.{key}"), *(words(f"numbers.measure.{measure}") for measure in GROUP_MEASURES))
    return Table("groups", words(f"numbers.table.by_{key}"), heads, tuple(rows), words("numbers.note.groups"))


def as_sheet(table: Table, words: Words, about: str) -> bytes:
    """The table as XLSX, the changes in columns of their own; `about` says of what days and whose rows it is."""
    changing = [any(len(row) > place and row[place].change for row in table.rows) for place in range(len(table.heads))]
    columns: list[Column] = []
    for place, head in enumerate(table.heads):
        columns.append(Column(f"c{place}", head, note=f"{about} {table.note}" if place == 0 else "", width=22))
        if changing[place]:
            columns.append(Column(f"d{place}", words("numbers.sheet.change_of", head=head), width=16))
    layout = Layout(
        title=words("numbers.sheet.title"),
        columns=tuple(columns),
        notes_title=words("numbers.sheet.notes"),
        notes_headings=(words("numbers.sheet.column"), words("numbers.sheet.required"), words("numbers.sheet.note"),
                        words("numbers.sheet.example"), words("numbers.sheet.choices")),
        notes_words=(words("yes"), words("no")),
        choices_title=words("numbers.sheet.choices"),
    )  # fmt: skip
    lines = []
    for row in table.rows:
        cells = {f"c{place}": cell.text for place, cell in enumerate(row)}
        lines.append({**cells, **{f"d{place}": cell.change for place, cell in enumerate(row) if changing[place]}})
    return write(layout, lines)
