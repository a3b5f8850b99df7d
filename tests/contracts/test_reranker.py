"""What every Reranker must do: the one in memory, and one served over HTTP; and what of a server is not believed."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from rag.adapters.memory import MemoryReranker
from rag.adapters.served_reranker import LONGEST_TEXT, ServedReranker
from rag.ports import Reranker, RerankerError
from tests.support.rerank_server import RerankServer, ranked, rerank_server

ASKED = "硕士住房补贴"
TEXTS = ["红烧肉要炖两个小时", "硕士研究生住房补贴每月800元", "高新技术企业认定奖励", ""]


@pytest.fixture(scope="module")
def running() -> Iterator[RerankServer]:
    with rerank_server() as server:
        yield server


@pytest.fixture
def server(running: RerankServer) -> RerankServer:
    running.said, running.fail = None, None
    running.seen.clear()
    running.keys.clear()
    return running


@pytest.fixture(params=["memory", "served"])
def reranker(request: pytest.FixtureRequest) -> Reranker:
    if request.param == "memory":
        return MemoryReranker()
    return ServedReranker("m", request.getfixturevalue("server").url, "key-1")


def test_a_score_stands_for_each_text_in_their_order(reranker: Reranker) -> None:
    scores = reranker.scores(ASKED, TEXTS, 5)
    assert len(scores) == len(TEXTS)
    assert max(range(len(TEXTS)), key=scores.__getitem__) == 1


def test_no_texts_are_no_scores(reranker: Reranker) -> None:
    assert reranker.scores(ASKED, [], 5) == []


def test_the_same_question_is_judged_the_same_from_several_threads(reranker: Reranker) -> None:
    alone = reranker.scores(ASKED, TEXTS, 5)
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda _: reranker.scores(ASKED, TEXTS, 5), range(8)))
    assert together == [alone] * 8


def test_it_has_a_name(reranker: Reranker) -> None:
    assert reranker.name


def test_what_is_sent_is_the_common_shape(server: RerankServer) -> None:
    ServedReranker("bge-reranker-v2-m3", server.url, "key-1").scores(ASKED, ["长" * 5000, "短"], 5)
    (body,) = server.seen
    assert body == {
        "model": "bge-reranker-v2-m3",
        "query": ASKED,
        "documents": ["长" * LONGEST_TEXT, "短"],
        "top_n": 2,
    }
    assert server.keys == ["Bearer key-1"]


@pytest.mark.parametrize("ending", ["", "/", "/rerank", "/reranks", "/rerank/"])
def test_the_address_may_name_the_door_itself(server: RerankServer, ending: str) -> None:
    assert len(ServedReranker("m", f"{server.url}{ending}", "").scores(ASKED, TEXTS, 5)) == len(TEXTS)
    assert server.paths[-1] == ("/v1/reranks" if ending == "/reranks" else "/v1/rerank")


RUBBISH: dict[str, Any] = {
    "short": ranked([0.1, 0.2, 0.3]),
    "long": ranked([0.1, 0.2, 0.3, 0.4, 0.5]),
    "twice the same": {"results": [{"index": 0, "relevance_score": 0.5}] * 4},
    "out of range": {"results": [{"index": place + 1, "relevance_score": 0.5} for place in range(4)]},
    "negative": {"results": [{"index": place - 4, "relevance_score": 0.5} for place in range(4)]},
    "no number": {"results": [{"index": place, "relevance_score": "high"} for place in range(4)]},
    "truth values": {"results": [{"index": place, "relevance_score": True} for place in range(4)]},
    "not finite": b'{"results": [' + b",".join(b'{"index": %d, "relevance_score": NaN}' % n for n in range(4)) + b"]}",
    "no results": {"data": []},
    "a list": [0.1, 0.2, 0.3, 0.4],
    "not JSON": b"<html>502</html>",
    "nothing": b"",
    "deep": b"[" * 100_000,
    "a megabyte": b'{"results": "' + b"x" * 1_000_000 + b'"}',
}


@pytest.mark.parametrize("what", RUBBISH)
def test_rubbish_is_the_ports_error(server: RerankServer, what: str) -> None:
    server.said = RUBBISH[what]
    with pytest.raises(RerankerError) as refused:
        ServedReranker("m", server.url, "key-1").scores(ASKED, TEXTS, 5)
    assert refused.value.fault in {"broken", "too_long"}


@pytest.mark.parametrize(
    ("status", "fault"),
    [(401, "denied"), (404, "unsupported"), (429, "limited"), (500, "server"), (307, "unsupported")],
)
def test_a_server_that_refuses_is_the_ports_error(server: RerankServer, status: int, fault: str) -> None:
    server.fail = status
    with pytest.raises(RerankerError) as refused:
        ServedReranker("m", server.url, "secret-key").scores(ASKED, TEXTS, 5)
    assert refused.value.fault == fault
    assert "secret-key" not in str(refused.value)
    assert ASKED not in str(refused.value)
    assert len(server.seen) == 1


def test_a_server_that_hangs_is_left_in_time() -> None:
    with rerank_server() as hanging:
        hanging.hang = True
        with pytest.raises(RerankerError) as refused:
            ServedReranker("m", hanging.url, "").scores(ASKED, TEXTS, 0.2)
    assert refused.value.fault == "timeout"


def test_a_server_that_is_not_there_is_the_ports_error() -> None:
    with rerank_server() as gone:
        url = gone.url
    with pytest.raises(RerankerError) as refused:
        ServedReranker("m", url, "").scores(ASKED, TEXTS, 5)
    assert refused.value.fault == "unreachable"
