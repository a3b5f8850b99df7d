"""Start here for document → index: documents → plan (add, change, keep, retire) → segment → release → vectors.

A publish writes only what is new: a segment file for the lexical leg first, then, in one transaction, the texts and the
pointer to the new release. Whatever is killed in between, the old release goes on serving. Vectors follow behind.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256

import numpy as np

from rag.chunking import chunk
from rag.dense import DenseStore
from rag.models import Document, DocumentVersion, Passage, Release, Span
from rag.opened import OpenRelease
from rag.policies import Policy
from rag.ports import Embedder, EmbedderError, ReleaseStore, Vector, VectorCache, VectorStore, VectorStoreError
from rag.segments import Segment, SegmentError, SegmentStore, embedded_text, make_segment, merge

TARGET = 500
"""Characters a passage aims at: of 350, 500 and 700 it put most answers inside what is shown first (docs/adr/0003)."""

MAX_SEGMENTS = 8
BATCH = 16
"""Passages embedded between two commits: what a kill can cost."""

Progress = Callable[[str, int, int], None]
"""(stage, done, of): stages are "chunking", "embedding"."""


def silent(_stage: str, _done: int, _of: int) -> None:
    """The progress of those who do not watch."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a publish would do, by document id."""

    add: tuple[str, ...] = ()
    change: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    retire: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        return not (self.add or self.change or self.retire)


@dataclass(frozen=True, slots=True)
class Published:
    """What a publish did. `written` counts passages that were not stored before."""

    release: Release
    plan: Plan
    passages: int
    written: int


@dataclass(frozen=True, slots=True)
class Indexes:
    """The places an index lives in. `embedder` and `vectors` are None where the assistant works lexically."""

    store: ReleaseStore
    segments: SegmentStore
    cache: VectorCache
    embedder: Embedder | None = None
    vectors: VectorStore | None = None
    exact_scan_max: int = 50_000


def version_of(document: Document) -> str:
    """The digest of a document's text and front matter."""
    card = _card(document.policy) if document.policy else ""
    whole = json.dumps([document.id, document.title, document.text, card], ensure_ascii=False)
    return sha256(whole.encode()).hexdigest()[:24]


def _card(policy: Policy) -> str:
    """A card without an original reads as it did before there were any: its version stays what it was."""
    return policy.model_dump_json(exclude=None if policy.original else {"original"})


def make_plan(documents: Mapping[str, str], live: Release | None) -> Plan:
    """Compare {document: version} with what is published."""
    old = live.documents if live else {}
    return Plan(
        add=tuple(sorted(documents.keys() - old.keys())),
        change=tuple(sorted(key for key in documents.keys() & old.keys() if documents[key] != old[key])),
        keep=tuple(sorted(key for key in documents.keys() & old.keys() if documents[key] == old[key])),
        retire=tuple(sorted(old.keys() - documents.keys())),
    )


def publish(documents: Sequence[Document], places: Indexes, now: datetime, progress: Progress = silent) -> Published:
    """Make these documents, and no others, the published corpus. Nothing new to say is no new release."""
    live = places.store.live()
    manifest = {document.id: version_of(document) for document in documents}
    plan = make_plan(manifest, live)
    if live is not None and plan.empty:
        return Published(live, plan, 0, 0)
    changed = {*plan.add, *plan.change}
    return _publish([d for d in documents if d.id in changed], manifest, plan, places, live, now, progress)


def publish_one(document: Document, places: Indexes, now: datetime) -> Published:
    """Add or replace a single document; the rest of the corpus stays as it is."""
    live = places.store.live()
    old = dict(live.documents) if live else {}
    version = version_of(document)
    if old.get(document.id) == version and live is not None:
        return Published(live, Plan(keep=(document.id,)), 0, 0)
    plan = Plan(change=(document.id,)) if document.id in old else Plan(add=(document.id,))
    return _publish([document], {**old, document.id: version}, plan, places, live, now, silent)


def publish_again(release: Release, places: Indexes) -> Release:
    """Make a release that is kept the published one, as the newest. What it lacks on disk is built before the pointer
    moves, so that no reader waits for it. Raises ReleaseStoreError where its texts are not kept any more.
    """
    live = places.store.live()
    if live is not None and live.id == release.id:
        return live
    whole = set(release.segments) <= places.segments.ids()
    segments = release.segments if whole else (_rebuilt(release, places).id,)
    number = max(release.number, live.number if live else 0) + 1
    again = replace(release, number=number, segments=segments)
    places.store.publish(again, [], [])
    _drop_unused({*segments, *(live.segments if live else ())}, places)
    return places.store.live() or again


