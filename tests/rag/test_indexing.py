"""Publishing: what is planned, what is written and embedded, and what a reader sees at its next question."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import numpy as np
import pytest

from rag.indexing import (
    BATCH,
    MAX_SEGMENTS,
    Plan,
    Published,
    fill_vectors,
    make_plan,
    open_release,
    publish,
    publish_one,
    release_id,
    version_of,
    write_vectors,
)
from rag.lexical import terms_of
from rag.models import Document, Release
from rag.ports import EmbedderError
from rag.reader import Reader
from rag.retrieval import Search, search
from tests.support.policies import changed, gazelle, hitech, laoshan, loan_gone, plain, policies, recarded
from tests.support.shelves import NOW, BrokenEmbedder, CountingEmbedder, MemorySegments, memory_places


def a_release(**documents: str) -> Release:
    return Release("r", 1, NOW, documents, ())


def found(reader: Reader, words: str) -> list[str]:
    """The documents that hold these words, best first."""
    shelf = reader.shelf()
    assert shelf is not None
    hits = search(shelf.opened, Search(dict.fromkeys(terms_of(words).tolist(), 1.0)))
    return list(dict.fromkeys(hit.passage.document for hit in hits))


def texts(reader: Reader) -> str:
    shelf = reader.shelf()
    assert shelf is not None
    return "".join(p.text for version in shelf.opened.documents for p in shelf.opened.passages_of(version.document.id))


def test_a_first_plan_adds_everything() -> None:
    assert make_plan({"a": "1", "b": "1"}, None) == Plan(add=("a", "b"))


def test_a_plan_tells_what_is_added_changed_kept_and_retired() -> None:
    plan = make_plan({"a": "1", "b": "2", "d": "1"}, a_release(a="1", b="1", c="1"))
    assert plan == Plan(add=("d",), change=("b",), keep=("a",), retire=("c",))
    assert not plan.empty
    assert make_plan({"a": "1"}, a_release(a="1")).empty


def test_the_same_manifest_is_the_same_release_whatever_its_order() -> None:
    assert release_id({"a": "1", "b": "2"}) == release_id({"b": "2", "a": "1"})
    assert release_id({"a": "1"}) != release_id({"a": "2"})


def test_a_version_follows_from_text_and_card() -> None:
    document = hitech()
    versions = {
        version_of(document),
        version_of(changed(document, "10万元", "20万元")),
        version_of(recarded(document, notes="资金以预算为限。")),
        version_of(dataclasses.replace(document, title="别的题名")),
    }
    assert len(versions) == 4
    assert version_of(hitech()) == version_of(document)


def test_an_unchanged_corpus_is_the_same_release_and_nothing_is_written() -> None:
    embedder = CountingEmbedder()
    places = memory_places(embedder)
    first = publish(policies(), places, NOW)
    fill_vectors(open_release(first.release, places), places)
    embedder.embedded.clear()
    segments = places.segments
    assert isinstance(segments, MemorySegments)
    segments.written.clear()
    second = publish(policies()[::-1], places, NOW + timedelta(days=1))
    assert second == Published(first.release, Plan(keep=tuple(sorted(d.id for d in policies()))), 0, 0)
    assert fill_vectors(open_release(second.release, places), places) == 0
    assert embedder.embedded == []
    assert segments.written == []


def test_only_new_passages_are_written_and_embedded() -> None:
    embedder = CountingEmbedder()
    places = memory_places(embedder)
    opened = open_release(publish(policies(), places, NOW).release, places)
    assert fill_vectors(opened, places) == len(embedder.embedded) == len(opened.ordinal)
    embedder.embedded.clear()
    reworded = [changed(d, "10万元", "20万元") if d.id == "qd-hitech-2025" else d for d in policies()]
    done = publish(reworded, places, NOW)
    assert (done.plan.change, done.plan.add, done.plan.retire) == (("qd-hitech-2025",), (), ())
    assert done.written == 1
    assert fill_vectors(open_release(done.release, places), places) == 1
    assert len(embedder.embedded) == 1
    assert "20万元" in embedder.embedded[0]


def test_a_change_of_the_card_alone_embeds_nothing_and_is_seen() -> None:
    embedder = CountingEmbedder()
    places = memory_places(embedder)
    reader = Reader(places)
    fill_vectors(open_release(publish([hitech()], places, NOW).release, places), places)
    embedder.embedded.clear()
    done = publish([recarded(hitech(), notes="资金以预算为限。")], places, NOW)
    assert (done.plan.change, done.written) == (("qd-hitech-2025",), 0)
    assert fill_vectors(open_release(done.release, places), places) == 0
    assert embedder.embedded == []
    shelf = reader.shelf()
    assert shelf is not None
    policy = shelf.catalogue.policy("qd-hitech-2025")
    assert policy is not None
    assert policy.notes == "资金以预算为限。"


def test_a_retired_document_is_not_found_and_not_counted() -> None:
    places = memory_places()
    reader = Reader(places)
    publish(policies(), places, NOW)
    assert found(reader, "瞪羚企业")[0] == "sd-gazelle-2024"
    done = publish([document for document in policies() if document.id != "sd-gazelle-2024"], places, NOW)
    assert done.plan.retire == ("sd-gazelle-2024",)
    assert "sd-gazelle-2024" not in found(reader, "瞪羚企业")
    shelf = reader.shelf()
    assert shelf is not None
    assert shelf.opened.lexical.size == len(shelf.opened.ordinal) < len(shelf.opened.ids)


def test_the_index_after_many_publishes_is_that_of_one() -> None:
    stepwise, at_once = memory_places(), memory_places()
    for count in range(1, len(policies()) + 1):
        publish(policies()[:count], stepwise, NOW)
    publish(policies(), at_once, NOW)
    for words in ("创业补贴", "高新技术企业奖励", "贷款贴息"):
        query = Search(dict.fromkeys(terms_of(words).tolist(), 1.0))
        many, one = (
            {hit.passage.id: hit.score for hit in search(Reader(places).shelf().opened, query)}  # type: ignore[union-attr]  # published above
            for places in (stepwise, at_once)
        )
        assert many == pytest.approx(one)


def test_an_earlier_corpus_published_again_comes_back_as_the_newest_release() -> None:
    embedder = CountingEmbedder()
    places = memory_places(embedder)
    reader = Reader(places)
    first = publish([hitech()], places, NOW).release
    fill_vectors(open_release(first, places), places)
    publish([changed(hitech(), "10万元", "20万元")], places, NOW)
    assert "20万元" in texts(reader)
    embedder.embedded.clear()
    back = publish([hitech()], places, NOW)
    assert back.release.id == first.id
    assert back.written == 0
    live = places.store.live()
    assert live is not None
    assert (live.id, live.number) == (first.id, 3)
    assert "10万元" in texts(reader)
    assert fill_vectors(open_release(live, places), places) == 0


def test_many_publishes_are_merged_and_nothing_is_lost() -> None:
    places = memory_places()
    reader = Reader(places)
    for amount in range(1, 3 * MAX_SEGMENTS):
        publish([gazelle(), changed(hitech(), "10万元", f"{amount}9万元")], places, NOW)
        live = places.store.live()
        assert live is not None
        assert len(live.segments) <= MAX_SEGMENTS
        assert f"{amount}9万元" in texts(reader)
        assert found(reader, "瞪羚企业")[0] == "sd-gazelle-2024"
    shelf = reader.shelf()
    assert shelf is not None
    assert len(shelf.opened.ids) < 3 * MAX_SEGMENTS  # the dead were left behind when segments were merged


def test_segments_that_no_release_needs_are_forgotten() -> None:
    places = memory_places()
    for amount in range(1, 4 * MAX_SEGMENTS):
        publish([changed(hitech(), "10万元", f"{amount}9万元")], places, NOW)
    live = places.store.live()
    assert live is not None
    assert set(live.segments) <= places.segments.ids()
    assert len(places.segments.ids()) <= 2 * MAX_SEGMENTS


def test_one_document_can_be_published_alone() -> None:
    places = memory_places()
    reader = Reader(places)
    publish([hitech(), gazelle()], places, NOW)
    added = publish_one(laoshan(), places, NOW)
    assert added.plan == Plan(add=("ls-compute-2025",))
    assert found(reader, "智能算力")[0] == "ls-compute-2025"
    again = publish_one(laoshan(), places, NOW)
    assert again.release == added.release
    assert again.plan == Plan(keep=("ls-compute-2025",))
    reworded = publish_one(changed(laoshan(), "30%", "35%"), places, NOW)
    assert reworded.plan == Plan(change=("ls-compute-2025",))
    assert "35%" in texts(reader)
    assert {"qd-hitech-2025", "sd-gazelle-2024"} <= reworded.release.documents.keys()


def test_publishing_alone_and_with_the_rest_is_the_same_release() -> None:
    alone, together = memory_places(), memory_places()
    publish([hitech()], alone, NOW)
    one = publish_one(plain(), alone, NOW)
    assert one.release.id == publish([plain(), hitech()], together, NOW).release.id


def test_documents_that_share_a_passage_text_keep_their_own() -> None:
    places = memory_places()
    twin = dataclasses.replace(plain(), id="lidar-note-2")
    publish([plain(), twin], places, NOW)
    assert set(found(Reader(places), "激光雷达")) == {"lidar-note", "lidar-note-2"}


def test_a_document_without_words_is_published_and_found_by_nothing() -> None:
    places = memory_places(CountingEmbedder())
    done = publish([Document("empty", "空", "  \n"), gazelle()], places, NOW)
    opened = open_release(done.release, places)
    fill_vectors(opened, places)
    assert opened.passages_of("empty") == []
    assert found(Reader(places), "空") == []


def test_a_corpus_may_become_empty() -> None:
    places = memory_places()
    reader = Reader(places)
    publish([hitech()], places, NOW)
    assert publish([], places, NOW).plan.retire == ("qd-hitech-2025",)
    assert found(reader, "高新技术企业") == []


def test_a_lost_segment_is_built_again_and_serves_on() -> None:
    places = memory_places()
    release = publish(policies(), places, NOW).release
    for name in release.segments:
        places.segments.drop(name)
    assert found(Reader(places), "瞪羚企业")[0] == "sd-gazelle-2024"
    live = places.store.live()
    assert live is not None
    assert (live.id, live.number) == (release.id, release.number)
    assert set(live.segments) <= places.segments.ids()


def test_mending_an_older_release_does_not_bring_it_back() -> None:
    places = memory_places()
    old = publish([hitech()], places, NOW).release
    new = publish([hitech(), gazelle()], places, NOW).release
    for name in old.segments:
        places.segments.drop(name)
    assert len(open_release(old, places).documents) == 1
    assert places.store.live() == new


def test_a_publish_over_a_lost_segment_serves_everything() -> None:
    places = memory_places()
    for name in publish([hitech(), loan_gone()], places, NOW).release.segments:
        places.segments.drop(name)
    publish([hitech(), loan_gone(), gazelle()], places, NOW)
    reader = Reader(places)
    assert found(reader, "贷款贴息")[0] == "qd-loan-2020"
    assert found(reader, "瞪羚企业")[0] == "sd-gazelle-2024"


def test_embedding_goes_on_where_it_was_stopped() -> None:
    broken = BrokenEmbedder(good=1)
    places = memory_places(broken)
    opened = open_release(publish(policies(), places, NOW).release, places)
    with pytest.raises(EmbedderError):
        fill_vectors(opened, places)
    assert len(places.cache.get("counting", list(opened.ordinal))) == BATCH
    mended = CountingEmbedder()
    again = dataclasses.replace(places, embedder=mended)
    assert fill_vectors(opened, again) == len(opened.ordinal) - BATCH == len(mended.embedded)
    assert not set(broken.embedded) & set(mended.embedded)


def test_what_an_embedder_raises_is_the_ports_error() -> None:
    class Raising(CountingEmbedder):
        def embed_documents(self, texts: list[str]) -> list[list[float]]:
            raise TimeoutError("no answer")

    places = memory_places(Raising())
    opened = open_release(publish([hitech()], places, NOW).release, places)
    with pytest.raises(EmbedderError, match="TimeoutError"):
        fill_vectors(opened, places)


def test_progress_is_told_to_the_end() -> None:
    told: list[tuple[str, int, int]] = []
    places = memory_places(CountingEmbedder())
    done = publish(policies(), places, NOW, lambda *step: told.append(step))
    fill_vectors(open_release(done.release, places), places, lambda *step: told.append(step))
    assert told[len(policies()) - 1] == ("chunking", len(policies()), len(policies()))
    assert told[-1] == ("embedding", done.passages, done.passages)
    assert all(0 < done_ <= of for _, done_, of in told)


def test_an_index_of_another_embedder_is_embedded_anew() -> None:
    first, second = CountingEmbedder("one"), CountingEmbedder("two")
    places = memory_places(first)
    release = publish(policies(), places, NOW).release
    fill_vectors(open_release(release, places), places)
    moved = dataclasses.replace(places, embedder=second)
    opened = open_release(release, moved)
    assert opened.dense is None
    assert fill_vectors(opened, moved) == len(first.embedded) == len(second.embedded)
    assert open_release(release, moved).vectors_share == 1.0


def test_each_segment_gets_a_collection_and_unneeded_ones_are_dropped() -> None:
    places = memory_places(CountingEmbedder())
    assert places.vectors is not None
    for amount in range(1, 2 * MAX_SEGMENTS):
        publish([gazelle(), changed(hitech(), "10万元", f"{amount}9万元")], places, NOW)
        live = places.store.live()
        assert live is not None
        opened = open_release(live, places)
        fill_vectors(opened, places)
        write_vectors(opened, places)
        assert places.vectors.segments() <= {f"counting-{name}" for name in live.segments}
    vector = np.asarray(CountingEmbedder().embed_query("瞪羚企业奖励"), dtype=np.float32)
    (best, _), *_ = places.vectors.search(sorted(places.vectors.segments()), vector, 3)
    assert opened.passages([best])[0].document == "sd-gazelle-2024"


def test_without_an_embedder_nothing_is_embedded_or_stored() -> None:
    places = memory_places()
    opened = open_release(publish([hitech()], places, NOW).release, places)
    assert fill_vectors(opened, places) == 0
    write_vectors(opened, places)
    assert opened.vectors_share == 0.0
