"""A real OpenAI-compatible chat server on loopback: it supports what it is told to, answers by script, and can fail.

`reply(body)` gives the text of each answer, or a Fault. Whatever was asked stands in `seen`.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

Fault = Literal["hang", "429", "500", "empty", "cut", "refusal", "401", "trickle", "redirect", "no choices"]
Support = Literal["json_schema", "function_calling", "json_mode"]
ALL: tuple[Support, ...] = ("json_schema", "function_calling", "json_mode")


@dataclass(frozen=True)
class Failing:
    """What the server does instead of answering."""

    how: Fault


Said = str | dict[str, Any] | Failing
Script = Callable[[dict[str, Any]], Said]


def silent(_body: dict[str, Any]) -> Said:
    return {}


class ModelServer(ThreadingHTTPServer):
    """`supports` are the ways of structured output that it honours; what it does not know it ignores, or refuses with
    400 where `strict`. `released` ends every hang."""

    daemon_threads = True

    def __init__(self, reply: Script, supports: Sequence[Support] = ALL, *, strict: bool = False) -> None:
        super().__init__(("127.0.0.1", 0), _Chat)
        self.reply = reply
        self.supports = supports
        self.strict = strict
        self.seen: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.paths: list[str] = []
        self.released = threading.Event()
        self.down: Failing | None = None
        """What it does to everything, probes too."""

        self.elsewhere = ""
        """Where a redirect leads to."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"

    @property
    def asked(self) -> list[dict[str, Any]]:
        """The calls that were no probe of what the server supports."""
        return [body for body in self.seen if "说一种颜色" not in str(body["messages"])]


def way_of(body: dict[str, Any]) -> Support | None:
    kind = body.get("response_format", {}).get("type")
    if body.get("tools"):
        return "function_calling"
    return {"json_schema": "json_schema", "json_object": "json_mode"}.get(kind)


def given(body: dict[str, Any]) -> str:
    """What the model was given to work on, beside our own words."""
    return str(body["messages"][-1]["content"])


def system(body: dict[str, Any]) -> str:
    return str(body["messages"][0]["content"])


class _Chat(BaseHTTPRequestHandler):
    server: ModelServer

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.seen.append(body)
        self.server.paths.append(self.path)
        self.server.keys.append(self.headers.get("Authorization", ""))
        way = way_of(body)
        if self.server.strict and way and way not in self.server.supports:
            self._send(400, {"error": {"message": f"{way} is not supported", "type": "invalid_request_error"}})
            return
        said = self.server.down or self._said(body, way)
        if isinstance(said, Failing):
            self._fail(said.how)
        else:
            self._send(200, _completion(body, said if isinstance(said, str) else json.dumps(said), self._honours(way)))

    def _honours(self, way: Support | None) -> Support | None:
        return way if way in self.server.supports else None

    def _said(self, body: dict[str, Any], way: Support | None) -> Said:
        if "说一种颜色" not in str(body["messages"]):
            return self.server.reply(body)
        # A probe: the colour of the schema, where the schema reached the "model" by a way that this server honours.
        if self._honours(way):
            return {"colour": "靛青"}
        if "JSON Schema" in system(body):
            return "好的：赭石"
        return "红色"

    def _fail(self, how: Fault) -> None:
        if how == "hang":
            self.server.released.wait(60)
        elif how == "trickle":
            self._trickle()
        elif how == "redirect":
            self.send_response(307)
            self.send_header("Location", self.server.elsewhere)
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif how in {"429", "500", "401"}:
            self._send(int(how), {"error": {"message": "the server is unwell", "type": "server_error"}})
        elif how == "empty":
            self._send(200, _completion({}, "", None))
        elif how == "refusal":
            self._send(200, _completion({}, "抱歉，我无法回答这个问题。", None))
        elif how == "no choices":
            self._send(200, {"id": "x", "object": "chat.completion", "created": 1, "model": "m", "choices": []})
        else:  # cut
            whole = json.dumps(_completion({}, "政策" * 500, None)).encode()
            self._head(len(whole))
            self.wfile.write(whole[: len(whole) // 2])
            self.close_connection = True

    def _trickle(self) -> None:
        self._head(1_000_000)
        while not self.server.released.wait(0.02):
            try:
                self.wfile.write(b" ")
                self.wfile.flush()
            except OSError:
                return

    def _head(self, length: int) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(length))
        self.end_headers()

    def _send(self, status: int, body: dict[str, Any]) -> None:
        data = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Nothing on standard error."""


def _completion(body: dict[str, Any], text: str, way: Support | None) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": text}
    if way == "function_calling":
        name = body["tools"][0]["function"]["name"]
        call = {"id": "c1", "type": "function", "function": {"name": name, "arguments": text}}
        message = {"role": "assistant", "content": None, "tool_calls": [call]}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": body.get("model", "m"),
        "choices": [
            {"index": 0, "message": message, "finish_reason": "tool_calls" if "tool_calls" in message else "stop"}
        ],
        "usage": {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120},
    }


@contextmanager
def model_server(
    reply: Script = silent, supports: Sequence[Support] = ALL, *, strict: bool = False
) -> Iterator[ModelServer]:
    server = ModelServer(reply, supports, strict=strict)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.released.set()
        server.shutdown()
        server.server_close()
        thread.join()
