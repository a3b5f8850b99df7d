"""Numbers (数据): the cases one may see, docking, conversations; each chart with its table, each table as XLSX.

Rows by jurisdiction: everybody who may read cases sees the numbers of those they may read. A sheet is a sum without
personal data, so the password is not asked for again; that it was taken is written down.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from starlette.responses import Response

from bot.channels.web_chat.pages import lang_of
from bot.clock import SHANGHAI
from bot.console.case_words import CaseWords
from bot.console.numbers_asked import GROUPS, Asked, asked_of, day_words, earlier, kinds, later
from bot.console.numbers_charts import Chart, Series, bars, draw
from bot.console.numbers_desk import Worked
from bot.console.numbers_docking import docking_table, docking_tables
from bot.console.numbers_tables import Cell, Table, Telling, ages, as_sheet, by_group, clocks, overview
from bot.console.numbers_talk import may_see_talk, talk_charts, talk_tables
from bot.console.rules import READERS, Routes
from bot.console.store.exports import record_export
from bot.console.visit import Declined, Visit
from intake.cases import Role
from intake.statistics import AGE_BANDS, Figures, figures
from intake.statistics_facts import CLOCKS
from intake.statistics_periods import Period

routes = Routes()

OVERALL = frozenset({Role.LEAD, Role.COORDINATOR, Role.AUDITOR})
"""Who sees the numbers of conversations: they belong to no jurisdiction, and name nobody."""

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_GROUPS_SHOWN = 14


@dataclass(frozen=True, slots=True)
class Shown:
    """A tab: its tables in order, and the charts that go before them, by the table's key."""

    tables: tuple[Table, ...]
    charts: dict[str, Chart]


@routes.rule("/numbers", roles=READERS)
def numbers(visit: Visit) -> Response:
    return _page(visit, "cases", _cases)


@routes.rule("/numbers/docking", roles=READERS)
def docking(visit: Visit) -> Response:
    return _page(visit, "docking", _docking)


@routes.rule("/numbers/talk", roles=OVERALL)
def talk(visit: Visit) -> Response:
    return _page(visit, "talk", _talk)


@routes.rule("/numbers/cases/chart/{chart}", roles=READERS, background=True)
def cases_chart(visit: Visit) -> Response:
    return _chart(visit, _cases)


@routes.rule("/numbers/docking/chart/{chart}", roles=READERS, background=True)
def docking_chart(visit: Visit) -> Response:
    return _chart(visit, _docking)


@routes.rule("/numbers/talk/chart/{chart}", roles=OVERALL, background=True)
def talk_chart(visit: Visit) -> Response:
    return _chart(visit, _talk)


@routes.rule("/numbers/cases/sheet/{table}", roles=READERS)
def cases_sheet(visit: Visit) -> Response:
    return _sheet(visit, "cases", _cases)


@routes.rule("/numbers/docking/sheet/{table}", roles=READERS)
def docking_sheet(visit: Visit) -> Response:
    return _sheet(visit, "docking", _docking)


@routes.rule("/numbers/talk/sheet/{table}", roles=OVERALL)
def talk_sheet(visit: Visit) -> Response:
    return _sheet(visit, "talk", _talk)


Maker = Callable[[Visit, Asked, Period], Shown]


def telling_of(visit: Visit) -> Telling:
    lang = lang_of(visit.request)
    return Telling(visit.desk.drawing.words[lang], CaseWords(lang, visit.desk.parts.needs.timing.calendar))


def _page(visit: Visit, tab: str, made: Maker) -> Response:
    asked = asked_of(visit)
    shown = made(visit, asked, asked.period) if asked.period else None
    today = visit.desk.parts.clock.now().astimezone(SHANGHAI).date()
    context: dict[str, Any] = {
        "tab": tab,
        "tabs": tabs(visit),
        "asked": asked,
        "period": asked.period,
        "shown": shown,
        "kinds": kinds(),
        "groups": GROUPS,
        "forms": visit.desk.labels(visit.request).kinds(),
        "today": today.isoformat(),
        "earlier": earlier(asked),
        "later": later(asked, today),
        "days": day_words,
        "demo": _demo(visit, asked) if tab != "talk" else 0,
        "whose": whose(visit, tab),
    }
    return visit.page("numbers.html", status=422 if asked.error else 200, **context)


