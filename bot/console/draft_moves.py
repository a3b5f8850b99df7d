"""What an editor does to a draft: fill in and confirm fields, hand it on, exclude it, open it again."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from starlette.responses import Response

from bot.console.draft_page import draft_of, draft_page, shown_value
from bot.console.rules import Routes
from bot.console.visit import LONGEST_TEXT, Visit
from bot.corpus_drafts import Draft, MovedError, StageError
from bot.corpus_rights import KEEPERS, CorpusRights
from bot.taking_in import UnreadyError
from rag.drafting import FIELDS, LISTS

routes = Routes()

SHORTEST_REASON = 2
LONGEST_VALUE = 500


@routes.rule("/corpus/drafts/{draft:int}", "POST", roles=KEEPERS)
def fill_in(visit: Visit) -> Response:
    """Write what was changed and confirm what was ticked; `do` says whether all is confirmed, or handed on as well."""
    draft, do = draft_of(visit), visit.line("do")
    if do == "submit" and draft.read.hidden and not visit.ticked("seen_hidden"):
        return draft_page(visit, draft, wrong="drafts.hidden_unseen", status=422)
    return _done(visit, lambda: _filled(visit, draft, do), "draft_submitted" if do == "submit" else "draft_saved")


@routes.rule("/corpus/drafts/{draft:int}/exclude", "POST", roles=KEEPERS)
def exclude(visit: Visit) -> Response:
    draft, reason = draft_of(visit), visit.line("reason")
    if len(reason) < SHORTEST_REASON:
        return draft_page(visit, draft, wrong="drafts.reason_missing", status=422)
    rights, seen = _rights(visit), visit.line("seen")
    return _done(visit, lambda: rights.exclude(visit.who.actor, draft.id, reason, seen), "draft_excluded")


@routes.rule("/corpus/drafts/{draft:int}/reopen", "POST", roles=KEEPERS)
def reopen(visit: Visit) -> Response:
    draft, seen = draft_of(visit), visit.line("seen")
    return _done(visit, lambda: _rights(visit).reopen(visit.who.actor, draft.id, seen), "draft_reopened")


def _filled(visit: Visit, draft: Draft, do: str) -> Draft:
    rights, actor, seen = _rights(visit), visit.who.actor, visit.line("seen")
    if written := _written(visit, draft):
        draft = rights.edit(actor, draft.id, written, seen)
        seen = draft.mark
    ticked = [name for name in visit.lines("ok") if name in draft.card.fields and name not in draft.card.confirmed]
    if do == "all" or ticked:
        draft = rights.confirm(actor, draft.id, ["all"] if do == "all" else ticked, seen)
        seen = draft.mark
    return rights.submit(actor, draft.id, seen) if do == "submit" else draft


def _written(visit: Visit, draft: Draft) -> dict[str, str | Sequence[str]]:
    """The fields whose boxes hold something else than before; a box that was not sent is left alone."""
    found: dict[str, str | Sequence[str]] = {}
    for name in FIELDS:
        if name not in visit.form and not visit.ticked(f"sent_{name}"):
            continue
        lines = _lines(visit, name)
        if lines != [line for line in shown_value(draft, name).split("\n") if line]:
            found[name] = lines if name in LISTS else " ".join(lines)[:LONGEST_VALUE]
    return found


def _lines(visit: Visit, name: str) -> list[str]:
    if name == "categories":
        return visit.lines(name)
    text = visit.text(name, LONGEST_TEXT) if name in LISTS else visit.line(name, LONGEST_VALUE)
    return [" ".join(line.split()) for line in text.split("\n") if line.strip()]


def _done(visit: Visit, change: Callable[[], Draft], said: str) -> Response:
    """Do it and go back to the draft; what stood in the way is told on its page."""
    try:
        done = change()
    except UnreadyError as fault:
        return draft_page(visit, draft_of(visit), unready=fault, status=422)
    except (MovedError, StageError):
        return draft_page(visit, draft_of(visit), moved=True, status=409)
    return visit.go(f"/corpus/drafts/{done.id}", said)


def _rights(visit: Visit) -> CorpusRights:
    return visit.desk.parts.rights
