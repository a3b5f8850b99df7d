"""Where the files come from (来源): each source as it stood at the last look, the schedule, a round now, changes.

A source is named below one folder of the machine (CORPUS_SOURCES_DIR), so that nobody at a browser can have the server
read another file, or learn whether there is one.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from bot.channels.web_chat.pages import lang_of
from bot.console.corpus_pages import LOOKERS
from bot.console.rules import Routes
from bot.console.visit import Declined, Visit
from bot.corpus_rights import KEEPERS, is_city_keeper
from bot.corpus_sources import Source, SourceFile, SourceHereError, Sources, State, UnknownSourceError
from bot.look_words import summary_lines, why_words
from bot.source_paths import SourcePathError, source_at
from bot.source_rounds import LookingError
from bot.store_of_looks import Look

routes = Routes()

LOOKS = 10
"""Of the last so many looks it is said what they came to."""

NAMED = 50
"""Files of a source that are amiss or have changed which are named."""

TONES = {
    State.OK: "good",
    State.CHANGED: "soon",
    State.MISSING: "gone",
    State.BROKEN: "warn",
    State.QUARANTINED: "gone",
    State.UNSEEN: "soon",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """A source, how many of its files stand how, and those of them to be named."""

    source: Source
    states: list[tuple[State, int]]
    named: list[SourceFile]
    left: int


@routes.rule("/corpus/sources", roles=LOOKERS)
def sources(visit: Visit) -> Response:
    return _page(visit)


@routes.rule("/corpus/sources/progress", roles=LOOKERS, background=True)
def progress(visit: Visit) -> Response:
    """How far a round is, for the page that has it open; 304 where nothing has changed."""
    context = {"round": visit.desk.parts.rounds.round, "names": _names(visit)}
    return visit.part("source_round.html", **context)


@routes.rule("/corpus/sources/look", "POST", roles=KEEPERS)
def look(visit: Visit) -> Response:
    """A round beside the server. Who comes second is told that one is under way."""
    parts, actor = visit.desk.parts, visit.who.actor
    parts.rights.require_city(actor)
    try:
        parts.rounds.begin(actor.id)
    except LookingError:
        return _page(visit, wrong="sources.busy", status=409)
    return visit.go("/corpus/sources")


@routes.rule("/corpus/sources", "POST", roles=KEEPERS)
def add(visit: Visit) -> Response:
    """Put a source on record; the next round looks there."""
    parts, actor = visit.desk.parts, visit.who.actor
    parts.rights.require_city(actor)
    typed = {"path": visit.line("path", 500), "url": visit.line("url", 500)}
    if not typed["path"]:
        return _page(visit, wrong="sources.wrong.no_path", typed=typed, status=422)
    try:
        kind, path, url = source_at(typed["path"], typed["url"], parts.settings.sources_root)
        Sources(parts.engine).add(kind, path, url, actor, parts.clock.now())
    except SourcePathError as fault:
        return _page(visit, wrong=f"sources.wrong.{fault.why}", typed=typed, status=422)
    except SourceHereError as fault:
        return _page(visit, wrong="sources.wrong.here", typed=typed, number=fault.source.id, status=422)
    return visit.go("/corpus/sources", "source_added")


@routes.rule("/corpus/sources/{source:int}/remove", "POST", roles=KEEPERS)
def remove(visit: Visit) -> Response:
    """Look there no more; what came from there stays."""
    parts, actor = visit.desk.parts, visit.who.actor
    parts.rights.require_city(actor)
    try:
        Sources(parts.engine).remove(int(visit.path("source")), actor, parts.clock.now())
    except UnknownSourceError as fault:
        raise Declined(404, "not_found") from fault
    return visit.go("/corpus/sources", "source_removed")


def _page(
    visit: Visit, *, wrong: str = "", typed: dict[str, str] | None = None, number: int = 0, status: int = 200
) -> Response:
    parts, lang = visit.desk.parts, lang_of(visit.request)
    rounds, store = parts.rounds, Sources(parts.engine)
    context: dict[str, Any] = {
        "sources": [_shown(source, store.files(source.id)) for source in store.all()],
        "looks": [(look, _lines(look, visit)) for look in rounds.looks.recent(LOOKS)],
        "schedule": str(rounds.schedule) if rounds.schedule else "",
        "next": rounds.next(),
        "publishes": parts.settings.corpus_refresh_publishes,
        "root": str(parts.settings.sources_root.resolve()),
        "round": rounds.round,
        "names": _names(visit),
        "may": is_city_keeper(visit.who.actor),
        "tones": TONES,
        "why": lambda why: why_words(why, lang),
        "wrong": wrong,
        "typed": typed or {"path": "", "url": ""},
        "number": number,
    }
    return visit.page("sources.html", status=status, **context)


def _shown(source: Source, files: list[SourceFile]) -> Shown:
    counted = Counter(file.state for file in files)
    named = [file for file in files if file.state is not State.OK]
    order = sorted(counted.items(), key=lambda one: (-one[1], one[0]))
    return Shown(source, order, named[:NAMED], max(0, len(named) - NAMED))


def _lines(look: Look, visit: Visit) -> list[str]:
    return summary_lines(look.summary, lang_of(visit.request)) if look.summary is not None else []


def _names(visit: Visit) -> Any:
    return visit.names(system=visit.desk.drawing.words[lang_of(visit.request)]("sources.system"))
