"""The corpus (政策库): every policy with its legal state today, and what is covered where. Nothing is changed here."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from bot.channels.web_chat.pages import tone
from bot.console.corpus_lines import CHECKED, HELD, TEXTS, Filter, chosen, coverage, lines_of, places_of, states_of
from bot.console.rules import Routes
from bot.console.visit import Visit
from bot.corpus_rights import KEEPERS
from intake.cases import Role
from rag.models import Category, PolicyState

routes = Routes()

LOOKERS = KEEPERS | {Role.AUDITOR}
PER_PAGE = 50


@routes.rule("/corpus", roles=LOOKERS)
def corpus(visit: Visit) -> Response:
    lines = lines_of(visit.desk.parts.reader.shelf(), visit.desk.parts.clock.today())
    asked = asked_of(visit, places_of(lines))
    found = chosen(lines, asked)
    context: dict[str, Any] = {
        "found": found,
        "asked": asked,
        "total": len(lines),
        "states": [(state, key_of(state), count) for state, count in states_of(lines)],
        "every_state": [(state.value, key_of(state)) for state in PolicyState],
        "places": places_of(lines),
        "categories": [category.value for category in Category],
        "texts": TEXTS,
        "checked": CHECKED,
        "held": HELD,
        "key_of": key_of,
        "tone": tone,
        **_paged(visit, asked, len(found)),
    }
    return visit.page("corpus.html", **context)


@routes.rule("/corpus/coverage", roles=LOOKERS)
def covered(visit: Visit) -> Response:
    lines = lines_of(visit.desk.parts.reader.shelf(), visit.desk.parts.clock.today())
    rows = coverage(lines)
    context: dict[str, Any] = {
        "rows": rows,
        "categories": [category.value for category in Category],
        "gaps": sum(cell.heat in ("gap", "past") for row in rows for cell in row[:-1]),
        "cells": sum(len(row) - 1 for row in rows),
        "link": cell_link,
        "total": len(lines),
        "plain": sum(line.text == "plain" for line in lines),
    }
    return visit.page("corpus_coverage.html", **context)


def asked_of(visit: Visit, known: Collection[str]) -> Filter:
    """What the address asks for; what makes no sense there is left out."""

    def one(name: str, of: Collection[str]) -> str:
        value = visit.asked(name)
        return value if value in of else ""

    return Filter(
        words=visit.asked("q"),
        state=one("state", [state.value for state in PolicyState]),
        held=one("held", HELD),
        category=one("category", [category.value for category in Category]),
        place=one("place", known),
        text=one("text", TEXTS),
        checked=one("checked", CHECKED),
    )


def cell_link(place: str, category: str, held: str = "") -> str:
    """The list behind a cell of the matrix."""
    query = {"place": place, "category": category, "held": held}
    return f"/console/corpus?{urlencode({name: value for name, value in query.items() if value})}"


def key_of(state: PolicyState) -> str:
    """As the wording files name it."""
    return state.name.lower()


def _paged(visit: Visit, asked: Filter, found: int) -> dict[str, Any]:
    value = visit.asked("page")
    pages = max(1, -(-found // PER_PAGE))
    page = min(pages, max(1, int(value) if value.isascii() and value.isdigit() and len(value) < 6 else 1))
    names = {"words": "q"}
    query = {names.get(name, name): getattr(asked, name) for name in asked.__slots__ if getattr(asked, name)}

    def link(number: int) -> str:
        return f"/console/corpus?{urlencode({**query, 'page': number})}"

    return {"page": page, "pages": pages, "link": link, "shown": slice((page - 1) * PER_PAGE, page * PER_PAGE)}
