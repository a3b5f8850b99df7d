"""What is live (版次): the release that answers now, bringing it up to date, what each release changed, going back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from starlette.responses import Response

from bot.console.corpus_pages import LOOKERS
from bot.console.rules import Routes
from bot.console.store.corpus_journal import BACK, BEGUN, FAILED, PUBLISHED, SAME, CorpusJournal, Published
from bot.console.visit import Declined, Visit
from bot.corpus_rights import KEEPERS, is_city_keeper
from bot.refreshing import BusyError, Run, UnknownReleaseError
from intake.cases import Actor
from rag.indexing import Plan, make_plan
from rag.models import Release
from rag.ports import ReleaseStoreError
from rag.segments import SegmentError

routes = Routes()

NAMED = 12
"""Policies of each kind that a change names; of more it says how many."""

SHORTEST_REASON = 4


@dataclass(frozen=True, slots=True)
class Changed:
    """What one release has over another: how many, and the titles of the first of them."""

    kind: str
    count: int
    titles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Kept:
    """A release that is kept, with what it changed (None for the oldest, which has nothing to be compared with)."""

    release: Release
    live: bool
    published: Published | None
    changes: list[Changed] | None


@routes.rule("/corpus/releases", roles=LOOKERS)
def releases(visit: Visit) -> Response:
    return _page(visit)


@routes.rule("/corpus/progress", roles=LOOKERS, background=True)
def progress(visit: Visit) -> Response:
    """How far a refresh is, for the page that has it open; 304 where nothing has changed."""
    context = {"run": _run(visit), "names": visit.names(), "interrupted": None}
    return visit.part("corpus_run.html", **context)


@routes.rule("/corpus/index", "POST", roles=KEEPERS)
def index(visit: Visit) -> Response:
    """Refresh beside whoever asked. Who comes second is told who was first, and nothing is done twice."""
    parts, actor = visit.desk.parts, visit.who.actor
    parts.rights.require_city(actor)
    journal, live = CorpusJournal(parts.engine), parts.places.store.live()
    before = live.id if live else ""

    def ended(run: Run) -> None:
        write_end(journal, run, before, actor, parts.clock.now())

    try:
        parts.corpus.begin(actor.id, ended, lambda: journal.write(BEGUN, actor, parts.clock.now()))
    except BusyError as busy:
        return _page(visit, busy=busy, status=409)
    return visit.go("/corpus/releases")


@routes.rule("/corpus/releases/{release}", roles=LOOKERS)
def one_release(visit: Visit) -> Response:
    return _one(visit)


@routes.rule("/corpus/releases/{release}/back", "POST", roles=KEEPERS, reauth=True)
def go_back(visit: Visit) -> Response:
    """Have this release serve again. The reason goes on record with who did it."""
    parts, kept, live = visit.desk.parts, _release(visit), visit.desk.parts.places.store.live()
    parts.rights.require_city(visit.who.actor)
    reason = visit.line("reason")
    if len(reason) < SHORTEST_REASON:
        return _one(visit, wrong="corpus.reason_missing", reason=reason, status=422)
    if live is not None and visit.line("over") not in ("", live.id):
        raise Declined(409, "changed_meanwhile")
    if live is not None and live.id == kept.id:
        raise Declined(422, "corpus_live_already")
    try:
        again = parts.corpus.go_back(kept.id)
    except BusyError as busy:
        return _page(visit, busy=busy, status=409)
    except UnknownReleaseError as error:
        raise Declined(404, "not_found") from error
    except (ReleaseStoreError, SegmentError) as error:
        raise Declined(422, "corpus_not_back", fault=type(error).__name__) from error
    told = {"number": again.number, "was": live.number if live else 0, "reason": reason}
    CorpusJournal(parts.engine).write(BACK, visit.who.actor, parts.clock.now(), release=again.id, **told)
    return visit.go("/corpus/releases", "corpus_back")


def write_end(journal: CorpusJournal, run: Run, before: str, actor: Actor, now: datetime, **more: str) -> None:
    """Put on record how a refresh ended; `more` is told with it."""
    done = run.refreshed
    if done is None:
        journal.write(FAILED, actor, now, failure=run.failed, fault=run.detail, **more)
        return
    plan, release = done.published.plan, done.published.release
    counts = {
        "added": len(plan.add),
        "changed": len(plan.change),
        "retired": len(plan.retire),
        "faulty": len(done.faults),
    }
    told = {"number": release.number, **{name: count for name, count in counts.items() if count}, **more}
    same = release.id == before
    journal.write(SAME if same else PUBLISHED, actor, now, release="" if same else release.id, **told)


def _page(visit: Visit, *, busy: BusyError | None = None, status: int = 200) -> Response:
    parts, names = visit.desk.parts, visit.names()
    live, run = parts.places.store.live(), _run(visit)
    shelf, embedder = parts.reader.shelf(), parts.places.embedder
    running = run is not None and run.running
    context: dict[str, Any] = {
        "live": live,
        "passages": len(shelf.opened.ordinal) if shelf else 0,
        "vectors": shelf.opened.vectors_share if shelf else 0.0,
        "embedder": embedder.name if embedder else "",
        "folder": str(parts.corpus.folder),
        "kept": _kept(visit, live),
        "run": run,
        "interrupted": None if running else _interrupted(visit),
        "busy": busy,
        "names": names,
        "may": is_city_keeper(visit.who.actor),
    }
    return visit.page("corpus_releases.html", status=status, **context)


def _one(visit: Visit, *, wrong: str = "", reason: str = "", status: int = 200) -> Response:
    release, live = _release(visit), visit.desk.parts.places.store.live()
    plan = make_plan(release.documents, live)
    journal = CorpusJournal(visit.desk.parts.engine)
    context: dict[str, Any] = {
        "release": release,
        "live": live,
        "is_live": live is not None and live.id == release.id,
        "changes": _changes(visit, plan, release, live),
        "published": journal.published(release.id),
        "names": visit.names(),
        "wrong": wrong,
        "reason": reason,
        "may": is_city_keeper(visit.who.actor),
    }
    return visit.page("corpus_release.html", status=status, **context)


def _release(visit: Visit) -> Release:
    try:
        return visit.desk.parts.corpus.release(visit.path("release"))
    except UnknownReleaseError as error:
        raise Declined(404, "not_found") from error


def _kept(visit: Visit, live: Release | None) -> list[Kept]:
    """The newest first, each beside the one before it."""
    found, journal = visit.desk.parts.corpus.releases(), CorpusJournal(visit.desk.parts.engine)
    compared = {newer.id: make_plan(newer.documents, older) for newer, older in pairwise(found)}
    older = dict(pairwise(release.id for release in found))
    by_id = {release.id: release for release in found}
    return [
        Kept(
            release,
            live is not None and live.id == release.id,
            journal.published(release.id),
            _changes(visit, compared[release.id], release, by_id[older[release.id]])
            if release.id in compared
            else None,
        )
        for release in found
    ]


def _changes(visit: Visit, plan: Plan, new: Release, old: Release | None) -> list[Changed]:
    gone = old.documents if old else {}
    parts = (
        ("added", plan.add, new.documents),
        ("changed", plan.change, new.documents),
        ("retired", plan.retire, gone),
    )
    return [
        Changed(kind, len(ids), _titles(visit, [held[key] for key in ids[:NAMED]])) for kind, ids, held in parts if ids
    ]


def _titles(visit: Visit, versions: Sequence[str]) -> tuple[str, ...]:
    return tuple(found.document.title for found in visit.desk.parts.places.store.versions(versions))


def _run(visit: Visit) -> Run | None:
    return visit.desk.parts.corpus.run


def _interrupted(visit: Visit) -> Any:
    return CorpusJournal(visit.desk.parts.engine).interrupted()
