"""Questions that found no answer (未答问题): a row for all that mean the same, why, how often, what was done. Nobody is
named."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from bot.console.corpus_pages import LOOKERS
from bot.console.rules import Routes
from bot.console.visit import Declined, Visit
from bot.corpus_drafts import Draft
from bot.corpus_rights import KEEPERS
from bot.kept_answers import State
from bot.unanswered import CAUSES, MOST_READ, Cluster, clusters, of_key
from bot.unanswered_marks import Mark, Marked, UnansweredMarks
from intake.cases import Role
from rag.models import Answer, AnswerStatus, Citation

routes = Routes()

BOARD = LOOKERS | {Role.COORDINATOR}
DAYS = (7, 30, 90)
SHOWN = ("open", "dealt", "all")
MOST_SHOWN = 100
MOST_WAITING = 30
NEAREST = 2
SHORTEST_WHY = 2


@dataclass(frozen=True, slots=True)
class Waiting:
    """A question that waits for a document, and whether it is answered now (None: nothing can be asked)."""

    mark: Marked
    answered: bool | None
    titles: tuple[str, ...]
    drafts: tuple[Draft, ...]


@routes.rule("/unanswered", roles=BOARD)
def unanswered(visit: Visit) -> Response:
    days, cause, show = _asked(visit)
    misses = visit.desk.parts.history.misses(MOST_READ)
    board = board_of(visit, days)
    rows = [one for one in board if show == "all" or one.dealt_with == (show == "dealt")]
    rows = [one for one in rows if not cause or any(name == cause for name, _ in one.causes)]
    context: dict[str, Any] = {
        "board": rows[:MOST_SHOWN],
        "left": max(0, len(rows) - MOST_SHOWN),
        "titles": _titles(visit, [one.nearest[:NEAREST] for one in rows[:MOST_SHOWN]]),
        "causes": _causes(board),
        "every_cause": CAUSES,
        "cause": cause,
        "days": days,
        "every_days": DAYS,
        "show": show,
        "every_show": SHOWN,
        "total": sum(one.count for one in board),
        "dealt": sum(one.dealt_with for one in board),
        "capped": len(misses) == MOST_READ and sum(one.count for one in board) == MOST_READ,
        "most": MOST_READ,
        "waiting": _waiting(visit),
        "fallen": [kept for kept in visit.desk.parts.kept.all() if kept.state is State.SUSPENDED],
        "may": visit.who.has(*KEEPERS),
        "query": urlencode({"days": days, "cause": cause, "show": show}),
    }
    return visit.page("corpus_unanswered.html", **context)


@routes.rule("/unanswered/{key}", roles=BOARD)
def one_question(visit: Visit) -> Response:
    return _one(visit, cluster_of(visit, visit.path("key")))


@routes.rule("/unanswered/{key}/mark", "POST", roles=KEEPERS)
def mark(visit: Visit) -> Response:
    """Dealt with, left alone (and why), or back on the board."""
    cluster, why = cluster_of(visit, visit.path("key")), visit.line("why")
    state = next((one for one in (Mark.HANDLED, Mark.IGNORED, Mark.REOPENED) if one == visit.line("state")), None)
    if state is None:
        raise Declined(422, "unclean", field="state")
    if state is Mark.IGNORED and len(why) < SHORTEST_WHY:
        return _one(visit, cluster, wrong="unanswered.why_missing", status=422)
    _put(visit, state, cluster, why)
    return visit.go("/unanswered", f"unanswered_{state}")


@routes.rule("/unanswered/{key}/document", "POST", roles=KEEPERS)
def add_document(visit: Visit) -> Response:
    """Note that a document is on its way, and go on to where it is brought in."""
    made = _put(visit, Mark.DOCUMENT, cluster_of(visit, visit.path("key")), "")
    return visit.go(f"/corpus/drafts?question={made.id}")


@routes.rule("/unanswered/waiting/{mark:int}/done", "POST", roles=KEEPERS)
def document_done(visit: Visit) -> Response:
    """A question that waited is dealt with, answered or not."""
    marks = UnansweredMarks(visit.desk.parts.engine)
    held = next((one for one in waiting_marks(marks.all()) if one.id == int(visit.path("mark"))), None)
    if held is None:
        raise Declined(409, "changed_meanwhile")
    now, by = visit.desk.parts.clock.now(), visit.who.actor.id
    marks.put(Mark.HANDLED, held.question, held.keys, by, now, district=held.district)
    return visit.go("/unanswered", "unanswered_handled")


def board_of(visit: Visit, days: int) -> list[Cluster]:
    parts = visit.desk.parts
    marks = UnansweredMarks(parts.engine).all()
    misses = parts.history.misses(MOST_READ)
    return clusters(misses, marks, parts.clock.now(), days, parts.clock.today(), parts.vectors.known)


def cluster_of(visit: Visit, key: str) -> Cluster:
    """The row that a link names, within the longest period."""
    found = of_key(board_of(visit, DAYS[-1]), key)
    if found is None:
        raise Declined(404, "not_found")
    return found


def waiting_marks(marks: Sequence[Marked]) -> list[Marked]:
    """Those that are the last word on what they are about, and wait for a document. `marks`: the latest first."""
    later: set[str] = set()
    found = []
    for one in marks:
        if one.state is Mark.DOCUMENT and not one.keys & later:
            found.append(one)
        later |= one.keys
    return found


def _one(visit: Visit, cluster: Cluster, *, wrong: str = "", status: int = 200) -> Response:
    nearest = _titles(visit, [cluster.nearest])[0]
    now = visit.desk.parts.again.answer(cluster.question, cluster.district)
    context: dict[str, Any] = {
        "one": cluster,
        "nearest": nearest or tuple(dict.fromkeys(card.title for card in (now.nearest if now else ()))),
        "recorded": bool(nearest),
        "now": now,
        "answered": now is not None and now.status is AnswerStatus.ANSWERED,
        "name": names(visit),
        "may": visit.who.has(*KEEPERS),
        "wrong": wrong,
        "why": visit.line("why"),
    }
    return visit.page("unanswered_one.html", status=status, **context)


def names(visit: Visit) -> Callable[[str], str]:
    """The name of an account of the staff."""
    found = {person.id: person.name for person in visit.desk.parts.needs.register.staff()}
    return lambda account: found.get(account, account)


def _put(visit: Visit, state: Mark, cluster: Cluster, why: str) -> Marked:
    marks, now = UnansweredMarks(visit.desk.parts.engine), visit.desk.parts.clock.now()
    by, district = visit.who.actor.id, cluster.district
    return marks.put(state, cluster.question, cluster.keys, by, now, why=why, district=district)


def _waiting(visit: Visit) -> list[Waiting]:
    parts, kept = visit.desk.parts, UnansweredMarks(visit.desk.parts.engine)
    marks = waiting_marks(kept.all())[:MOST_WAITING]
    brought = kept.drafts_of(one.id for one in marks)
    return [
        _waits(visit, one, parts.again.answer(one.question, one.district), brought.get(one.id, [])) for one in marks
    ]


def _waits(visit: Visit, mark: Marked, now: Answer | None, drafts: Sequence[int]) -> Waiting:
    held = tuple(visit.desk.parts.documents.taking_in.drafts.get(number) for number in drafts)
    if now is None:
        return Waiting(mark, None, (), held)
    return Waiting(mark, now.status is AnswerStatus.ANSWERED, _cited(now.citations), held)


def _cited(cards: Sequence[Citation]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(card.title for card in cards))[:NEAREST]


def _asked(visit: Visit) -> tuple[int, str, str]:
    days = next((number for number in DAYS if str(number) == visit.asked("days")), DAYS[1])
    cause = visit.asked("cause") if visit.asked("cause") in CAUSES else ""
    return days, cause, visit.asked("show") if visit.asked("show") in SHOWN else SHOWN[0]


def _causes(board: Sequence[Cluster]) -> list[tuple[str, int]]:
    counts: Counter[str] = Counter()
    for one in board:
        counts.update(dict(one.causes))
    return counts.most_common()


def _titles(visit: Visit, passages: Sequence[Sequence[str]]) -> list[tuple[str, ...]]:
    """The titles of the documents of passages, row by row; of a passage that is kept no more there is none."""
    wanted = list(dict.fromkeys(key for row in passages for key in row))
    held = visit.desk.parts.places.store.passages(wanted) if wanted else {}
    return [tuple(dict.fromkeys(held[key].path[0] for key in row if key in held)) for row in passages]