def tabs(visit: Visit) -> list[tuple[str, str]]:
    """The tabs that are this person's, with their addresses."""
    found = [("cases", "/console/numbers")]
    if may_see_talk(visit, OVERALL):
        found.append(("talk", "/console/numbers/talk"))
    return [*found, ("docking", "/console/numbers/docking"), ("targets", "/console/numbers/targets")]


def whose(visit: Visit, tab: str) -> str:
    """The key of the sentence that says whose rows these are (numbers.whose.<key>)."""
    if tab in ("talk", "targets"):
        return tab
    return "all" if visit.who.has(Role.COORDINATOR, Role.AUDITOR) else "mine"


def _worked(visit: Visit, asked: Asked, period: Period) -> Worked:
    return visit.desk.numbers.of(visit.who.actor, period, asked.by)


def _demo(visit: Visit, asked: Asked) -> int:
    return _worked(visit, asked, asked.period).demo if asked.period else 0


def _cases(visit: Visit, asked: Asked, period: Period) -> Shown:
    telling, worked = telling_of(visit), _worked(visit, asked, period)
    names = group_names(visit, asked.by, set(worked.groups) | set(worked.groups_before))
    names = [(code, label) for code, label in names if _counts(worked, code)]
    none = figures((), period.span, visit.desk.parts.clock.now(), visit.desk.parts.needs.timing.calendar)
    tables = (
        overview(telling, worked.now, worked.before),
        _trend_table(telling, worked),
        clocks(telling, worked.now, worked.before),
        ages(telling, worked.now, worked.before),
        by_group(telling, asked.by, names, worked.groups, worked.groups_before, none),
    )
    return Shown(tables, _case_charts(telling, worked, names, asked.by))


def _counts(worked: Worked, code: str) -> bool:
    """A group in which nothing stood or happened has no line."""
    found = [figures for held in (worked.groups, worked.groups_before) if (figures := held.get(code))]
    return any(_anything(figures) for figures in found)


def _anything(counted: Figures) -> bool:
    numbers = (counted.submitted, counted.closed, counted.open, counted.responses, counted.bounced, counted.redone,
               counted.reopened, counted.scored, counted.held_cases)  # fmt: skip
    return any(numbers) or any(share.whole for share in counted.within.values())


def group_names(visit: Visit, by: str, codes: set[str]) -> list[tuple[str, str]]:
    """The codes that have rows, in the order of their list; those on no list and "none" at the end."""
    labels, words = visit.desk.labels(visit.request), visit.desk.drawing.words[lang_of(visit.request)]
    needs = visit.desk.parts.needs
    if by == "team":
        listed = [(team.id, team.name) for team in needs.register.teams()]
    elif by == "kind":
        listed = labels.kinds()
    else:
        listed = [(option.code, option.label) for option in needs.reference.options("districts")]
    known = [(code, label) for code, label in listed if code in codes]
    there = {code for code, _label in known}
    rest = [(code, code) for code in sorted(codes - there - {""})]
    return [*known, *rest, *([("", words(f"numbers.none_of.{by}"))] if "" in codes else [])]


def _trend_table(telling: Telling, worked: Worked) -> Table:
    words = telling.words
    rows = tuple(
        (Cell(day_words(part.span)), telling.count(part.submitted), telling.count(part.closed)) for part in worked.parts
    )
    heads = tuple(words(f"numbers.{key}") for key in ("head.days", "measure.submitted", "measure.closed"))
    return Table("trend", words("numbers.table.trend"), heads, rows, words("numbers.note.trend"))


