"""Who may use the doors for programs: whoever shows one of API_KEYS; without keys, this machine itself."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

from starlette.requests import Request

from bot.channels.web_chat.limits import neighbourhood
from bot.channels.web_chat.origin import is_loopback_host
from bot.channels.web_chat.refusals import DoorStatus, Refusal

LONGEST_KEY = 500


class ApiKeys:
    """The keys, of which only digests are kept. With none of them, callers on this machine's own address may pass."""

    def __init__(self, keys: Sequence[str] = ()) -> None:
        self._digests = [_digest(key) for key in keys]

    @property
    def needed(self) -> bool:
        return bool(self._digests)

    def caller(self, request: Request) -> str:
        """A name for whoever asks, the same for the same key (or address). Raises Refusal for anybody else."""
        if not self._digests:
            return _neighbour(request)
        kind, _, key = request.headers.get("authorization", "").partition(" ")
        given = _digest(key.strip()[:LONGEST_KEY]) if kind.lower() == "bearer" else b""
        # Every key is compared, and digests of one length: how long it takes tells nothing.
        matches = [hmac.compare_digest(given, known) for known in self._digests]
        if not any(matches):
            raise Refusal(DoorStatus.API_KEY)
        return f"key-{matches.index(True) + 1}"


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()


def _neighbour(request: Request) -> str:
    """A caller on this machine. Behind a proxy everybody would be one, so the name that was asked for counts too."""
    host = request.client.host if request.client else ""
    if not (
        is_loopback_host(f"[{host}]" if ":" in host else host) and is_loopback_host(request.headers.get("host", ""))
    ):
        raise Refusal(DoorStatus.API_KEY)
    return neighbourhood(host)
