"""Start here for document → index: documents → plan (add, change, keep, retire) → segment → release → vectors.

A publish writes only what is new: a segment file for the lexical leg first, then, in one transaction, the texts and the
pointer to the new release. Whatever is killed in between, the old release goes on serving. Vectors follow behind.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from hashlib import sha256
from types import MappingProxyType

import numpy as np

from rag.chunking import chunk
from rag.dense import DenseStore
from rag.models import Document, DocumentVersion, Passage, Release, Span
from rag.opened import SOME, OpenRelease
from rag.ports import Embedder, EmbedderError, ReleaseStore, VectorCache, VectorStore, VectorStoreError
from rag.segments import Segment, SegmentError, SegmentStore, embedded_text, make_segment, merge
from rag.versions import version_of

__all__ = ["version_of"]

TARGET = 500
"""Characters a passage aims at: of 350, 500 and 700 it put most answers inside what is shown first (docs/adr/0003)."""

MAX_SEGMENTS = 4
"""Every segment costs a question about a twentieth more."""
MOST_DEAD = 0.25
"""Share of what the segments that stay hold which nobody shows any more: beyond it everything is merged."""

BATCH = 16
"""Passages embedded between two commits: what a kill can cost."""

_NONE: Mapping[str, str] = MappingProxyType({})

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


def make_plan(documents: Mapping[str, str], live: Release | None) -> Plan:
    """Compare {document: version} with what is published."""
    old = live.documents if live else {}
    return Plan(
        add=tuple(sorted(documents.keys() - old.keys())),
        change=tuple(sorted(key for key in documents.keys() & old.keys() if documents[key] != old[key])),
        keep=tuple(sorted(key for key in documents.keys() & old.keys() if documents[key] == old[key])),
        retire=tuple(sorted(old.keys() - documents.keys())),
    )


def publish(
    documents: Sequence[Document],
    places: Indexes,
    now: datetime,
    progress: Progress = silent,
    versions: Mapping[str, str] = _NONE,
) -> Published:
    """Make these documents, and no others, the published corpus. Nothing new to say is no new release.

    `versions` are those that the caller knows already, by document.
    """
    live = places.store.live()
    manifest = {document.id: versions.get(document.id) or version_of(document) for document in documents}
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
    parts = _to_merge(old, set(manifest.values()), places)
    merged = _merged(segment, parts, versions, manifest, places)
    return (*(name for name in old if name not in {*parts, merged}), merged)


def _to_merge(old: Sequence[str], alive: Set[str], places: Indexes) -> tuple[str, ...]:
    """The segments to be made one: the small ones, each larger one while it holds at most twice what they do.

    So a document is written anew as often as the logarithm of the corpus, not at every eighth publish. All of them
    where what would stay as it is holds too much that nobody shows any more.
    """
    held = {name: _versions_in(name, places) for name in old}
    rising = sorted(old, key=lambda name: len(held[name]))
    count, together = 0, 0
    for name in rising:
        if count > 1 and len(held[name]) > 2 * together:
            break
        count, together = count + 1, together + len(held[name])
    staying = [key for name in rising[count:] for key in held[name]]
    dead = sum(key not in alive for key in staying)
    return tuple(old) if dead > MOST_DEAD * len(staying) else tuple(name for name in old if name in rising[:count])


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


def _versions_in(segment: str, places: Indexes) -> tuple[str, ...]:
    """The versions a segment holds; none where it is lost: then it is merged away."""
    try:
        return places.segments.version_ids(segment)
    except SegmentError:
        return ()


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
    """Merge what is alive of these segments into one: the cost of many small publishes, paid once in a while."""
    parts = [segment for segment in (_read(name, places) for name in old) if segment]
    alive, coming = set(manifest.values()), {version.version for version in versions}
    texts = places.store.passages([key for part in parts for key in part.passages.ids])
    theirs = {manifest[name] for name in {text.document for text in texts.values()} if name in manifest}
    stored = places.store.versions(theirs - coming)
    shown = {span.passage for version in (*stored, *versions) if version.version in alive for span in version.spans}
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


def open_release(release: Release, places: Indexes, before: OpenRelease | None = None) -> OpenRelease:
    """Open a release for searching. A segment that is lost or damaged is built again from the stored texts.

    What it has in common with an open one (`before`) is not read again.
    """
    held = {segment.id: segment for segment in before.segments} if before else {}
    segments = [one for one in (held.get(name) or _read(name, places) for name in release.segments) if one]
    opened = OpenRelease(release, segments, places.store, before)
    if opened.missing() or _unindexed_versions(opened, segments):
        segment = _rebuilt(release, places)
        places.store.resegment(release.id, (segment.id,))
        opened = OpenRelease(release, [segment], places.store, before)
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
        opened.take_vectors(partial(places.cache.get, places.embedder.name))


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

    No more than a batch is in memory at a time. Raises `EmbedderError` where the embedder cannot serve, and whatever
    `progress` raises to stop it; what was embedded before stays.
    """
    if places.embedder is None:
        return 0
    attach_vectors(opened, places)
    _forget_strangers(opened, places, places.embedder)
    lacking = opened.lacking()
    cached = places.cache.known(places.embedder.name, lacking)
    wanted = [key for key in lacking if key not in cached]
    for start in range(0, len(wanted), BATCH):
        batch = wanted[start : start + BATCH]
        places.cache.put(places.embedder.name, dict(zip(batch, _embed(opened, batch, places.embedder), strict=True)))
        progress("embedding", min(start + BATCH, len(wanted)), len(wanted))
    return len(wanted)