def _case_charts(telling: Telling, worked: Worked, names: list[tuple[str, str]], by: str) -> dict[str, Chart]:
    words = telling.words
    this, that = words("numbers.head.now"), words("numbers.head.before")
    short = [part.span.first.strftime("%m-%d") for part in worked.parts]
    shown = sorted(names, key=lambda name: -_size(worked, name[0]))[:_GROUPS_SHOWN]
    groups = [worked.groups.get(code) for code, _label in shown]
    return {
        "trend": bars(words("numbers.table.trend"), short,
                      Series(words("numbers.measure.submitted"), tuple(part.submitted for part in worked.parts)),
                      Series(words("numbers.measure.closed"), tuple(part.closed for part in worked.parts)), days=True),
        "within": bars(words("numbers.table.within"), [words(f"numbers.clock.{clock}") for clock in CLOCKS],
                       Series(this, tuple(_percent(worked.now, clock) for clock in CLOCKS)),
                       Series(that, tuple(_percent(worked.before, clock) for clock in CLOCKS)), unit="%", top=100),
        "ages": bars(words("numbers.table.ages"), [words(f"numbers.age.{band}") for band in AGE_BANDS],
                     Series(words("numbers.head.open"), tuple(worked.now.ages[band] for band in AGE_BANDS))),
        "groups": bars(words(f"numbers.table.by_{by}"), [label for _code, label in shown],
                       Series(words("numbers.measure.open"), tuple(each.open if each else 0 for each in groups)),
                       Series(words("numbers.measure.submitted"),
                              tuple(each.submitted if each else 0 for each in groups)), lying=True),
    }  # fmt: skip


def _size(worked: Worked, code: str) -> int:
    found = worked.groups.get(code)
    return found.open + found.submitted if found else 0


def _percent(counted: Figures, clock: str) -> float | None:
    rate = counted.within[clock].rate
    return None if rate is None else round(rate * 100, 1)


def _docking(visit: Visit, asked: Asked, period: Period) -> Shown:
    telling, worked = telling_of(visit), _worked(visit, asked, period)
    names = group_names(visit, asked.by, {code for code, rates in worked.docking_groups.items() if rates.accepted})
    table, chart = docking_table(telling, worked.docking, worked.docking_before)
    return Shown((table, docking_tables(telling, asked.by, names, worked.docking_groups)), {table.key: chart})


def _talk(visit: Visit, asked: Asked, period: Period) -> Shown:
    telling, worked = telling_of(visit), _worked(visit, asked, period)
    tables, counted = talk_tables(visit, telling, asked, period, worked)
    return Shown(tables, talk_charts(telling, counted))


def _chart(visit: Visit, made: Maker) -> Response:
    asked = asked_of(visit)
    if asked.period is None:
        raise Declined(404, "not_found")
    chart = made(visit, asked, asked.period).charts.get(visit.path("chart"))
    if chart is None:
        raise Declined(404, "not_found")
    return picture(visit, chart)


def picture(visit: Visit, chart: Chart) -> Response:
    """The chart as a picture of its own, without scripts."""
    drawn = draw(chart, dark=visit.asked("look") == "dark", narrow=visit.asked("width") == "narrow")
    return Response(drawn, media_type="image/svg+xml", headers={"Cache-Control": "no-store"})


def _sheet(visit: Visit, tab: str, made: Maker) -> Response:
    asked = asked_of(visit)
    if asked.period is None:
        raise Declined(404, "not_found")
    table = next((each for each in made(visit, asked, asked.period).tables if each.key == visit.path("table")), None)
    if table is None:
        raise Declined(404, "not_found")
    return sheet(visit, tab, table, day_words(asked.period.span))


def sheet(visit: Visit, tab: str, table: Table, days: str) -> Response:
    """The table to take away, with a line in the list of what was taken."""
    words = visit.desk.drawing.words[lang_of(visit.request)]
    about = words("numbers.sheet.about", days=days, whose=words(f"numbers.whose.{whose(visit, tab)}"))
    content = as_sheet(table, words, about)
    now = visit.desk.parts.clock.now()
    record_export(visit.desk.parts.engine, visit.who.staff.id, f"numbers.{tab}.{table.key}", len(table.rows), now)
    name = f"{table.title} {days}.xlsx".replace(" – ", "_")
    headers = {
        "Content-Disposition": f"attachment; filename=\"numbers.xlsx\"; filename*=UTF-8''{quote(name, safe='')}",
        "Cache-Control": "no-store",
    }
    return Response(content, media_type=XLSX, headers=headers)
