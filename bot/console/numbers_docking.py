"""Docking in numbers: of the needs that were taken on, how many were proposed somebody, reached, agreed, signed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.console.numbers_charts import Chart, Series, bars
from bot.console.numbers_tables import Cell, Table, Telling
from intake.docking_rates import DockingRates

_STAGES = ("proposed", "contacted", "interested", "signed")
_NONE = DockingRates(0, 0, 0, 0, 0, 0)


def docking_table(telling: Telling, now: DockingRates, before: DockingRates) -> tuple[Table, Chart]:
    """One line a stage, and the rates as bars."""
    words = telling.words
    rows = [(Cell(words("numbers.stage.accepted")), telling.count(now.accepted, before.accepted), Cell(""), Cell(""))]
    rows += [
        (
            Cell(words(f"numbers.stage.{stage}")),
            telling.count(getattr(now, stage), getattr(before, stage)),
            telling.rate(_rate(now, stage), _rate(before, stage)),
            telling.rate(_rate(before, stage)),
        )
        for stage in _STAGES
    ]
    rows.append((Cell(words("numbers.stage.amount")), _sum(telling, now), Cell(""), Cell("")))
    heads = tuple(words(f"numbers.head.{key}") for key in ("stage", "cases", "rate", "rate_before"))
    table = Table("docking", words("numbers.table.docking"), heads, tuple(rows), words("numbers.note.docking"))
    chart = bars(
        table.title, [words(f"numbers.stage.{stage}") for stage in _STAGES],
        Series(words("numbers.head.now"), tuple(_percent(now, stage) for stage in _STAGES)),
        Series(words("numbers.head.before"), tuple(_percent(before, stage) for stage in _STAGES)), unit="%", top=100,
    )  # fmt: skip
    return table, chart


def docking_tables(
    telling: Telling, by: str, names: Sequence[tuple[str, str]], groups: Mapping[str, DockingRates]
) -> Table:
    words = telling.words
    rows = []
    for code, label in names:
        rates = groups.get(code, _NONE)
        told = [telling.rate(_rate(rates, stage)) for stage in _STAGES]
        rows.append((Cell(label), telling.count(rates.accepted), *told, _sum(telling, rates)))
    heads = (words(f"numbers.by.{by}"), words("numbers.stage.accepted"),
             *(words(f"numbers.rate.{stage}") for stage in _STAGES), words("numbers.stage.amount"))  # fmt: skip
    return Table("docking_groups", words(f"numbers.table.docking_by_{by}"), heads, tuple(rows))


def _rate(rates: DockingRates, stage: str) -> float | None:
    return {
        "proposed": rates.proposal_rate,
        "contacted": rates.contact_rate,
        "interested": rates.interest_rate,
        "signed": rates.signing_rate,
    }[stage]


def _percent(rates: DockingRates, stage: str) -> float | None:
    rate = _rate(rates, stage)
    return None if rate is None else round(rate * 100, 1)


def _sum(telling: Telling, rates: DockingRates) -> Cell:
    """The sum signed for; where nothing was signed there is none to tell."""
    if not rates.signed:
        return telling.nothing()
    return Cell(telling.words("numbers.wan", count=f"{rates.amount / 10_000:,.2f}"))
