"""A real reranking server on loopback in the common shape: it judges as told, answers rubbish, and can fail."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from rag.adapters.memory import MemoryReranker

Judge = Callable[[str, list[str]], list[float]]


def by_pairs(question: str, documents: list[str]) -> list[float]:
    return MemoryReranker().scores(question, documents, 1.0)


class RerankServer(ThreadingHTTPServer):
    """`said` replaces the whole answer; `fail` is a status; `hang` holds every answer back until the end."""

    daemon_threads = True

    def __init__(self, judge: Judge) -> None:
        super().__init__(("127.0.0.1", 0), _Rerank)
        self.judge = judge
        self.said: Any = None
        self.fail: int | None = None
        self.hang = False
        self.released = threading.Event()
        self.seen: list[dict[str, Any]] = []
        self.paths: list[str] = []
        self.keys: list[str] = []

    def handle_error(self, *_: object) -> None:
        """A client that left in the middle of an answer is what some tests are about."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"


class _Rerank(BaseHTTPRequestHandler):
    server: RerankServer

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.seen.append(body)
        self.server.paths.append(self.path)
        self.server.keys.append(self.headers.get("Authorization", ""))
        if self.server.hang:
            self.server.released.wait(60)
        if self.server.fail or not self.path.endswith(("/rerank", "/reranks")):
            self._send(self.server.fail or 404, {"error": {"message": body["query"]}})
        elif self.server.said is not None:
            self._send(200, self.server.said)
        else:
            self._send(200, ranked(self.server.judge(body["query"], body["documents"])))

    def _send(self, status: int, body: Any) -> None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Nothing on standard error."""


def ranked(scores: list[float]) -> dict[str, Any]:
    """As servers answer: the best first."""
    order = sorted(range(len(scores)), key=lambda place: -scores[place])
    return {"model": "m", "results": [{"index": place, "relevance_score": scores[place]} for place in order]}


@contextmanager
def rerank_server(judge: Judge = by_pairs) -> Iterator[RerankServer]:
    server = RerankServer(judge)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.released.set()
        server.shutdown()
        server.server_close()
        thread.join()
