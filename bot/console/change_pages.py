"""What changed between two releases, document by document, and between two versions of one policy."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from bot.console.corpus_pages import LOOKERS
from bot.console.draft_words import words_of
from bot.console.rules import Routes
from bot.console.visit import Declined, Visit
from bot.refreshing import UnknownReleaseError
from rag.changes.releases import ReleaseChanges, document_change, release_changes
from rag.models import Release
from rag.ports import ReleaseStoreError

routes = Routes()

AT_ONCE = 20
"""Changed documents on one page: each is shown with all its differences."""


@routes.rule("/corpus/releases/{release}/changes", roles=LOOKERS)
def changes(visit: Visit) -> Response:
    """Against the release before, or the one the address names; of one policy alone where it names that."""
    kept = visit.desk.parts.corpus.releases()
    new = _release(visit, visit.path("release"))
    older = [release for release in kept if release.id != new.id]
    before = [release for release in older if release.number < new.number]
    against = visit.asked("against")
    old = _release(visit, against) if against else (before[0] if before else None)
    try:
        found = _found(visit, old, new, visit.asked("policy")) if old else None
    except ReleaseStoreError as error:
        raise Declined(422, "corpus_not_compared", fault=type(error).__name__) from error
    context: dict[str, Any] = {
        "new": new,
        "old": old,
        "older": older,
        "found": found,
        "policy": visit.asked("policy"),
        "at_once": AT_ONCE,
        "field_name": words_of(visit).field,
    }
    return visit.page("corpus_changes.html", **context)


def _found(visit: Visit, old: Release, new: Release, policy: str) -> ReleaseChanges:
    store = visit.desk.parts.places.store
    if not policy:
        return release_changes(old, new, store)
    names = (old.documents.get(policy), new.documents.get(policy))
    held = [store.versions([name])[0].document if name else None for name in names]
    before, after = held
    if before is None and after is None:
        raise Declined(404, "not_found")
    return ReleaseChanges(
        added=(after,) if after is not None and before is None else (),
        retired=(before,) if before is not None and after is None else (),
        changed=(document_change(before, after),) if before and after and names[0] != names[1] else (),
        kept=int(names[0] == names[1]),
    )


def _release(visit: Visit, key: str) -> Release:
    try:
        return visit.desk.parts.corpus.release(key)
    except UnknownReleaseError as error:
        raise Declined(404, "not_found") from error