def _publish(
    changed: Sequence[Document],
    manifest: Mapping[str, str],
    plan: Plan,
    places: Indexes,
    live: Release | None,
    now: datetime,
    progress: Progress,
) -> Published:
    versions, passages = _cut(changed, progress)
    known = places.store.known(list(passages))
    segments = _with_segment(versions, passages, manifest, places, live)
    release = Release(release_id(manifest), live.number + 1 if live else 1, now, dict(manifest), segments)
    places.store.publish(release, versions, [passage for key, passage in passages.items() if key not in known])
    _drop_unused({*release.segments, *(live.segments if live else ())}, places)
    return Published(release, plan, len(passages), len(passages.keys() - known))


def _with_segment(
    versions: Sequence[DocumentVersion],
    passages: Mapping[str, Passage],
    manifest: Mapping[str, str],
    places: Indexes,
    live: Release | None,
) -> tuple[str, ...]:
    """Write a segment of what no segment holds yet; the segments of the release to come, merged where they are many."""
    old = live.segments if live else ()
    held = {key for name in old for key in _holds(name, list(passages), places)}
    segment = make_segment(versions, [passage for key, passage in passages.items() if key not in held])
    if len(old) < MAX_SEGMENTS:
        places.segments.write(segment)
        return (*(name for name in old if name != segment.id), segment.id)
    return (_merged(segment, old, versions, manifest, places),)


def _drop_unused(used: Set[str], places: Indexes) -> None:
    """Forget the segments of neither this release nor the one before, which a reader may be opening."""
    with suppress(SegmentError):  # what could not be removed now is removed after the next publish
        for name in places.segments.ids() - used:
            places.segments.drop(name)


def _holds(segment: str, passages: Sequence[str], places: Indexes) -> set[str]:
    """Which of these passages a segment holds; none where it is lost, so that they are indexed again."""
    try:
        return places.segments.holds(segment, passages)
    except SegmentError:
        return set()


def _held(segment: str, places: Indexes) -> tuple[str, ...]:
    """The passages a segment holds; none where it is lost, so that they are indexed again."""
    try:
        return places.segments.passage_ids(segment)
    except SegmentError:
        return ()


def _merged(
    fresh: Segment,
    old: Sequence[str],
    versions: Sequence[DocumentVersion],
    manifest: Mapping[str, str],
    places: Indexes,
) -> str:
    """Merge everything alive into one segment: the cost of many small publishes, paid once in a while."""
    alive = set(manifest.values())
    coming = {version.version: version for version in versions}
    stored = places.store.versions(alive - coming.keys())
    shown = {span.passage for version in (*stored, *versions) if version.version in alive for span in version.spans}
    parts = [segment for segment in (_read(name, places) for name in old) if segment]
    merged = merge([*parts, fresh], shown.__contains__, alive.__contains__)
    places.segments.write(merged)
    return merged.id


def release_id(manifest: Mapping[str, str]) -> str:
    """The digest of a manifest, whatever the order of its documents."""
    return sha256(json.dumps(sorted(manifest.items())).encode()).hexdigest()[:16]


def _cut(documents: Sequence[Document], progress: Progress) -> tuple[list[DocumentVersion], dict[str, Passage]]:
    versions, passages = [], {}
    for done, document in enumerate(documents, start=1):
        pieces = chunk(document, target=TARGET)
        spans: list[Span] = [span for _, span in pieces]
        versions.append(DocumentVersion(version_of(document), document, tuple(spans)))
        passages.update({passage.id: passage for passage, _ in pieces})
        progress("chunking", done, len(documents))
    return versions, passages


def open_release(release: Release, places: Indexes) -> OpenRelease:
    """Open a release for searching. A segment that is lost or damaged is built again from the stored texts."""
    segments = [segment for segment in (_read(name, places) for name in release.segments) if segment]
    opened = OpenRelease(release, segments, places.store)
    if opened.missing() or _unindexed_versions(opened, segments):
        segment = _rebuilt(release, places)
        if (live := places.store.live()) is not None and live.id == release.id:  # never bring back an older release
            places.store.publish(replace(release, segments=(segment.id,)), [], [])
        opened = OpenRelease(release, [segment], places.store)
    attach_vectors(opened, places)
    return opened


def _read(name: str, places: Indexes) -> Segment | None:
    try:
        return places.segments.read(name)
    except SegmentError:
        return None


def _unindexed_versions(opened: OpenRelease, segments: Sequence[Segment]) -> set[str]:
    return {version.version for version in opened.documents} - {key for s in segments for key in s.documents.ids}


def _rebuilt(release: Release, places: Indexes) -> Segment:
    """One segment of everything a release shows."""
    versions = places.store.versions(release.documents.values())
    ids = list(dict.fromkeys(span.passage for version in versions for span in version.spans))
    found = places.store.passages(ids)
    segment = make_segment(versions, [found[key] for key in ids])
    places.segments.write(segment)
    return segment


