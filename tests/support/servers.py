"""Real servers on loopback for contract tests: an OpenAI-compatible embeddings endpoint and `chroma run`."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from rag.adapters.hashed import HashedEmbedder


class EmbeddingServer(ThreadingHTTPServer):
    """Answers POST …/embeddings as OpenAI does. `fail` makes it answer with that status; `seen` holds the bodies.

    `fail_first` so many requests with 500; `width` cuts its vectors; `said` answers with what is no set of vectors.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Embeddings)
        self.fail: int | None = None
        self.fail_first = 0
        self.width: int | None = None
        self.said = ""
        self.seen: list[dict[str, Any]] = []
        self.length = 3.0
        """Vectors are this long: not every server normalises."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"


class _Embeddings(BaseHTTPRequestHandler):
    server: EmbeddingServer

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.seen.append(body)
        if self.server.fail or not self.path.endswith("/embeddings") or not _are_strings(body["input"]):
            self._answer(self.server.fail or 400, {"error": {"message": "refused", "type": "invalid_request_error"}})
            return
        if self.server.fail_first:
            self.server.fail_first -= 1
            self._answer(500, {"error": {"message": "later", "type": "server_error"}})
            return
        texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
        vectors = HashedEmbedder().embed_documents(texts)
        entries = [
            {"object": "embedding", "index": place, "embedding": [self.server.length * x for x in vector]}
            for place, vector in enumerate(each[: self.server.width] for each in vectors)
        ]
        entries = _spoilt(entries, self.server.said)
        usage = {"prompt_tokens": 1, "total_tokens": 1}
        self._answer(200, {"object": "list", "data": entries, "model": body["model"], "usage": usage})

    def _answer(self, status: int, body: dict[str, Any]) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Nothing on standard error."""


def _spoilt(entries: list[dict[str, Any]], how: str) -> list[dict[str, Any]]:
    if how == "ragged":
        return [{**entry, "embedding": entry["embedding"][: 4 + place]} for place, entry in enumerate(entries)]
    if how == "fewer":
        return entries[:-1]
    if how == "words":
        return [{**entry, "embedding": ["a", "b"]} for entry in entries]
    return [] if how == "none" else entries


def _are_strings(given: object) -> bool:
    return isinstance(given, str) or (isinstance(given, list) and all(isinstance(text, str) for text in given))


@contextmanager
def embedding_server() -> Iterator[EmbeddingServer]:
    server = EmbeddingServer()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def chroma_command() -> Path | None:
    """The `chroma` command beside this Python, if Chroma brought one."""
    command = Path(sys.executable).with_name("chroma")
    return command if command.is_file() else None


@contextmanager
def chroma_server(command: Path, folder: Path) -> Iterator[str]:
    """The address of a Chroma server of one's own, stopped at the end. Raises TimeoutError where none comes up."""
    port = free_port()
    arguments = [str(command), "run", "--path", str(folder), "--host", "127.0.0.1", "--port", str(port)]
    with (folder.parent / "chroma.log").open("wb") as log:
        server = subprocess.Popen(arguments, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        try:
            address = f"http://127.0.0.1:{port}"
            wait_for(f"{address}/api/v2/heartbeat", server)
            yield address
        finally:
            server.terminate()
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def free_port() -> int:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port: int = bound.getsockname()[1]
        return port


def wait_for(url: str, process: subprocess.Popen[Any], seconds: float = 60) -> None:
    """Until the address answers at all. Raises TimeoutError, at once where the process ended."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                answer.read()
            return
        except urllib.error.HTTPError:
            return  # a refusal is an answer
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            pass
        time.sleep(0.05)  # between two tries only: nothing else says that the port is open
    raise TimeoutError(f"{url} did not answer")
