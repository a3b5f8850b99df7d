"""The language model as the settings have it: its adapter, its budget, who may use it. Wired by bot/bootstrap.py."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date

from bot.clock import Clock
from bot.settings import Settings
from bot.spending import FileSpendBook
from rag.adapters.probed_model import ProbedChatModel
from rag.model_answers.guarded import Caps, GuardedModel, Spending

MILLION = 1_000_000


def probed_model(settings: Settings) -> ProbedChatModel:
    """The configured model, not yet asked anything."""
    return ProbedChatModel(
        settings.llm_model,
        provider=settings.llm_provider,
        base_url=settings.llm_base_url,
        api_key=settings.llm_api_key.get_secret_value(),
        file=settings.data_dir / "llm_server.json",
    )


def guarded_model(settings: Settings, clock: Clock) -> GuardedModel | None:
    """The configured model with its budget; None where none is configured."""
    if not settings.llm:
        return None
    book = FileSpendBook(settings.data_dir / "llm_spent.json", clock.today)
    caps = Caps(settings.llm_seconds, settings.llm_at_once, lambda spent: _is_days_worth(spent, settings))
    return GuardedModel(probed_model(settings), book, caps)


def yuan(spent: Spending, settings: Settings) -> float:
    """What that costs by the configured prices."""
    return (spent.tokens_in * settings.llm_yuan_in + spent.tokens_out * settings.llm_yuan_out) / MILLION


def _is_days_worth(spent: Spending, settings: Settings) -> bool:
    tokens, money = settings.llm_tokens_day, settings.llm_yuan_day
    return bool((tokens and spent.tokens >= tokens) or (money and yuan(spent, settings) >= money))


class Admission:
    """Who may use the model for a question: so many a day and person, one at a time in a chat. Thread-safe.

    Counts are of this process and start anew with it: the daily stop for all (bot/spending.py) does not.
    """

    def __init__(self, per_day: int, today: Callable[[], date]) -> None:
        self._per_day = per_day
        self._today = today
        self._lock = threading.Lock()
        self._day = today()
        self._used: Counter[str] = Counter()
        self._busy: set[str] = set()

    @contextmanager
    def one(self, account: str) -> Iterator[bool]:
        """Whether this question may use the model; its chat holds the place until the end."""
        admitted = self._take(account)
        try:
            yield admitted
        finally:
            if admitted:
                with self._lock:
                    self._busy.discard(account)

    def _take(self, account: str) -> bool:
        with self._lock:
            if self._day != self._today():
                self._day = self._today()
                self._used.clear()
            if account in self._busy or self._used[account] >= self._per_day:
                return False
            self._busy.add(account)
            self._used[account] += 1
            return True
