"""The policy library: a list that filters with a plain form, and a page for each policy with its clauses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from typing import Any, TypeVar
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, RedirectResponse

from bot.channels.web_chat.desk import Desk
from bot.channels.web_chat.hygiene import UncleanError, clean
from bot.channels.web_chat.marking import Piece, locate, quoted, within
from bot.channels.web_chat.pages import lang_of
from bot.channels.web_chat.ports import PolicyCard, PolicyFilter, PolicyPage, Section
from bot.channels.web_chat.refusals import DoorStatus, Refusal
from rag.models import Category, Level, PolicyState

PER_PAGE = 60
Choice = TypeVar("Choice", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class ShownSection:
    """A passage with its text in pieces; `target` is the one the reader came for."""

    section: Section
    pieces: list[Piece]
    target: bool


def library_routes(desk: Desk) -> APIRouter:
    routes = APIRouter(include_in_schema=False)

    @routes.get("/policies")
    async def policies(request: Request) -> Response:
        wanted = read_filter(request.query_params)
        found = await run_in_threadpool(desk.library.policies, wanted)
        everything = await run_in_threadpool(desk.library.policies, PolicyFilter())
        context = _listing(wanted, found, everything, _page_number(request.query_params.get("page")))
        release = await run_in_threadpool(desk.library.release)
        return desk.pages.page(request, "policies.html", **context, release=release)

    @routes.get("/policies/{policy:path}")
    async def policy(request: Request, policy: str) -> Response:
        if not policy:
            return RedirectResponse("/policies", 307)
        return desk.pages.page(request, "policy.html", **await _policy(desk, request, policy))

    @routes.get("/changes/{policy:path}")
    async def changes(request: Request, policy: str) -> Response:
        """What is different from the policy whose place this one took."""
        found = await run_in_threadpool(desk.library.changes, _one_line(policy))
        if found is None:
            raise Refusal(DoorStatus.NOT_FOUND)
        return desk.pages.page(request, "changes.html", changes=found)

    @routes.get("/fragments/policies/{policy:path}")
    async def fragment(request: Request, policy: str) -> Response:
        """The policy without the page around it, for the drawer beside the chat."""
        context = await _policy(desk, request, policy)
        return HTMLResponse(desk.pages.draw(lang_of(request), "_policy.html", heading=2, **context))

    return routes


async def _policy(desk: Desk, request: Request, name: str) -> dict[str, Any]:
    page = await run_in_threadpool(desk.library.policy, _one_line(name))
    if page is None:
        raise Refusal(DoorStatus.NOT_FOUND)
    sections = shown_sections(page, request.query_params)
    return {
        "page": page,
        "groups": _by_table(sections),
        "wanted": bool(request.query_params.get("passage") or request.query_params.get("quote")),
        "target": next((shown for shown in sections if shown.target), None),
    }


def shown_sections(page: PolicyPage, query: Mapping[str, str]) -> list[ShownSection]:
    """The sections, the quoted span marked in the one it lies in (the first, where the passage is not named)."""
    passage, quote = query.get("passage"), _one_line(query.get("quote", ""))
    shown = []
    found = False
    for section in page.sections:
        named = passage == section.passage
        span = None
        if not found and (named or (not passage and quote)):
            span = _span(section, query, quote) if named else locate(section.text, quote)
            found = named or span is not None
            shown.append(ShownSection(section, quoted(section.text, span), found))
        else:
            shown.append(ShownSection(section, quoted(section.text, None), False))
    return shown


def _span(section: Section, query: Mapping[str, str], quote: str) -> tuple[int, int] | None:
    start, end = query.get("start", ""), query.get("end", "")
    if all(number.isascii() and number.isdigit() and len(number) < 9 for number in (start, end)):
        return within(section.text, int(start), int(end))
    return locate(section.text, quote)


def _by_table(sections: Sequence[ShownSection]) -> list[tuple[str, list[ShownSection]]]:
    """Runs of table rows under one header come together (the key is that header), every other section alone ("")."""
    groups: list[tuple[str, list[ShownSection]]] = []
    for header, rows in groupby(sections, lambda shown: shown.section.lead if shown.section.kind == "row" else ""):
        run = list(rows)
        groups += [(header, run)] if header else [("", [shown]) for shown in run]
    return groups


def read_filter(query: Mapping[str, str]) -> PolicyFilter:
    """The filter in an address; a value that is none of ours narrows nothing."""
    return PolicyFilter(
        text=_one_line(query.get("q", ""))[:100],
        level=_member(Level, query.get("level")),
        jurisdiction=_one_line(query.get("place", ""))[:40] or None,
        category=_member(Category, query.get("category")),
        state=_member(PolicyState, query.get("state")),
    )


def _listing(
    wanted: PolicyFilter, found: Sequence[PolicyCard], everything: Sequence[PolicyCard], page: int
) -> dict[str, Any]:
    pages = max(1, -(-len(found) // PER_PAGE))
    page = min(page, pages)
    places = sorted({card.jurisdiction for card in everything if card.jurisdiction})
    return {
        "wanted": wanted,
        "cards": found[(page - 1) * PER_PAGE : page * PER_PAGE],
        "found": len(found),
        "total": len(everything),
        "counts": _counts(everything),
        "places": places,
        "levels": list(Level),
        "categories": list(Category),
        "page": page,
        "pages": pages,
        "link": lambda **changed: _link(wanted, **changed),
    }


def _counts(cards: Sequence[PolicyCard]) -> dict[PolicyState, int]:
    counted = {state: sum(1 for card in cards if card.state == state) for state in PolicyState}
    return {state: count for state, count in counted.items() if count}


def _link(wanted: PolicyFilter, **changed: object) -> str:
    """The list's address with this filter, some of it changed."""
    fields: dict[str, object] = {
        "q": wanted.text,
        "level": wanted.level,
        "place": wanted.jurisdiction,
        "category": wanted.category,
        "state": wanted.state,
    } | changed
    query = urlencode({name: str(value) for name, value in fields.items() if value})
    return f"/policies?{query}" if query else "/policies"


def _member(kind: type[Choice], value: str | None) -> Choice | None:
    try:
        return kind(value) if value else None
    except ValueError:
        return None


def _page_number(value: str | None) -> int:
    return int(value) if value and value.isascii() and value.isdigit() and 0 < len(value) < 6 and int(value) else 1


def _one_line(value: str) -> str:
    try:
        return " ".join(clean(value, lenient=True).split())
    except UncleanError:
        return ""
