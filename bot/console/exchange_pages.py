"""Taking the list that is shown as a sheet: what stands in it, who gets what of it, the password once more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from bot.channels.web_chat.pages import lang_of
from bot.clock import SHANGHAI
from bot.console.case_words import CaseWords
from bot.console.exchange_export import MOST_IN_FULL, Export, TooManyInFullError
from bot.console.exchange_publish import Publishing
from bot.console.queue_pages import asked_of, find
from bot.console.queue_views import Asked
from bot.console.rules import CASEWORK, READERS, Routes
from bot.console.store.exchange_journal import note_export
from bot.console.visit import Declined, Visit

routes = Routes()

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_LONGEST_QUERY = 4000
_NOT_KEPT = frozenset({"page", "done", "lang"})
SHORTEST_REASON = 2


@routes.rule("/queue/export", roles=READERS)
def export_page(visit: Visit) -> Response:
    """What the sheet would hold, and the choices."""
    return _page(visit, _query(visit.request.url.query))


@routes.rule("/queue/export", "POST", roles=READERS, reauth=True)
def export(visit: Visit) -> Response:
    query = _query(visit.text("query", _LONGEST_QUERY))
    looking = _looking(visit, query)
    asked = asked_of(looking)
    entries, now = find(looking, asked), visit.desk.parts.clock.now()
    full, reason = visit.ticked("full") and visit.who.has(*CASEWORK), visit.line("reason")
    if full and len(reason) < SHORTEST_REASON:
        return _page(visit, query, wrong="reason", status=422)
    exporting = Export(visit.desk.parts.needs, visit.who.actor, now, full=full, reason=reason)
    try:
        contacts = exporting.witness(entries)
    except TooManyInFullError:
        return _page(visit, query, wrong="too_many", status=422)
    told = {**told_of(asked), "rows": len(entries), "contacts": contacts}
    note_export(visit.desk.parts.engine, asked.view, told, visit.who.actor, now)
    return download(visit, exporting.pieces(entries), "queue")


@routes.rule("/queue/publishable", "POST", roles=CASEWORK, reauth=True)
def publishable(visit: Visit) -> Response:
    """Those of the list that may go to the national platform, without contacts."""
    looking = _looking(visit, _query(visit.text("query", _LONGEST_QUERY)))
    asked = asked_of(looking)
    now = visit.desk.parts.clock.now()
    publishing = Publishing(visit.desk.parts.needs, visit.who.actor, now)
    entries = publishing.fit(find(looking, asked))
    told = {**told_of(asked), "rows": len(entries), "publishable": True}
    note_export(visit.desk.parts.engine, asked.view, told, visit.who.actor, now)
    return download(visit, publishing.pieces(entries), "publishable")


def download(visit: Visit, pieces: Iterator[bytes], name: str, *, label: str = "") -> Response:
    """A file that begins to arrive at once, however long it is."""
    day = visit.desk.parts.clock.now().astimezone(SHANGHAI).date().isoformat()
    shown = "_".join(filter(None, (visit.desk.drawing.words["zh"](f"exchange.named.{name}"), label, f"{day}.xlsx")))
    headers = {
        "Content-Disposition": f"attachment; filename=\"{name}_{day}.xlsx\"; filename*=UTF-8''{quote(shown, safe='')}",
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return StreamingResponse(pieces, media_type=XLSX, headers=headers)


def _page(visit: Visit, query: str, *, wrong: str = "", status: int = 200) -> Response:
    looking = _looking(visit, query)
    asked = asked_of(looking)
    entries, now = find(looking, asked), visit.desk.parts.clock.now()
    in_full = Export(visit.desk.parts.needs, visit.who.actor, now, full=True)
    context: dict[str, Any] = {
        "query": query,
        "asked": asked,
        "filters": list(_filters(visit, asked)),
        "total": len(entries),
        "own": sum(in_full.in_full(entry.case) for entry in entries),
        "fit": len(Publishing(visit.desk.parts.needs, visit.who.actor, now).fit(entries)),
        "most": MOST_IN_FULL,
        "may_act": visit.who.has(*CASEWORK),
        "wrong": wrong,
        "reason": visit.line("reason"),
        "ticked": visit.ticked("full"),
    }
    return visit.page("exchange_export.html", status=status, **context)


def _filters(visit: Visit, asked: Asked) -> Iterator[tuple[str, str]]:
    """What the list is narrowed to, in words."""
    words, labels = visit.desk.drawing.words[lang_of(visit.request)], visit.desk.labels(visit.request)
    kinds = dict(labels.kinds())
    named = asked.view.removeprefix("kind.")
    view = f"queue.view.{asked.view}"
    yield words("exchange.view"), words(view) if words.has(view) else kinds.get(named, named)
    if asked.kind:
        yield words("queue.kind"), kinds.get(asked.kind, asked.kind)
    if asked.state:
        state = CaseWords(lang_of(visit.request), visit.desk.parts.needs.timing.calendar).label("state", asked.state)
        yield words("queue.state"), state
    if asked.area:
        places = dict([*labels.districts(), *labels.zones()])
        yield words("queue.area"), places.get(asked.area, asked.area)
    if asked.team:
        teams = {team.id: team.name for team in visit.desk.parts.needs.register.teams()}
        yield words("queue.team"), teams.get(asked.team, asked.team)
    if asked.text:
        yield words("queue.search"), asked.text
    for wanted in asked.answers:
        labelled = {option.code: option.label for option in wanted.step.options}
        ends = " – ".join(end for end in (wanted.least, wanted.most) if end)
        yield wanted.step.label, labelled.get(wanted.value, wanted.value) or ends


def told_of(asked: Asked) -> dict[str, Any]:
    """The list as the journal names it: codes, and that words were searched for, but not which."""
    codes = {"kind": asked.kind, "of_state": asked.state, "area": asked.area, "of_team": asked.team}
    filters = [wanted.step.id for wanted in asked.answers]
    return {name: code for name, code in codes.items() if code} | {
        **({"searched": True} if asked.text else {}),
        **({"filters": filters} if filters else {}),
    }


def _looking(visit: Visit, query: str) -> Visit:
    """The visit as it was on the page of the list, so that the sheet holds the rows that were shown."""
    scope = {**visit.request.scope, "query_string": query.encode()}
    return replace(visit, request=Request(scope))


def _query(typed: str) -> str:
    """A query of the list's own; anything else in it is left out by whoever reads it."""
    try:
        pairs = parse_qsl(typed, max_num_fields=100)
    except ValueError as error:
        raise Declined(422, "not_allowed") from error
    return urlencode([(name, value) for name, value in pairs if name not in _NOT_KEPT])