def attach_vectors(opened: OpenRelease, places: Indexes) -> None:
    """Give an open release the vectors that are cached so far."""
    if places.embedder is None:
        return
    if len(opened.ordinal) > places.exact_scan_max and (stored := _stored_leg(opened, places, places.embedder.name)):
        opened.dense = stored
    else:
        opened.give_vectors(_of_one_width(places.cache.get(places.embedder.name, list(opened.ordinal))))


def _of_one_width(vectors: Mapping[str, Vector]) -> Mapping[str, Vector]:
    """Those of the commonest width: a server may have changed its model under the same name."""
    widths = Counter(len(vector) for vector in vectors.values())
    if len(widths) < 2:
        return vectors
    commonest = widths.most_common(1)[0][0]
    return {key: vector for key, vector in vectors.items() if len(vector) == commonest}


def _stored_leg(opened: OpenRelease, places: Indexes, embedder: str) -> DenseStore | None:
    """The vector store as the dense leg, where it holds every segment of the release; else None."""
    store = places.vectors
    names = [collection_of(embedder, segment) for segment in opened.release.segments if _shown(segment, opened, places)]
    try:
        if store is None or not set(names) <= store.segments():
            return None
    except VectorStoreError:
        return None
    found = store
    return DenseStore(
        opened.ids,
        lambda vector, k: found.search(names, vector, k),
        lambda ids: places.cache.get(embedder, ids),
    )


def _shown(segment: str, opened: OpenRelease, places: Indexes) -> list[str]:
    """The passages of a segment that the release shows. A change of cards alone makes a segment without any."""
    return [key for key in _held(segment, places) if key in opened.ordinal]


def collection_of(embedder: str, segment: str) -> str:
    """The name a segment's vectors bear in the vector store, which takes no slash or colon (BAAI/bge-m3:latest)."""
    plain = re.sub(r"[^a-zA-Z0-9._-]", "-", embedder)
    told_apart = "" if plain == embedder else f"-{sha256(embedder.encode()).hexdigest()[:8]}"
    return f"{plain}{told_apart}-{segment}"


def fill_vectors(opened: OpenRelease, places: Indexes, progress: Progress = silent) -> int:
    """Embed what has no vector yet, a batch a commit, so that it goes on where it was stopped. Returns how many.

    Raises `EmbedderError` where the embedder cannot serve; what was embedded before stays.
    """
    if places.embedder is None:
        return 0
    ids = list(opened.ordinal)
    stored = places.cache.get(places.embedder.name, ids)
    cached = _still_fit(stored, places.embedder)
    if stale := list(stored.keys() - cached.keys()):
        places.cache.forget(places.embedder.name, stale)
        _drop_collections(opened.release, places)
    wanted = [key for key in ids if key not in cached]
    for start in range(0, len(wanted), BATCH):
        batch = wanted[start : start + BATCH]
        places.cache.put(places.embedder.name, dict(zip(batch, _embed(opened, batch, places.embedder), strict=True)))
        progress("embedding", min(start + BATCH, len(wanted)), len(wanted))
    return len(wanted)


def _drop_collections(release: Release, places: Indexes) -> None:
    if places.vectors is not None and places.embedder is not None:
        for segment in release.segments:
            places.vectors.drop(collection_of(places.embedder.name, segment))


def _still_fit(cached: Mapping[str, Vector], embedder: Embedder) -> Mapping[str, Vector]:
    """Those as wide as what the embedder makes now; the others no question could be compared with."""
    if not cached:
        return cached
    width = len(embedder.embed_query("政策"))
    return {key: vector for key, vector in cached.items() if len(vector) == width}


def write_vectors(opened: OpenRelease, places: Indexes) -> None:
    """Give the vector store a collection for each segment it lacks; drop those no release needs. It is a cache."""
    if places.embedder is None or places.vectors is None:
        return
    have = places.vectors.segments()
    wanted = {collection_of(places.embedder.name, name): name for name in opened.release.segments}
    for collection, name in wanted.items():
        shown = [] if collection in have else _shown(name, opened, places)
        # What the segment holds and this release hides is written too: a later release may show it again.
        vectors = places.cache.get(places.embedder.name, _held(name, places) if shown else [])
        if shown and vectors.keys() >= set(shown):
            places.vectors.write(collection, list(vectors), np.stack(list(vectors.values())))
    for collection in have - wanted.keys():
        places.vectors.drop(collection)


def _embed(opened: OpenRelease, ids: Sequence[str], embedder: Embedder) -> list[np.ndarray]:
    texts = [embedded_text(passage) for passage in opened.passages(ids)]
    try:
        return [np.asarray(vector, dtype=np.float32) for vector in embedder.embed_documents(texts)]
    except EmbedderError:
        raise
    except Exception as fault:  # an embedder is foreign code: LangChain's raise whatever their client raises
        raise EmbedderError(f"the embedder failed: {type(fault).__name__}") from fault
