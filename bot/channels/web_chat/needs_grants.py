"""Who may look at a case by its 查询码, for how long, and how many wrong tries one 受理编号 bears. Kept in memory only.

A restart forgets both: the code is then asked for again, and the counting begins anew.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

GRANT_SECONDS = 30 * 60.0
FULL = 10_000


class Grants:
    """Sessions that gave a case's code. The browser holds nothing but its session cookie."""

    def __init__(self, clock: Callable[[], float], seconds: float = GRANT_SECONDS) -> None:
        self._clock = clock
        self._seconds = seconds
        self._until: dict[tuple[str, str], float] = {}

    def give(self, account: str, reference: str) -> None:
        now = self._clock()
        if len(self._until) >= FULL:
            self._until = {key: until for key, until in self._until.items() if until > now}
        self._until[(account, reference)] = now + self._seconds

    def holds(self, account: str | None, reference: str) -> bool:
        return account is not None and self._until.get((account, reference), 0.0) > self._clock()


@dataclass(slots=True)
class _Tries:
    wrong: list[float] = field(default_factory=list)
    locked_until: float = 0.0


class Locks:
    """After `most` wrong codes within `seconds`, a number rests for `seconds`. It need not be a number that exists."""

    def __init__(self, most: int, seconds: float, clock: Callable[[], float]) -> None:
        self._most = most
        self._seconds = seconds
        self._clock = clock
        self._tries: dict[str, _Tries] = {}

    def locked(self, number: str) -> float:
        """Seconds until it may be tried again; 0.0 when it may be now."""
        tries = self._tries.get(number)
        return max(0.0, tries.locked_until - self._clock()) if tries else 0.0

    def wrong(self, number: str) -> None:
        now = self._clock()
        if len(self._tries) >= FULL:
            self._sweep(now)
        tries = self._tries.setdefault(number, _Tries())
        tries.wrong = [at for at in tries.wrong if at > now - self._seconds] + [now]
        if len(tries.wrong) >= self._most:
            tries.locked_until, tries.wrong = now + self._seconds, []

    def right(self, number: str) -> None:
        self._tries.pop(number, None)

    def _sweep(self, now: float) -> None:
        """Forget what has run out; where that is not enough, what was tried longest ago and is not locked."""
        since = now - self._seconds
        self._tries = {
            number: tries
            for number, tries in self._tries.items()
            if tries.locked_until > now or any(at > since for at in tries.wrong)
        }
        for number in [n for n, tries in self._tries.items() if tries.locked_until <= now][: FULL // 10]:
            del self._tries[number]
