"""An open release: what belongs to which document, what is alive, and scores by passage and by document."""

from __future__ import annotations

import numpy as np

from rag.adapters.hashed import HashedEmbedder
from rag.indexing import open_release, publish
from rag.lexical import terms_of
from rag.models import Document
from rag.opened import OpenRelease
from rag.segments import embedded_text
from tests.support.policies import changed, gazelle, hitech, loan_gone, plain, policies
from tests.support.shelves import NOW, memory_places


def opened_after(*corpora: list[Document]) -> OpenRelease:
    places = memory_places()
    for corpus in corpora:
        release = publish(corpus, places, NOW).release
    return open_release(release, places)


def test_every_passage_belongs_to_its_document() -> None:
    opened = opened_after(policies())
    for key, place in opened.ordinal.items():
        (passage,) = opened.passages([key])
        assert opened.documents[opened.owners[place]].document.id == passage.document


def test_passages_of_a_document_come_in_reading_order() -> None:
    opened = opened_after(policies())
    numbers = [passage.provision for passage in opened.passages_of("qd-hitech-2025")]
    assert numbers == [0, 1, 2, 3, 4]


def test_only_live_passages_of_the_asked_documents_are_allowed() -> None:
    opened = opened_after([hitech(), gazelle()], [changed(hitech(), "10万元", "20万元"), gazelle()])
    everything = opened.allowed(None)
    assert everything.sum() == len(opened.ordinal)
    assert len(everything) == len(opened.ids) > len(opened.ordinal)
    only = np.array([version.document.id == "sd-gazelle-2024" for version in opened.documents])
    assert {opened.passages([opened.ids[p]])[0].document for p in np.flatnonzero(opened.allowed(only))} == {
        "sd-gazelle-2024"
    }
    assert not opened.allowed(np.zeros(len(opened.documents), dtype=bool)).any()


def test_documents_are_scored_as_wholes_by_their_words() -> None:
    opened = opened_after([hitech(), loan_gone(), plain()])
    scores = opened.whole_scores(dict.fromkeys(terms_of("激光雷达标定").tolist(), 1.0))
    assert opened.documents[int(scores.argmax())].document.id == "lidar-note"
    assert len(scores) == 3


def test_of_a_changed_document_only_the_new_version_is_scored() -> None:
    once = opened_after([changed(hitech(), "10万元", "20万元"), gazelle()])
    twice = opened_after([hitech(), gazelle()], [changed(hitech(), "10万元", "20万元"), gazelle()])
    query = dict.fromkeys(terms_of("高新技术企业").tolist(), 1.0)
    by_id = [
        {v.document.id: float(s) for v, s in zip(o.documents, o.whole_scores(query), strict=True)}
        for o in (once, twice)
    ]
    assert by_id[0] == by_id[1]


def test_the_share_of_vectors_counts_live_passages() -> None:
    opened = opened_after([hitech(), gazelle()])
    assert opened.vectors_share == 0.0
    embedder = HashedEmbedder()
    some = opened.passages_of("sd-gazelle-2024")
    opened.give_vectors({p.id: np.asarray(embedder.embed_query(embedded_text(p)), dtype=np.float32) for p in some})
    assert opened.vectors_share == len(some) / len(opened.ordinal)
    opened.give_vectors({})
    assert opened.dense is None


def test_nothing_is_missing_from_a_whole_release() -> None:
    opened = opened_after(policies())
    assert opened.missing() == set()
    places = memory_places()
    release = publish(policies(), places, NOW).release
    assert len(OpenRelease(release, [], places.store).missing()) == len(opened.ordinal)


def test_a_passage_that_two_segments_hold_counts_once() -> None:
    places = memory_places()
    release = publish([hitech(), gazelle()], places, NOW).release
    (segment,) = [places.segments.read(name) for name in release.segments]
    once, twice = (OpenRelease(release, held, places.store) for held in ([segment], [segment, segment]))
    query = dict.fromkeys(terms_of("高新技术企业").tolist(), 1.0)
    assert twice.lexical.size == once.lexical.size == len(once.ids)
    assert len(twice.ids) == 2 * len(once.ids)
    assert twice.allowed(None).sum() == len(once.ids)
    assert twice.lexical.matched(query) == once.lexical.matched(query)
    assert twice.whole_scores(query).tolist() == once.whole_scores(query).tolist()
