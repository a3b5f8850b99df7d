"""A draft: what was understood, field by field, beside the pages it was read from, and what it would replace."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from bot.console.corpus_pages import LOOKERS
from bot.console.draft_list import reading_of
from bot.console.draft_text import Place, places_of, runs_of, sheets_of
from bot.console.draft_words import DraftWords, words_of
from bot.console.rules import Routes
from bot.console.visit import Declined, Visit
from bot.corpus_drafts import Draft, Stage, UnknownDraftError
from bot.corpus_rights import KEEPERS, RightsError
from bot.page_images import CrowdedError, NoPageError
from bot.taking_in import UnreadyError
from bot.unanswered_marks import UnansweredMarks
from rag.changes.figures import figures_missing
from rag.changes.releases import DocumentChange
from rag.drafting import FIELDS, REQUIRED
from rag.models import Category, Document, Level
from rag.policies import JudgedStatus
from rag.proposing import RECKONED

routes = Routes()

AROUND = 24
"""Characters shown on either side of a place."""

FIGURES = 40
QUOTED = 120
_NUMBER = re.compile(r"[0-9]{1,9}")
_OPTIONS = {"level": Level, "status": JudgedStatus, "categories": Category}


@dataclass(frozen=True, slots=True)
class Quoted:
    """A place as it is quoted beside its field; `page` is None where the file has none."""

    place: Place
    before: str
    words: str
    after: str
    why: str
    reckoned: bool
    page: int | None


@dataclass(frozen=True, slots=True)
class Shown:
    """A field of the form. `value` is what stands in it, a line for each of a list; `options` what may be chosen."""

    name: str
    label: str
    value: str
    confirmed: bool
    required: bool
    places: tuple[Quoted, ...]
    options: tuple[str, ...] = ()
    chosen: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Replaces:
    """What is here under the same id, how the text differs from it, and the figures either has alone."""

    held: Document
    kind: str
    change: DocumentChange
    only_held: tuple[str, ...]
    only_new: tuple[str, ...]


@routes.rule("/corpus/drafts/{draft:int}", roles=LOOKERS)
def draft(visit: Visit) -> Response:
    return draft_page(visit, draft_of(visit))


@routes.rule("/corpus/drafts/{draft:int}/page/{page:int}", roles=LOOKERS, background=True)
def picture(visit: Visit) -> Response:
    """A page of the file as it came, drawn in a walled child."""
    found, number = draft_of(visit), visit.path("page")
    if not _NUMBER.fullmatch(number):
        raise Declined(404, "not_found")
    try:
        drawn = visit.desk.parts.documents.images.image(found.file_digest, int(number))
    except NoPageError as error:
        raise Declined(404, "no_page_image") from error
    except CrowdedError as error:
        raise Declined(503, "crowded_page_image") from error
    return Response(drawn, media_type="image/png", headers={"Cache-Control": "private, max-age=3600"})


def draft_of(visit: Visit) -> Draft:
    number = visit.path("draft")
    if not _NUMBER.fullmatch(number):
        raise Declined(404, "not_found")
    try:
        return visit.desk.parts.documents.taking_in.drafts.get(int(number))
    except UnknownDraftError as error:
        raise Declined(404, "not_found") from error


def draft_page(
    visit: Visit, draft: Draft, *, unready: UnreadyError | None = None, wrong: str = "", moved: bool = False,
    status: int = 200,
) -> Response:  # fmt: skip
    words, parts = words_of(visit), visit.desk.parts
    sheets = sheets_of(draft.read)
    places = places_of(draft, sheets)
    at = _sheet(visit.asked("page"), len(sheets))
    names = {person.id: person.name for person in parts.needs.register.staff()}
    foreign = _foreign(visit, draft)
    context: dict[str, Any] = {
        "draft": draft,
        "questions": [mark.question for mark in UnansweredMarks(parts.engine).for_draft(draft.id)],
        "stage": words.stage(draft.stage),
        "why": words.refused(draft.why) if draft.stage is Stage.FAILED else draft.why,
        "hidden": [(words.hidden(why), text) for why, text in draft.read.hidden],
        "notices": [words.notice(notice, count, *pages) for notice, count, *pages in draft.read.warnings],
        "remarks": [words.remark(remark) for remark in draft.read.remarks],
        "unknown": [words.said("remark.repeals_unknown", title=one).lstrip("！!") for one in draft.read.unknown],
        "fields": [_field(words, draft, name, places) for name in FIELDS],
        "sheets": sheets,
        "sheet": sheets[at - 1],
        "runs": runs_of(draft.read.text, sheets[at - 1], places),
        "pictured": draft.read.page_count > 0 and parts.documents.images.has_pages(draft.file_digest),
        "replaces": replaces(visit, draft),
        "field_name": words.field,
        "steps": [(step, words.stage(step.stage)) for step in parts.documents.taking_in.drafts.steps(draft.id)],
        "names": lambda account: names.get(account, account),
        "may": visit.who.has(*KEEPERS) and foreign is None,
        "foreign": foreign,
        "changeable": draft.stage in {Stage.DRAFT, Stage.IN_REVIEW},
        "unready": _unready(words, unready),
        "wrong": wrong,
        "moved": moved,
        **reading_of(visit),
    }
    return visit.page("draft.html", status=status, **context)


def shown_value(draft: Draft, name: str) -> str:
    """What stands in a field's box."""
    value = draft.card.fields.get(name)
    return "\n".join(map(str, value)) if isinstance(value, list) else str(value or "")


