"""What a listing does not show is not what was taken away: a partial listing never deletes.

Documents that are live and missing from the folder stay live where a file of the folder could not be used, since it
may be theirs, and where too many are missing at once, since a disk may not be mounted. Somebody has to say so.
"""

from __future__ import annotations

from rag.corpus import Corpus
from rag.models import Document, Release
from rag.ports import ReleaseStore

MOST_REMOVED = 0.3
"""Share of the live documents that may be missing at once without a word."""

FEW = 5
"""So many may always be missing: a small corpus changes by large shares."""


def missing(corpus: Corpus, live: Release | None) -> tuple[str, ...]:
    """Ids of live documents that the folder does not show."""
    shown = {document.id for document in corpus.documents}
    return tuple(sorted(live.documents.keys() - shown)) if live is not None else ()


def held_back(corpus: Corpus, store: ReleaseStore) -> list[Document]:
    """The documents to be kept live although the folder does not show them, as they were published."""
    live = store.live()
    names = missing(corpus, live)
    if live is None or not names:
        return []
    many = len(names) > max(FEW, MOST_REMOVED * len(live.documents))
    if not (corpus.skipped or many):
        return []
    return [version.document for version in store.versions([live.documents[name] for name in names])]
