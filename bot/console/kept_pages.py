"""Approved answers (核定的回答): those there are, where each stands and why, a second look, taking one back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from bot.console.corpus_unanswered import BOARD, names
from bot.console.rules import Routes
from bot.console.store.corpus_journal import APPROVED, REVOKED, CorpusJournal
from bot.console.visit import Declined, Visit
from bot.corpus_rights import KEEPERS, RightsError
from bot.kept_answers import AnswerStateError, Kept, OwnAnswerError, State, UnknownAnswerError
from rag.approved import fall_of

routes = Routes()

SHORTEST_WHY = 2
ORDER = (State.SUSPENDED, State.WAITING, State.STANDING, State.REVOKED)


@dataclass(frozen=True, slots=True)
class Fallen:
    """Why an answer is out of use, as the wording files name it, and the title of the document that did it."""

    why: str
    title: str


@routes.rule("/kept", roles=BOARD)
def listed(visit: Visit) -> Response:
    every = visit.desk.parts.kept.all()
    context: dict[str, Any] = {
        "groups": [(state, [one for one in every if one.state is state]) for state in ORDER],
        "fallen": {one.answer.id: fallen(visit, one) for one in every},
        "name": names(visit),
        "may": visit.who.has(*KEEPERS),
        "total": len(every),
    }
    return visit.page("kept.html", **context)


@routes.rule("/kept/{answer:int}", roles=BOARD)
def one_answer(visit: Visit) -> Response:
    return _one(visit, held(visit))


@routes.rule("/kept/{answer:int}/approve", "POST", roles=KEEPERS)
def approve(visit: Visit) -> Response:
    """The second look: by somebody else than who wrote it, and only while everything it rests on stands."""
    kept, parts = held(visit), visit.desk.parts
    keep_within_reach(visit, kept)
    shelf = parts.reader.shelf()
    if shelf is None or fall_of(kept.answer, shelf, parts.clock.today()) is not None:
        return _one(visit, kept, wrong="kept.fallen_before", status=422)
    try:
        parts.kept.approve(kept.answer.id, visit.who.actor.id)
    except OwnAnswerError:
        return _one(visit, kept, wrong="kept.own", status=422)
    except AnswerStateError as error:
        raise Declined(409, "changed_meanwhile") from error
    CorpusJournal(parts.engine).write(APPROVED, visit.who.actor, parts.clock.now(), number=kept.answer.id)
    return visit.go(f"/kept/{kept.answer.id}", "kept_approved")


@routes.rule("/kept/{answer:int}/revoke", "POST", roles=KEEPERS)
def revoke(visit: Visit) -> Response:
    kept, why = held(visit), visit.line("why")
    keep_within_reach(visit, kept)
    if len(why) < SHORTEST_WHY:
        return _one(visit, kept, wrong="kept.why_missing", status=422)
    parts = visit.desk.parts
    try:
        parts.kept.revoke(kept.answer.id, visit.who.actor.id, why)
    except AnswerStateError as error:
        raise Declined(409, "changed_meanwhile") from error
    CorpusJournal(parts.engine).write(REVOKED, visit.who.actor, parts.clock.now(), number=kept.answer.id, reason=why)
    return visit.go("/kept", "kept_revoked")


def held(visit: Visit, name: str = "answer") -> Kept:
    """The answer that the address names."""
    try:
        return visit.desk.parts.kept.get(int(visit.path(name)))
    except (UnknownAnswerError, OverflowError) as error:
        raise Declined(404, "not_found") from error


def keep_within_reach(visit: Visit, kept: Kept) -> None:
    """Raises RightsError where it is another place's answer than the editor's own."""
    reach = visit.desk.parts.rights.reach(visit.who.actor)
    if reach.places is not None and kept.answer.place not in reach.places:
        raise RightsError("not_yours", sorted(reach.places), kept.answer.place or "—")


def fallen(visit: Visit, kept: Kept) -> Fallen | None:
    """Why one that was approved is out of use, or would be at this moment; None for one that may be given."""
    if kept.state is State.SUSPENDED:
        why, _, document = kept.why.partition(" ")
        return Fallen(why, _title(visit, document))
    shelf = visit.desk.parts.reader.shelf()
    if kept.state is State.REVOKED or shelf is None:
        return None
    fall = fall_of(kept.answer, shelf, visit.desk.parts.clock.today())
    return Fallen(fall.why, _title(visit, fall.document)) if fall else None


def _title(visit: Visit, document: str) -> str:
    shelf = visit.desk.parts.reader.shelf()
    row = shelf.opened.place.get(document) if shelf else None
    return shelf.opened.documents[row].document.title if shelf and row is not None else document


def _one(visit: Visit, kept: Kept, *, wrong: str = "", status: int = 200) -> Response:
    titles = {ground.document: _title(visit, ground.document) for ground in kept.answer.grounds}
    reach = visit.desk.parts.rights.reach(visit.who.actor) if visit.who.has(*KEEPERS) else None
    context: dict[str, Any] = {
        "kept": kept,
        "titles": titles,
        "fallen": fallen(visit, kept),
        "steps": visit.desk.parts.kept.steps(kept.answer.id),
        "name": names(visit),
        "may": reach is not None and (reach.city or kept.answer.place in (reach.places or ())),
        "own": kept.author == visit.who.actor.id,
        "wrong": wrong,
        "why": visit.line("why"),
    }
    return visit.page("kept_one.html", status=status, **context)
