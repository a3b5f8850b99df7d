"""How much one visitor may ask of the web door, and the sliding window that counts it."""

from __future__ import annotations

import ipaddress
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

WINDOW = 60.0
FULL_CACHE = 10_000


@dataclass(frozen=True, slots=True)
class Limits:
    """Bytes of a body and seconds to send it, questions a minute, and questions in flight at once.

    `drain_*`: how much of a refused body is still taken in (and thrown away) so that the client reads the refusal.
    `file_bytes` is one file, `originals_bytes` all that staff bring into the corpus at once, `form_bytes` what may
    stand around it. `saves_*` count forms, which save themselves while they are written; `lookups_per_minute` counts an
    address, `wrong_codes` one 受理编号, which then rests.
    `sheets_per_minute`: pages of originals and their pictures, for an address.
    """

    body_bytes: int = 64 * 1024
    body_seconds: float = 15.0
    drain_bytes: int = 32 * 1024 * 1024
    drain_seconds: float = 5.0
    session_per_minute: int = 15
    address_per_minute: int = 60
    in_flight: int = 200
    threads: int = 64
    waiting_per_account: int = 2
    heartbeat_seconds: float = 15.0
    file_bytes: int = 10 * 1024 * 1024
    originals_bytes: int = 10 * 20_000_000
    form_bytes: int = 256 * 1024
    upload_seconds: float = 180.0
    uploads_at_once: int = 32
    uploads_per_address: int = 4
    saves_per_minute: int = 60
    address_saves_per_minute: int = 300
    lookups_per_minute: int = 10
    sheets_per_minute: int = 120
    wrong_codes: int = 5
    locked_seconds: float = 15 * 60.0


class Rate:
    """At most `limit` calls a minute for each key, counted in a sliding window of a monotonic clock."""

    def __init__(self, limit: int, clock: Callable[[], float]) -> None:
        self._limit = limit
        self._clock = clock
        self._calls: dict[str, deque[float]] = {}

    def wait(self, key: str) -> float:
        """Count a call. 0.0 when it may go on, else the seconds until it may (and it is not counted)."""
        now = self._clock()
        calls = self._calls.setdefault(key, deque())
        self._forget(calls, now)
        if len(calls) >= self._limit:
            return max(calls[0] + WINDOW - now, 1.0) if calls else WINDOW
        calls.append(now)
        if len(self._calls) > FULL_CACHE:
            self._sweep(now)
        return 0.0

    @staticmethod
    def _forget(calls: deque[float], now: float) -> None:
        while calls and calls[0] <= now - WINDOW:
            calls.popleft()

    def _sweep(self, now: float) -> None:
        for key in list(self._calls):
            self._forget(self._calls[key], now)
            if not self._calls[key]:
                del self._calls[key]


def neighbourhood(host: str) -> str:
    """What counts as one address: an IPv4 address, or the /64 that one IPv6 customer holds."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)
