"""What the language model and the reranker did, and what the model cost, for /metrics."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from bot.language_model import yuan
from bot.settings import Settings
from rag.model_answers.guarded import GuardedModel
from rag.reranking import Reranking


class ModelMetrics(Collector):
    """Read at each scrape: calls by outcome, tokens, yuan by the configured prices, whether it is left alone."""

    def __init__(self, model: GuardedModel, settings: Settings) -> None:
        self._model = model
        self._settings = settings

    def collect(self) -> Iterator[Metric]:
        spent = self._model.spent
        calls = CounterMetricFamily("kc_llm_calls", "Calls of the language model by outcome", labels=["outcome"])
        for outcome, count in sorted(self._model.outcomes.items()):
            calls.add_metric([outcome], count)
        yield calls
        tokens = CounterMetricFamily("kc_llm_tokens", "Tokens sent to and got from it", labels=["direction"])
        tokens.add_metric(["in"], spent.tokens_in)
        tokens.add_metric(["out"], spent.tokens_out)
        yield tokens
        cost = yuan(spent, self._settings)
        yield CounterMetricFamily("kc_llm_yuan", "What that cost, by LLM_YUAN_IN and LLM_YUAN_OUT", cost)
        yield GaugeMetricFamily("kc_llm_resting", "1 while it is left alone after failures", int(self._model.resting))


class RerankMetrics(Collector):
    def __init__(self, reranking: Reranking) -> None:
        self._reranking = reranking

    def collect(self) -> Iterator[Metric]:
        asked = CounterMetricFamily("kc_rerank_calls", "Questions put to the reranker by outcome", labels=["outcome"])
        for outcome, count in sorted(self._reranking.outcomes.items()):
            asked.add_metric([outcome], count)
        yield asked


def registry_of(
    model: GuardedModel | None, settings: Settings, reranking: Reranking | None = None
) -> CollectorRegistry:
    """A registry for the web door, with the figures of the model and of the reranker where there are such."""
    registry = CollectorRegistry()
    if reranking is not None:
        registry.register(RerankMetrics(reranking))
    if model is not None:
        registry.register(ModelMetrics(model, settings))
    return registry
