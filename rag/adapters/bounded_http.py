"""An HTTP client for one server: no redirects elsewhere, an answer's size and its whole time are bounded.

The time-outs of HTTP clients are between two bytes: a server that trickles would never meet one.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextvars import ContextVar
from urllib.parse import urlsplit

import httpx

MOST_BYTES = 400_000
"""Of an answer's body: our longest reply is some 10,000 characters, and an envelope around it."""

LONGEST_WAIT = 25.0
"""Seconds, where nobody set a deadline."""

deadline: ContextVar[float] = ContextVar("deadline")
"""time.monotonic() at which the call in hand must be over."""


class ElsewhereError(httpx.TransportError):
    """A request for another address than the configured one: refused before anything is sent."""


class TooLongError(httpx.TransportError):
    """The answer is longer than any that could be used."""


class _Bounded(httpx.SyncByteStream):
    def __init__(self, stream: httpx.SyncByteStream, most: int) -> None:
        self._stream = stream
        self._most = most

    def __iter__(self) -> Iterator[bytes]:
        size = 0
        for chunk in self._stream:
            size += len(chunk)
            if size > self._most:
                raise TooLongError(f"more than {self._most} bytes")
            if time.monotonic() > deadline.get(float("inf")):
                raise httpx.ReadTimeout("the answer took too long in all")
            yield chunk

    def close(self) -> None:
        self._stream.close()


class BoundedTransport(httpx.BaseTransport):
    """Passes requests for `base_url`'s own scheme, host and port on, and bounds their answers."""

    def __init__(self, base_url: str, inner: httpx.BaseTransport | None = None, most: int = MOST_BYTES) -> None:
        self._home = _origin(base_url)
        self._most = most
        self._inner = inner or httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if _origin(str(request.url)) != self._home:
            raise ElsewhereError("not the configured address")
        left = deadline.get(time.monotonic() + LONGEST_WAIT) - time.monotonic()
        if left <= 0:
            raise httpx.ConnectTimeout("no time left to ask")
        request.extensions["timeout"] = dict.fromkeys(("connect", "read", "write", "pool"), left)
        answer = self._inner.handle_request(request)
        if not isinstance(answer.stream, httpx.SyncByteStream):  # a synchronous transport gives no other
            raise TypeError(type(answer.stream).__name__)
        answer.stream = _Bounded(answer.stream, self._most)
        return answer

    def close(self) -> None:
        self._inner.close()


def bounded_client(base_url: str, most: int = MOST_BYTES) -> httpx.Client:
    """The client. It heeds no proxy of the environment and follows no redirect: what is sent goes to that address.

    `most`: bytes of an answer's body.
    """
    return httpx.Client(transport=BoundedTransport(base_url, most=most), follow_redirects=False, trust_env=False)


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)