def replaces(visit: Visit, draft: Draft) -> Replaces | None:
    """What is here already under the id that the draft has, before it is published."""
    documents = visit.desk.parts.documents
    if draft.stage not in {Stage.DRAFT, Stage.IN_REVIEW}:
        return None
    held = documents.publishing.held(str(draft.card.fields.get("id") or ""))
    diff = documents.taking_in.against(draft, held)
    if held is None or diff is None or held.policy is None:
        return None
    new = Document(held.id, draft.title, draft.read.text)
    change = DocumentChange(held, new, diff, ())
    only_held, only_new = figures_missing(held.text, new.text), figures_missing(new.text, held.text)
    return Replaces(held, held.policy.text_kind, change, only_held, only_new)


def _field(words: DraftWords, draft: Draft, name: str, places: list[Place]) -> Shown:
    value = draft.card.fields.get(name)
    options = tuple(str(one.value) for one in _OPTIONS[name]) if name in _OPTIONS else ()
    chosen = tuple(map(str, value)) if isinstance(value, list) else (str(value),) if value else ()
    return Shown(
        name,
        words.field(name),
        shown_value(draft, name),
        name in draft.card.confirmed,
        name in REQUIRED,
        tuple(_quoted(words, draft, place) for place in places if place.field == name),
        options,
        chosen,
    )


def _quoted(words: DraftWords, draft: Draft, place: Place) -> Quoted:
    text, start, end = draft.read.text, place.start, place.end
    return Quoted(
        place,
        " ".join(text[max(0, start - AROUND) : start].split()),
        " ".join(text[start : min(end, start + QUOTED)].split()) + ("…" if end - start > QUOTED else ""),
        " ".join(text[end : end + AROUND].split()),
        words.why(place.why),
        place.why in RECKONED,
        draft.read.page(start),
    )


def _unready(words: DraftWords, fault: UnreadyError | None) -> dict[str, list[str]]:
    if fault is None:
        return {}
    return {
        "missing": [words.field(name) for name in fault.missing],
        "unconfirmed": [words.field(name) for name in fault.unconfirmed],
        "faults": [words.fault(one) for one in fault.faults],
    }


def _foreign(visit: Visit, draft: Draft) -> RightsError | None:
    """Why an editor may not go on with this draft."""
    return visit.desk.parts.rights.foreign(visit.who.actor, draft) if visit.who.has(*KEEPERS) else None


def _sheet(asked: str, of: int) -> int:
    return min(of, max(1, int(asked))) if _NUMBER.fullmatch(asked) else 1