def _drop_collections(release: Release, places: Indexes) -> None:
    if places.vectors is not None and places.embedder is not None:
        for segment in release.segments:
            places.vectors.drop(collection_of(places.embedder.name, segment))


def _forget_strangers(opened: OpenRelease, places: Indexes, embedder: Embedder) -> None:
    """Drop the vectors that no question could be compared with: a server may have changed its model under the same
    name. What the model of now embedded before it was interrupted stays."""
    strange = places.cache.known(embedder.name, opened.lacking())  # there, and not as wide as the ones that were taken
    if opened.dense is None and not strange:
        return
    asked = np.asarray(embedder.embed_query("政策"), dtype=np.float32)
    if not strange and (opened.dense is None or opened.dense.fits(asked)):
        return
    ids = list(opened.ordinal)
    for start in range(0, len(ids), SOME):
        held = places.cache.get(embedder.name, ids[start : start + SOME])
        places.cache.forget(embedder.name, [key for key, vector in held.items() if len(vector) != len(asked)])
    _drop_collections(opened.release, places)
    opened.give_vectors({})
    attach_vectors(opened, places)


def write_vectors(opened: OpenRelease, places: Indexes) -> None:
    """Give the vector store a collection for each segment it lacks; drop those no release needs. It is a cache."""
    if places.embedder is None or places.vectors is None:
        return
    have = places.vectors.segments()
    wanted = {collection_of(places.embedder.name, name): name for name in opened.release.segments}
    for collection, name in wanted.items():
        shown = [] if collection in have else _shown(name, opened, places)
        if shown and (whole := opened.vectors_of(name)) is not None:
            places.vectors.write(collection, *whole)
            continue
        # What the segment holds and this release hides is written too: a later release may show it again.
        vectors = places.cache.get(places.embedder.name, _held(name, places) if shown else [])
        if shown and vectors.keys() >= set(shown):
            places.vectors.write(collection, list(vectors), np.stack(list(vectors.values())))
    for collection in have - wanted.keys():
        places.vectors.drop(collection)
    if not isinstance(opened.dense, DenseStore):  # nobody searches it
        places.vectors.rest()


def _embed(opened: OpenRelease, ids: Sequence[str], embedder: Embedder) -> list[np.ndarray]:
    texts = [embedded_text(passage) for passage in opened.read(ids)]  # not kept: there may be any number of them
    try:
        return [np.asarray(vector, dtype=np.float32) for vector in embedder.embed_documents(texts)]
    except EmbedderError:
        raise
    except Exception as fault:  # an embedder is foreign code: LangChain's raise whatever their client raises
        raise EmbedderError(f"the embedder failed: {type(fault).__name__}") from fault
