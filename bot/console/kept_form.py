"""Writing an answer to keep: what it says, the clauses it rests on, the wordings it is given to, its days.

The page is one form: 「查找」 draws it again with other clauses to pick from, and loses nothing that was typed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from starlette.responses import Response

from bot.console.corpus_unanswered import cluster_of
from bot.console.kept_pages import keep_within_reach
from bot.console.rules import Routes
from bot.console.store.corpus_journal import KEPT, CorpusJournal
from bot.console.visit import LONGEST_TEXT, Declined, Visit
from bot.corpus_rights import KEEPERS
from bot.keeping import LONGEST_BY, Judged, Written, judge, wordings_in
from bot.keeping import LONGEST_TEXT as LONGEST_ANSWER
from bot.kept_answers import Kept, State
from bot.unanswered import Cluster
from bot.unanswered_marks import Mark, UnansweredMarks
from rag.jurisdictions import find_places, places
from rag.models import ApprovedAnswer, Ground, Passage, Question
from rag.reader import Shelf

routes = Routes()

OFFERED = 8
"""Clauses that are offered beside those that were picked."""

LIFE = timedelta(days=180)
"""What an answer is proposed to be good for."""


@dataclass(frozen=True, slots=True)
class Offered:
    """A clause to pick: `quote` is what would be quoted of it. `usable`: it may be presented as current."""

    passage: Passage
    title: str
    state: str
    quote: str
    picked: bool
    usable: bool
    wrong: str = ""


@routes.rule("/kept/new", roles=KEEPERS)
def write(visit: Visit) -> Response:
    """An empty form, one for a row of the board (?cluster=), or one in the place of another answer (?instead=)."""
    if visit.asked("instead"):
        return _again(visit)
    cluster = cluster_of(visit, visit.asked("cluster")) if visit.asked("cluster") else None
    return _form(visit, _proposed(visit, cluster), question=cluster.question if cluster else "")


@routes.rule("/kept/new", "POST", roles=KEEPERS)
def keep(visit: Visit) -> Response:
    """Keep it, or look for other clauses. Every fault is told at once, and nothing typed is lost."""
    written, shelf, parts = _written(visit), _shelf(visit), visit.desk.parts
    if visit.line("do") == "find":
        return _form(visit, written)
    instead = _instead(visit)
    reach = parts.rights.reach(visit.who.actor)
    judged = judge(
        written,
        shelf,
        parts.clock.today(),
        parts.kept.standing(),
        replaces=instead.answer.id if instead else None,
        within=reach.places,
    )
    if judged.answer is None:
        return _form(visit, written, judged=judged, status=422)
    kept = _kept(visit, judged.answer, shelf, instead)
    return visit.go(f"/kept/{kept.answer.id}", f"kept_{kept.state}")


def _kept(visit: Visit, answer: ApprovedAnswer, shelf: Shelf, instead: Kept | None) -> Kept:
    """On disk with its mark on the board before anybody is told."""
    parts, actor, now = visit.desk.parts, visit.who.actor, visit.desk.parts.clock.now()
    question = visit.line("question") or answer.wordings[0]
    kept = parts.kept.keep(
        answer,
        question,
        shelf.opened.release.id,
        actor.id,
        waits=parts.settings.publish_by_two,
        replaces=instead.answer.id if instead else None,
    )
    CorpusJournal(parts.engine).write(KEPT, actor, now, number=kept.answer.id)
    if visit.line("cluster"):
        cluster = cluster_of(visit, visit.line("cluster"))
        why = f"#{kept.answer.id}"
        UnansweredMarks(parts.engine).put(Mark.HANDLED, question, cluster.keys, actor.id, now, why=why)
    return kept


def _again(visit: Visit) -> Response:
    """The form of an answer that is to be written anew: what it rested on is sought in the clauses as they are now."""
    typed = visit.asked("instead")
    if not typed.isascii() or not typed.isdigit() or len(typed) > 9:
        raise Declined(404, "not_found")
    kept = _by_number(visit, int(typed))
    keep_within_reach(visit, kept)
    answer, today = kept.answer, visit.desk.parts.clock.today()
    quotes = dict(_relocated(answer.grounds, _shelf(visit)))
    written = Written(
        text=answer.text, wordings=answer.wordings, quotes=quotes, place=answer.place, day=today.isoformat(),
        until=(today + LIFE).isoformat(), by=answer.by,
    )  # fmt: skip
    return _form(visit, written, question=kept.question, instead=kept)


def _relocated(grounds: Sequence[Ground], shelf: Shelf) -> list[tuple[str, str]]:
    """(passage, quote) of each ground whose quote still stands in its document."""
    found = []
    for ground in grounds:
        held = shelf.opened.passages_of(ground.document) if ground.document in shelf.opened.place else []
        passage = next((passage for passage in held if ground.quote in passage.text), None)
        if passage is not None:
            found.append((passage.id, ground.quote))
    return found


def _instead(visit: Visit) -> Kept | None:
    """The answer that this one takes the place of. Declines one that is gone already."""
    typed = visit.line("instead")
    if not typed:
        return None
    if not typed.isascii() or not typed.isdigit() or len(typed) > 9:
        raise Declined(404, "not_found")
    kept = _by_number(visit, int(typed))
    keep_within_reach(visit, kept)
    if kept.state is State.REVOKED:
        raise Declined(409, "changed_meanwhile")
    return kept


def _by_number(visit: Visit, number: int) -> Kept:
    found = next((kept for kept in visit.desk.parts.kept.all() if kept.answer.id == number), None)
    if found is None:
        raise Declined(404, "not_found")
    return found


def _shelf(visit: Visit) -> Shelf:
    shelf = visit.desk.parts.reader.shelf()
    if shelf is None:
        raise Declined(422, "kept_no_release")
    return shelf


def _proposed(visit: Visit, cluster: Cluster | None) -> Written:
    today = visit.desk.parts.clock.today()
    wordings = cluster.wordings if cluster else ()
    named = {place.name for said in wordings for place in find_places(said) if place.kind in ("district", "zone")}
    place = named.pop() if len(named) == 1 else ""
    if not place and cluster and cluster.cause == "no_coverage":
        place = cluster.district
    return Written(
        wordings=wordings_in("\n".join(wordings)), place=place, day=today.isoformat(),
        until=(today + LIFE).isoformat(), by=_signatures(visit)[0],
    )  # fmt: skip


def _written(visit: Visit) -> Written:
    picked, place, by = visit.lines("pick")[:40], visit.line("place"), visit.line("by", LONGEST_BY)
    instead = _instead(visit)
    if place and place not in {name.name for name in places()}:
        raise Declined(422, "unclean", field="place")
    if by not in {*_signatures(visit), instead.answer.by if instead else ""}:
        by = ""
    return Written(
        text=visit.text("text", LONGEST_ANSWER).strip(),
        wordings=wordings_in(visit.text("wordings", 3 * LONGEST_TEXT)),
        quotes={passage: visit.text(f"quote-{passage}", 2 * LONGEST_TEXT) for passage in picked},
        place=place,
        day=visit.line("day"),
        until=visit.line("until"),
        by=by,
        figures_checked=visit.ticked("figures_checked"),
    )


def _form(
    visit: Visit,
    written: Written,
    *,
    question: str = "",
    instead: Kept | None = None,
    judged: Judged | None = None,
    status: int = 200,
) -> Response:
    question = question or visit.line("question")
    find = visit.line("find") or question or (written.wordings[0] if written.wordings else "")
    judged = judged or Judged()
    context: dict[str, Any] = {
        "written": written,
        "wordings": "\n".join(written.wordings),
        "question": question,
        "cluster": visit.line("cluster") or visit.asked("cluster"),
        "instead": str(instead.answer.id) if instead else visit.line("instead"),
        "find": find,
        "offered": _offered(visit, written, find, judged.passages),
        "judged": judged,
        "places": _choosable(visit),
        "signatures": [(by, by) for by in dict.fromkeys([*([written.by] if written.by else []), *_signatures(visit)])],
        "by_two": visit.desk.parts.settings.publish_by_two,
        "today": visit.desk.parts.clock.today().isoformat(),
        "longest": LONGEST_ANSWER,
    }
    return visit.page("kept_form.html", status=status, **context)


def _offered(visit: Visit, written: Written, find: str, wrong: Mapping[str, str]) -> list[Offered]:
    """Those that were picked first, then what a search for the words finds."""
    shelf, pipeline, today = _shelf(visit), visit.desk.parts.pipeline, visit.desk.parts.clock.today()
    live = [key for key in written.quotes if key in shelf.opened.ordinal]
    found = pipeline.find(Question(find, district=written.place or None, aided=False)).clauses if find else ()
    passages = {passage.id: passage for passage in shelf.opened.passages(live)}
    for hit, _ in found[:OFFERED]:
        passages.setdefault(hit.passage.id, hit.passage)
    return [_offer(passage, written, shelf, today, wrong) for passage in passages.values()]


def _offer(passage: Passage, written: Written, shelf: Shelf, today: date, wrong: Mapping[str, str]) -> Offered:
    row = shelf.catalogue.place[passage.document]
    standing = shelf.catalogue.standing(row, today)
    return Offered(
        passage=passage,
        title=shelf.opened.documents[row].document.title,
        state=standing.state.value if standing else "",
        quote=written.quotes.get(passage.id, passage.text.strip()),
        picked=passage.id in written.quotes,
        usable=standing is None or not standing.state.retired,
        wrong=wrong.get(passage.id, ""),
    )


def _choosable(visit: Visit) -> list[str]:
    """The places that this editor may keep an answer for; "" is everywhere."""
    reach = visit.desk.parts.rights.reach(visit.who.actor)
    named = [place.name for place in places() if place.kind in ("district", "zone")]
    return ["", *named] if reach.places is None else [name for name in named if name in reach.places]


def _signatures(visit: Visit) -> list[str]:
    """Who may be named as its author: the writer's own teams, who runs the service, the other teams."""
    teams = [team for team in visit.desk.parts.needs.register.teams() if team.active]
    own = [team.name for team in teams if team.id in visit.who.actor.teams]
    every = [*own, visit.desk.parts.settings.operator_name, *(team.name for team in teams)]
    return list(dict.fromkeys(every))
