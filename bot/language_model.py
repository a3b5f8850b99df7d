"""The language model as the settings have it: its adapter, what it may cost. Wired by bot/bootstrap.py."""

from __future__ import annotations

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


def guarded_model(settings: Settings, clock: Clock) -> GuardedModel:
    """The configured model with its budget."""
    book = FileSpendBook(settings.data_dir / "llm_spent.json", clock.today)
    caps = Caps(settings.llm_seconds, settings.llm_at_once, lambda spent: _is_days_worth(spent, settings))
    return GuardedModel(probed_model(settings), book, caps)


def yuan(spent: Spending, settings: Settings) -> float:
    """What that costs by the configured prices."""
    return (spent.tokens_in * settings.llm_yuan_in + spent.tokens_out * settings.llm_yuan_out) / MILLION


def _is_days_worth(spent: Spending, settings: Settings) -> bool:
    tokens, money = settings.llm_tokens_day, settings.llm_yuan_day
    return bool((tokens and spent.tokens >= tokens) or (money and yuan(spent, settings) >= money))
