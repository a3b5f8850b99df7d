"""The only way to a language model: masked prompts, few at once, a fuse, a meter and a daily stop."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, TypeVar

from rag.model_answers.breaker import Breaker
from rag.model_answers.masking import masked
from rag.ports import LanguageModel, ModelError, Prompt

T = TypeVar("T")
_log = logging.getLogger(__name__)

QUEUE_SECONDS = 2.0
"""How long a question waits for its turn at the model before it is answered without."""

PASSING = frozenset({"limited", "server", "unreachable", "cut", "empty"})
"""Faults that asking again may mend. A time-out is none: there would be no time left."""


@dataclass(frozen=True, slots=True)
class Spending:
    """What was used of the model: tokens in and out."""

    tokens_in: int = 0
    tokens_out: int = 0

    @property
    def tokens(self) -> int:
        return self.tokens_in + self.tokens_out

    def plus(self, tokens_in: int, tokens_out: int) -> Spending:
        return Spending(self.tokens_in + tokens_in, self.tokens_out + tokens_out)


class SpendBook(Protocol):
    """What was spent today, over all processes; it outlives a restart, or the daily stop would not be one."""

    def today(self) -> Spending: ...

    def add(self, tokens_in: int, tokens_out: int) -> None: ...


@dataclass(frozen=True, slots=True)
class Caps:
    """`stops` says whether that spending is a day's worth. `seconds` is for all calls of one question together."""

    seconds: float = 25.0
    at_once: int = 4
    stops: Callable[[Spending], bool] = field(default=lambda _spent: False)


@dataclass(slots=True)
class Allowance:
    """What one question may still ask of the model: so many calls, until `deadline` (monotonic)."""

    calls: int
    deadline: float


class GuardedModel:
    """`spent` and `outcomes` (by fault, or "ok") are counted since the start, for /metrics."""

    def __init__(
        self,
        model: LanguageModel,
        book: SpendBook,
        caps: Caps | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = model.name
        self._model = model
        self._book = book
        self._caps = caps or Caps()
        self._now = now
        self._breaker = Breaker(now)
        self._gate = threading.BoundedSemaphore(self._caps.at_once)
        self._counting = threading.Lock()
        self.spent = Spending()
        self.outcomes: Counter[str] = Counter()

    @property
    def resting(self) -> bool:
        return self._breaker.open

    def warm(self) -> None:
        """Let it find out how its server is asked before the first question does; a fault is told and no more."""
        try:
            self._model.warm(4 * self._caps.seconds)  # nobody waits: a slow server has its time
        except ModelError as fault:
            _log.warning("the language model cannot be used now: %s", fault)

    def allowance(self, calls: int) -> Allowance:
        return Allowance(calls, self._now() + self._caps.seconds)

    def ask(self, prompt: Prompt, allowance: Allowance, read: Callable[[Mapping[str, Any]], T]) -> T:
        """What `read` makes of one reply; it raises ValueError for one that is of no use, which counts as a failure.

        Tried once more where a fault may pass and the allowance has calls left. Raises ModelError.
        """
        prompt = replace(prompt, given=masked(prompt.given))
        try:
            return self._once(prompt, allowance, read)
        except ModelError as fault:
            if fault.fault not in PASSING or allowance.calls < 1:
                raise
            return self._once(prompt, allowance, read)

    def _once(self, prompt: Prompt, allowance: Allowance, read: Callable[[Mapping[str, Any]], T]) -> T:
        try:
            found = self._admitted(prompt, allowance, read)
        except ModelError as fault:
            _log.warning("the language model did not answer: %s", fault)
            self._count(fault.fault)
            raise
        self._count("ok")
        return found

    def _admitted(self, prompt: Prompt, allowance: Allowance, read: Callable[[Mapping[str, Any]], T]) -> T:
        if self._caps.stops(self._book.today()):
            raise ModelError("spent")
        if allowance.calls < 1 or not self._gate.acquire(timeout=QUEUE_SECONDS):
            raise ModelError("busy")
        try:
            if not self._breaker.admits():
                raise ModelError("resting")
            allowance.calls -= 1
            return self._asked(prompt, allowance.deadline - self._now(), read)
        finally:
            self._gate.release()

    def _asked(self, prompt: Prompt, seconds: float, read: Callable[[Mapping[str, Any]], T]) -> T:
        if seconds <= 0:
            raise ModelError("timeout")
        # What a failed call is charged is unknown: its prompt is counted, a token a character.
        spent = Spending(len(prompt.system) + len(prompt.given))
        try:
            reply = self._model.ask(prompt, seconds)
            spent = Spending(reply.tokens_in, reply.tokens_out)
            found = read(reply.content)
        except ModelError:
            self._breaker.failed()
            raise
        except ValueError as fault:
            self._breaker.failed()
            raise ModelError("broken", "not in the shape asked for") from fault
        finally:
            self._spend(spent.tokens_in, spent.tokens_out)
        self._breaker.succeeded()
        return found

    def _spend(self, tokens_in: int, tokens_out: int) -> None:
        self._book.add(tokens_in, tokens_out)
        with self._counting:
            self.spent = self.spent.plus(tokens_in, tokens_out)

    def _count(self, outcome: str) -> None:
        with self._counting:
            self.outcomes[outcome] += 1


class UnkeptBook:
    """A SpendBook in memory, of one process and no day: for tests and one-off commands."""

    def __init__(self) -> None:
        self._spent = Spending()

    def today(self) -> Spending:
        return self._spent

    def add(self, tokens_in: int, tokens_out: int) -> None:
        self._spent = self._spent.plus(tokens_in, tokens_out)
