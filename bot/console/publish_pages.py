"""Publishing what is in review: the plan with its differences, the golden questions on it, and then the release."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from bot.console.corpus_pages import LOOKERS
from bot.console.corpus_releases import write_end
from bot.console.draft_words import words_of
from bot.console.rules import Routes
from bot.console.store.corpus_journal import BEGUN, CorpusJournal
from bot.console.visit import Visit
from bot.corpus_rights import KEEPERS, is_city_keeper
from bot.publishing import BlockedError, Candidate, SamePersonError
from bot.refreshing import BusyError, Run
from bot.rehearsing import Rehearsal
from bot.taking_in import UnreadyError
from rag.changes.releases import DocumentChange, document_change
from rag.models import Document

routes = Routes()

SHORTEST_REASON = 4
WORSE = 20
"""Questions that do worse which are named."""


@dataclass(frozen=True, slots=True)
class Planned:
    """What publishing would do, document by document. `ended` are older policies that are said to be replaced."""

    added: tuple[Document, ...]
    changed: tuple[DocumentChange, ...]
    retired: tuple[Document, ...]
    kept: int
    ended: tuple[str, ...]


@routes.rule("/corpus/publish", roles=LOOKERS)
def plan(visit: Visit) -> Response:
    return _page(visit)


@routes.rule("/corpus/publish/progress", roles=LOOKERS, background=True)
def progress(visit: Visit) -> Response:
    """How many questions were asked, for the page that has it open; 304 where nothing has changed."""
    context = {"rehearsal": visit.desk.parts.documents.rehearsals.last, "names": visit.names()}
    return visit.part("publish_run.html", **context)


@routes.rule("/corpus/publish/try", "POST", roles=KEEPERS)
def rehearse(visit: Visit) -> Response:
    """Ask the golden questions beside whoever presses; who comes second sees the run that goes on."""
    visit.desk.parts.rights.require_city(visit.who.actor)
    try:
        visit.desk.parts.documents.rehearsals.begin(visit.who.actor.id)
    except UnreadyError:
        return _page(visit, status=422)
    return visit.go("/corpus/publish")


@routes.rule("/corpus/publish", "POST", roles=KEEPERS, reauth=True)
def publish(visit: Visit) -> Response:
    """Publish the plan that was looked at, and no other. A figure that fell needs a reason in writing."""
    documents, override = visit.desk.parts.documents, visit.line("override")
    visit.desk.parts.rights.require_city(visit.who.actor)
    try:
        candidate = documents.publishing.candidate()
    except UnreadyError:
        return _page(visit, status=422)
    tried = documents.rehearsals.of(candidate)
    if visit.line("plan") != candidate.key:
        return _page(visit, wrong="publish.moved", override=override, status=409)
    if _untried(visit, candidate, tried):
        return _page(visit, wrong="publish.untried", override=override, status=422)
    if override and len(override) < SHORTEST_REASON:
        return _page(visit, wrong="publish.reason_short", override=override, status=422)
    try:
        _begin(visit, candidate, tried, override)
    except SamePersonError:
        return _page(visit, wrong="publish.same_person", override=override, status=403)
    except BlockedError:
        return _page(visit, wrong="publish.blocked", override=override, status=422)
    except BusyError as busy:
        return _page(visit, wrong="publish.busy", who=busy.run.by if busy.run else "", status=409)
    return visit.go("/corpus/releases")


def _begin(visit: Visit, candidate: Candidate, tried: Rehearsal | None, override: str) -> None:
    """Beside whoever asks, the files first and then the release; a kill in between leaves the old release serving, and
    the next run finishes. Raises what `Publishing.write` and `CorpusWork.begin` raise."""
    parts, actor = visit.desk.parts, visit.who.actor
    publishing, live = parts.documents.publishing, parts.places.store.live()
    journal, before = CorpusJournal(parts.engine), live.id if live else ""
    told = {"drafts": "、".join(str(draft.id) for draft in candidate.drafts)}
    told |= {"override": override} if override else {}

    def first() -> None:
        publishing.write(candidate, tried.trial if tried else None, actor.id, override)
        journal.write(BEGUN, actor, parts.clock.now())

    def ended(run: Run) -> None:
        if run.refreshed is not None:
            publishing.gone_live(candidate, run.refreshed, actor.id, override)
        write_end(
            journal, run, before, actor, parts.clock.now(), **{key: value for key, value in told.items() if value}
        )

    parts.corpus.begin(actor.id, ended, first)


def _untried(visit: Visit, candidate: Candidate, tried: Rehearsal | None) -> bool:
    """Whether there are questions that this plan has not answered yet."""
    nothing = candidate.plan.empty or visit.desk.parts.places.store.live() is None
    if nothing or not visit.desk.parts.documents.publishing.asks:
        return False
    return tried is None or tried.running


def _page(visit: Visit, *, wrong: str = "", override: str = "", who: str = "", status: int = 200) -> Response:
    documents = visit.desk.parts.documents
    names, words = visit.names(), words_of(visit)
    candidate: Candidate | None = None
    unready: UnreadyError | None = None
    try:
        candidate = documents.publishing.candidate()
    except UnreadyError as fault:
        unready = fault
    tried = documents.rehearsals.of(candidate) if candidate else None
    context: dict[str, Any] = {
        "candidate": candidate,
        "planned": planned(visit, candidate) if candidate else None,
        "unready": unready,
        "unready_fields": [words.field(name) for name in (*unready.missing, *unready.unconfirmed)] if unready else [],
        "unready_faults": [words.fault(fault) for fault in unready.faults] if unready else [],
        "rehearsal": _told(documents.rehearsals.last, tried),
        "tried": tried,
        "untried": candidate is not None and _untried(visit, candidate, tried),
        "asks": documents.publishing.asks,
        "golden": str(visit.desk.parts.settings.golden_file) if not documents.publishing.asks else "",
        "own": documents.publishing.own(candidate, visit.who.actor.id) if candidate else [],
        "handed_on": _handed_on(visit, candidate),
        "worse": WORSE,
        "field_name": words.field,
        "names": names,
        "wrong": wrong,
        "wrong_who": names(who) if who else "",
        "override": override,
        "may": is_city_keeper(visit.who.actor),
    }
    return visit.page("publish.html", status=status, **context)


def _told(last: Rehearsal | None, tried: Rehearsal | None) -> Rehearsal | None:
    """The run to show: one that goes on or broke off, whatever it tries, else that of this plan."""
    return last if last is not None and (last.running or last.failed) else tried


def planned(visit: Visit, candidate: Candidate) -> Planned:
    store = visit.desk.parts.places.store
    live, plan = store.live(), candidate.plan
    now = {document.id: document for document in candidate.documents}
    gone = (*plan.change, *plan.retire)
    versions = store.versions([live.documents[name] for name in gone]) if live and gone else []
    before = {name: version.document for name, version in zip(gone, versions, strict=True)}
    return Planned(
        added=tuple(now[name] for name in plan.add),
        changed=tuple(document_change(before[name], now[name]) for name in plan.change),
        retired=tuple(before[name] for name in plan.retire),
        kept=len(plan.keep),
        ended=tuple(now[name].title for name in candidate.ended if name in now),
    )


def _handed_on(visit: Visit, candidate: Candidate | None) -> dict[int, str]:
    """Who handed each draft on."""
    drafts = visit.desk.parts.documents.taking_in.drafts
    found = candidate.drafts if candidate else ()
    return {draft.id: drafts.steps(draft.id)[-1].by for draft in found}
