"""Files on their way into the corpus: the list with where each stands, and the upload."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from starlette.datastructures import UploadFile
from starlette.responses import Response

from bot.arrivals import MOST_BYTES
from bot.console.corpus_pages import LOOKERS
from bot.console.draft_words import DraftWords, words_of
from bot.console.rules import Routes
from bot.console.visit import Visit
from bot.corpus_drafts import Brief, Stage
from bot.corpus_rights import KEEPERS
from bot.files import shown_name
from bot.unanswered_marks import Marked, UnansweredMarks
from rag.legal_time import state_on
from rag.parsing import Refused

routes = Routes()

PER_PAGE = 50
OPEN = tuple(stage for stage in Stage if stage not in {Stage.LIVE, Stage.EXCLUDED})
"""What somebody still has to do something about."""


@dataclass(frozen=True, slots=True)
class Brought:
    """What became of an uploaded file; where it was refused `draft` is None and `why` says why."""

    name: str
    draft: int | None
    outcome: str
    why: str = ""


@routes.rule("/corpus/drafts", roles=LOOKERS)
def drafts(visit: Visit) -> Response:
    return _page(visit)


@routes.rule("/corpus/drafts", "POST", roles=KEEPERS)
def bring(visit: Visit) -> Response:
    """Take files in. What is told as taken is on disk; reading them goes on beside the page."""
    given = [one for one in visit.form.getlist("files") if isinstance(one, UploadFile) and one.filename]
    if not given:
        return _page(visit, wrong="drafts.no_file", status=422)
    words = words_of(visit)
    brought = [_taken(visit, words, one) for one in given]
    if (question := _question(visit, visit.line("question"))) is not None:
        UnansweredMarks(visit.desk.parts.engine).tie(question.id, [one.draft for one in brought if one.draft])
    if len(brought) == 1 and brought[0].draft is not None:
        return visit.go(f"/corpus/drafts/{brought[0].draft}", f"draft_{brought[0].outcome}")
    return _page(visit, brought=brought, status=200 if any(one.draft for one in brought) else 422)


@routes.rule("/corpus/drafts/progress", roles=LOOKERS, background=True)
def progress(visit: Visit) -> Response:
    """How far the reading is, for the page that has it open; 304 where nothing has changed."""
    return visit.part("drafts_run.html", **reading_of(visit))


def reading_of(visit: Visit) -> dict[str, Any]:
    """What is being read and how many wait."""
    arrivals = visit.desk.parts.documents.arrivals
    waiting, number = arrivals.waiting, arrivals.reading
    name = visit.desk.parts.documents.taking_in.drafts.get(number).file_name if number is not None else ""
    return {"reading": number, "reading_name": name, "waiting": len(waiting)}


def _taken(visit: Visit, words: DraftWords, given: UploadFile) -> Brought:
    name = shown_name(given.filename or "", 120)
    try:
        taken = visit.desk.parts.documents.arrivals.take(given.file, name, visit.who.actor.id)
    except Refused as refused:
        return Brought(name, None, "refused", words.refused(str(refused.reason)))
    return Brought(name, taken.draft.id, taken.outcome)


def _page(visit: Visit, *, brought: list[Brought] | None = None, wrong: str = "", status: int = 200) -> Response:
    drafts, words = visit.desk.parts.documents.taking_in.drafts, words_of(visit)
    counts = drafts.counts()
    asked = visit.asked("stage")
    stages = (Stage(asked),) if asked in set(Stage) else tuple(Stage) if asked == "all" else OPEN
    total = sum(counts.get(stage, 0) for stage in stages)
    page, pages = _at(visit.asked("page"), total)
    found = drafts.briefs(stages, PER_PAGE, (page - 1) * PER_PAGE)
    names = {person.id: person.name for person in visit.desk.parts.needs.register.staff()}
    context: dict[str, Any] = {
        "found": found,
        "said": {brief.id: standing(visit, words, brief) for brief in found},
        "names": lambda account: names.get(account, account),
        "asked": asked if asked in {*Stage, "all"} else "",
        "stages": [(stage.value, words.stage(stage), counts[stage]) for stage in Stage if stage in counts],
        "open": sum(counts.get(stage, 0) for stage in OPEN),
        "every": sum(counts.values()),
        "total": total,
        "page": page,
        "pages": pages,
        "link": lambda number: f"/console/corpus/drafts?{urlencode({'stage': asked, 'page': number})}",
        "brought": brought or [],
        "wrong": wrong,
        "wanted": _wanted(visit),
        "question": _question(visit, visit.asked("question") or visit.line("question")),
        "megabytes": MOST_BYTES // 1_000_000,
        "may": visit.who.has(*KEEPERS),
        **reading_of(visit),
    }
    return visit.page("drafts.html", status=status, **context)


def standing(visit: Visit, words: DraftWords, brief: Brief) -> str:
    """Where it stands in words; of a live one what its policy is worth today, by the clock."""
    parts = visit.desk.parts
    if brief.stage is not Stage.LIVE:
        return words.stage(brief.stage)
    shelf = parts.reader.shelf()
    policy = shelf.catalogue.policy(brief.policy) if shelf else None
    if policy is None:
        return words.said("stage.live_gone")
    stale = parts.settings.status_stale_days
    return words.said("stage.live_as", state=state_on(policy, parts.clock.today(), stale).state.value)


def _wanted(visit: Visit) -> str:
    """The title of the policy whose original is to be brought, where the address names one."""
    shelf = visit.desk.parts.reader.shelf()
    policy = shelf.catalogue.policy(visit.asked("for")) if shelf and visit.asked("for") else None
    return policy.title if policy else ""


def _question(visit: Visit, typed: str) -> Marked | None:
    """The question without an answer that a file is brought in for, where one is named."""
    if not typed.isascii() or not typed.isdigit() or len(typed) > 9:
        return None
    return UnansweredMarks(visit.desk.parts.engine).get(int(typed))


def _at(asked: str, total: int) -> tuple[int, int]:
    pages = max(1, -(-total // PER_PAGE))
    number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 6 else 1
    return min(pages, max(1, number)), pages
